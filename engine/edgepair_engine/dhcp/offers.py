"""Addresses that were offered and not taken yet: in memory only, for two minutes each."""

from __future__ import annotations

from collections import OrderedDict

from edgepair_contract.clock import Now
from edgepair_contract.value import value
from edgepair_engine.leases.lease import ClientKey

OFFER_HELD_S = 120.0  # dhcpd's time; clients take an offer within seconds
OFFERS_MAX = 50_000  # about 10 MiB; beyond it the oldest offer is forgotten, and its address may be offered again


@value
class _Pending:
    client: ClientKey
    until_s: float


class Offers:
    """Who was offered which address."""

    def __init__(self) -> None:
        self._by_address: OrderedDict[int, _Pending] = OrderedDict()  # oldest first
        self._by_client: dict[ClientKey, int] = {}

    def hold(self, address: int, client: ClientKey, now: Now) -> None:
        """Keep this address for this client from now on; what it was offered before is let go."""
        self.let_go(client)
        self._drop(address)
        self._by_address[address] = _Pending(client, now.mono_s + OFFER_HELD_S)
        self._by_client[client] = address
        while len(self._by_address) > OFFERS_MAX or self._oldest_until_s() <= now.mono_s:
            self._drop(next(iter(self._by_address)))

    def let_go(self, client: ClientKey) -> None:
        """Forget what this client was offered."""
        address = self._by_client.get(client)
        if address is not None:
            self._drop(address)

    def of_client(self, client: ClientKey, now: Now) -> int | None:
        """Return the address that this client was offered; None when there is none, or its time is over."""
        address = self._by_client.get(client)
        if address is None or self._by_address[address].until_s <= now.mono_s:
            return None
        return address

    def is_open_to(self, address: int, client: ClientKey, now: Now) -> bool:
        """Return whether no other client was offered this address."""
        pending = self._by_address.get(address)
        return pending is None or pending.client == client or pending.until_s <= now.mono_s

    def is_held(self, address: int, now: Now) -> bool:
        """Return whether some client may still take this address."""
        pending = self._by_address.get(address)
        return pending is not None and pending.until_s > now.mono_s

    def __len__(self) -> int:
        return len(self._by_address)

    def _oldest_until_s(self) -> float:
        return next(iter(self._by_address.values())).until_s

    def _drop(self, address: int) -> None:
        pending = self._by_address.pop(address, None)
        if pending is not None:
            del self._by_client[pending.client]
