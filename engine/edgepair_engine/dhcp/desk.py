"""All that a decision about one packet may look at."""

from __future__ import annotations

from edgepair_contract.value import value
from edgepair_engine.dhcp.client import Client
from edgepair_engine.dhcp.offers import Offers
from edgepair_engine.dhcp.relay import Arrival
from edgepair_engine.dhcp.rights import Rights
from edgepair_engine.dhcp.scopes import Scope
from edgepair_engine.dhcp.shelf import Shelf
from edgepair_engine.leases.lease import ClientKey, Lease
from edgepair_engine.leases.table import LeaseTable
from edgepair_engine.wire.dhcp4 import Dhcp4Packet


@value
class Ask:
    """A client's packet, where it came in, and who sent it."""

    packet: Dhcp4Packet
    arrival: Arrival
    client: Client
    key: ClientKey  # the client's


@value(kw_only=True)
class Desk:
    """The subnet that a packet belongs to, what this server may do there, and what it knows.

    `server_ids`: every address that this server calls itself by.
    """

    scope: Scope
    rights: Rights
    leases: LeaseTable
    offers: Offers
    shelf: Shelf
    server_ids: frozenset[int]

    def lease(self, address: int) -> Lease | None:
        """Return the binding of an address; None when no range of this subnet holds it."""
        return self.leases.get(address) if address in self.scope.pool else None
