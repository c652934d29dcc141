"""What each server knows its partner to know of every address, taken from nothing but what the two say."""

from __future__ import annotations

from collections import defaultdict

from edgepair_contract.value import value
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.leases.lease import ClientKey, Lease, client_key
from edgepair_engine.wire.failover import BndAck, BndUpd, FailoverMessage


@value
class Knowledge:
    """What the two agree on of an address: its client, its end, and until when that client may come to hold it."""

    client_id: bytes | None
    hardware: bytes | None
    ends_at: int
    until_at: int

    @property
    def client(self) -> ClientKey | None:
        """Return what names the client."""
        return client_key(self.client_id, self.hardware)

    def is_of(self, lease: Lease) -> bool:
        """Return whether it is about the client of this lease: the same identifier, or without one the same machine.

        A machine that booted by network has no identifier until its own system runs.
        """
        if self.client_id is not None:
            return self.client_id == lease.client_id
        return self.hardware is not None and self.hardware == lease.hardware


class Acknowledged:
    """The updates that were accepted, by the server that may rest on them.

    Both may: who told it, since the partner holds it, and who accepted it, since the partner counts on it.
    """

    def __init__(self) -> None:
        self._told: defaultdict[tuple[str, int], dict[int, BndUpd]] = defaultdict(dict)  # by teller and address, by xid
        self._known: dict[tuple[str, int], Knowledge] = {}

    def of(self, server: str, address: int) -> Knowledge | None:
        """Return what this server and its partner agree on of an address."""
        return self._known.get((server, address))

    def stored(self, server: str, lease: Lease) -> None:
        """Hear what the partner of a server has stored of an address: it counts on that, whatever was said since."""
        ends_at = lease.ends_at if lease.state is BindingState.ACTIVE else 0
        until_at = max(lease.ends_at, lease.tstp, lease.tsfp)
        self._known[server, lease.address] = Knowledge(lease.client_id, lease.hardware, ends_at, until_at)

    def until_at(self, server: str, partner: str, lease: Lease) -> int:
        """Return until when this server may take it that its partner counts on this lease; 0: it knows nothing of it.

        A word of the partner counts as soon as it is stored: its acknowledgement may be lost with the link.
        """
        known = [self._known.get((server, lease.address))]
        known += [_knowledge(told) for told in self._told[partner, lease.address].values()]
        return max((each.until_at for each in known if each is not None and each.is_of(lease)), default=0)

    def hear(self, speaker: str, partner: str, message: FailoverMessage) -> BndUpd | None:
        """Take in what one says to the other; return the update that it accepts now."""
        match message:
            case BndUpd(address=int() as address):
                self._told[speaker, address][message.xid] = message
            case BndAck(address=int() as address):
                update = self._told[partner, address].pop(message.xid, None)
                if update is not None and message.reject is None:
                    knowledge = _knowledge(update)
                    self._known[speaker, address] = self._known[partner, address] = knowledge
                    return update
            case _:
                pass
        return None


def _knowledge(update: BndUpd) -> Knowledge:
    # A lease learned from the partner is told again with an old potential expiry (Q9); its end is known all the same.
    ends_at = (update.lease_expires_at or 0) if update.state is BindingState.ACTIVE else 0
    return Knowledge(update.client_id, update.hardware, ends_at, max(ends_at, update.potential_expires_at or 0))
