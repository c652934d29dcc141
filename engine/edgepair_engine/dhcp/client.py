"""Who a client is: by its identifier if it has one, otherwise by its hardware address."""

from __future__ import annotations

from edgepair_contract.value import value
from edgepair_engine.leases.lease import ClientKey, Lease, client_key, names_somebody
from edgepair_engine.wire.dhcp4 import Dhcp4Packet

HOSTNAME_LENGTH_MAX = 255  # what one option holds; longer ones are cut


@value
class Client:
    """A client as its packets name it. `hardware` is the ARP hardware type byte and the address."""

    client_id: bytes | None  # data of DHCP option 61, type byte included
    hardware: bytes
    hostname: str = ""

    @property
    def key(self) -> ClientKey | None:
        """Return what tells clients apart; None when the packet does not say who sent it."""
        return client_key(self.client_id, self.hardware)

    @property
    def hash_key(self) -> bytes:
        """Return what load balancing hashes (RFC 3074): the identifier, or the hardware address without its type."""
        return self.hardware[1:] if self.client_id is None else self.client_id

    def had(self, lease: Lease) -> bool:
        """Return whether this client is the lease's latest one.

        A binding made without identifier belongs to its hardware address, whatever the client sends now: a machine
        that booted by network has no identifier until its own system runs.
        """
        if lease.client_id is not None:
            return lease.client_id == self.client_id
        return names_somebody(lease.hardware) and lease.hardware == self.hardware

    @property
    def shortened(self) -> str:
        """Return enough to recognise the client in a log, and no more: identifiers are personal data."""
        return "…" + self.hash_key[-3:].hex()


def client_of(packet: Dhcp4Packet) -> Client:
    """Return the client that sent this packet."""
    raw = packet.hostname or b""
    hostname = raw[:HOSTNAME_LENGTH_MAX].rstrip(b"\0").decode("ascii", errors="replace")
    return Client(packet.client_id, packet.hardware, hostname if hostname.isprintable() else "")
