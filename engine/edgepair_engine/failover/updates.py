"""Binding updates on their way to the partner: what waits, what is sent and not yet acknowledged, who waits for all.

The queue holds addresses, not messages: an address that changes ten times while it waits is told once, as it is when
its turn comes. At most the partner's `max-unacked-bndupd` are under way; without that number nothing is sent.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping

from edgepair_contract.clock import Now
from edgepair_contract.value import value
from edgepair_engine.failover.bindings import known_until
from edgepair_engine.leases.lease import Lease
from edgepair_engine.wire.failover import BndUpd


@value
class UpdateRequest:
    """The partner's UPDREQ or UPDREQALL that must be answered by UPDDONE with this xid."""

    xid: int


class Updates:
    """The queue, the window and the one open request. Both are bounded by the number of addresses in the pools."""

    def __init__(self) -> None:
        # Ordered; an address is at most once in it. A plain dictionary finds its first entry by passing over all that
        # stood there before: a hundred thousand bindings told one by one would take minutes.
        self._queue: OrderedDict[int, None] = OrderedDict()
        self._unacked: dict[int, int] = {}  # address -> xid, in the order sent
        self._request: UpdateRequest | None = None
        self._owed: set[int] = set()  # what must be acknowledged before the request is done
        self._refused: dict[int, None] = {}  # waits for the next change of a state, in the order refused
        self._retried: set[int] = set()

    @property
    def waiting(self) -> int:
        """Return how many addresses wait to be sent."""
        return len(self._queue)

    @property
    def unacked(self) -> int:
        """Return how many updates are under way."""
        return len(self._unacked)

    def is_outstanding(self, address: int) -> bool:
        """Return whether an update for this address is sent and not acknowledged."""
        return address in self._unacked

    def add(self, address: int) -> None:
        """Queue an address at the tail. An update of it under way is withdrawn: its ack will count for nothing."""
        self._unacked.pop(address, None)
        self._queue[address] = None

    def add_missing(self, addresses: Iterable[int]) -> None:
        """Queue the addresses that are not queued or under way already."""
        for address in addresses:
            if address not in self._unacked:
                self._queue.setdefault(address, None)

    def next(self, window: int) -> int | None:
        """Take the address whose turn it is; None when nothing waits or the window is full."""
        if len(self._unacked) >= window or not self._queue:
            return None
        return self._queue.popitem(last=False)[0]

    def sent(self, address: int, xid: int) -> None:
        """Hear that an update left with this xid."""
        assert xid != 0  # for dhcpd 0 means that no update is under way
        self._unacked[address] = xid

    def forget(self, address: int) -> None:
        """Give an address up: it is acknowledged, refused, lost in a duel, or in no pool any more."""
        self._unacked.pop(address, None)
        self._queue.pop(address, None)
        self._refused.pop(address, None)
        self._owed.discard(address)

    def refused(self, address: int, *, retry: bool) -> None:
        """Hear that the partner does not accept an update. It is told once more after the next change of a state (I15).

        At once the answer would be the same; and dhcpd, which never tells it again, leaves the two apart for long.
        """
        self.forget(address)
        if retry:
            self._refused[address] = None

    def take_refused(self) -> list[int]:
        """Return what is to be told once more now that a state has changed."""
        return self._take_again([address for address in self._refused if address not in self._retried])

    def take_all_refused(self) -> list[int]:
        """Return what is to be told once more, however often it was refused: time alone can make a refusal void."""
        return self._take_again(list(self._refused))

    def _take_again(self, addresses: list[int]) -> list[int]:
        self._retried.update(addresses)
        for address in addresses:
            del self._refused[address]
        return addresses

    def accepted(self, address: int) -> None:
        """Hear that the partner holds the binding as we told it."""
        self.forget(address)
        self._retried.discard(address)

    def matches(self, address: int, xid: int) -> bool:
        """Return whether this is the xid of the update under way for this address."""
        return self._unacked.get(address) == xid

    def requeue(self) -> None:
        """Put what is under way back to the head of the queue: its acks can no longer come."""
        self._queue = OrderedDict.fromkeys((*self._unacked, *self._queue))
        self._unacked = {}

    def ask(self, xid: int) -> None:
        """Take a request: it is done when all that is now queued or under way is acknowledged. Replaces an earlier."""
        self._request = UpdateRequest(xid)
        self._owed = {*self._queue, *self._unacked}

    def drop_request(self) -> None:
        """Forget the partner's request: its connection is gone, and it will ask again."""
        self._request = None
        self._owed = set()

    def take_done(self) -> UpdateRequest | None:
        """Return the request if it is done now, once."""
        if self._request is None or self._owed:
            return None
        done, self._request = self._request, None
        return done

    def sizes(self) -> Mapping[str, int]:
        """Return how many addresses there are of each kind."""
        return {
            "updates_waiting": len(self._queue),
            "updates_unacked": len(self._unacked),
            "updates_owed": len(self._owed),
            "updates_refused": len(self._refused),
            "updates_retried": len(self._retried),
        }

    def __iter__(self) -> Iterator[int]:
        return iter((*self._unacked, *self._queue))


def bnd_upd_of(lease: Lease, xid: int, now: Now) -> BndUpd:
    """Return the message that tells a lease."""
    return BndUpd(
        time=now.wall_s,
        xid=xid,
        address=lease.address,
        state=lease.state,
        client_id=lease.client_id,
        hardware=lease.hardware,
        lease_expires_at=lease.ends_at,
        potential_expires_at=known_until(lease),
        stos=lease.starts_at,
        cltt=lease.cltt or None,
        ip_flags=lease.flags,
    )
