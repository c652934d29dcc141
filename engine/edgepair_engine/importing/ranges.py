"""Which ranges a subnet keeps, and which failover group it comes into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from edgepair_engine.importing.failover_peer import Peer
from edgepair_engine.importing.loss import Losses
from edgepair_engine.importing.refusal import ImportRefused
from edgepair_engine.importing.scopes import Range, Scope, ScopeKind
from edgepair_engine.importing.statements import Statement

RANGES_MAX = 16  # of one subnet of ours
Chain = tuple[Scope, ...]
Span = tuple[int, int]  # first and last address


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A subnet that is carried: the scope that declares it, its ranges, and whom it is shared with.

    `chains`: for each kind of range the scopes that say what its clients are told, innermost first.
    """

    scope: Scope
    statement: Statement
    prefix: IPv4Network
    peer: Peer | None
    chains: tuple[Chain, ...]
    spans: tuple[Span, ...]

    @property
    def link(self) -> Scope:
        """Return what stands for its LAN: the shared network it is in, else itself."""
        return self.scope.within(ScopeKind.SHARED_NETWORK) or self.scope


def networks_of(scopes: Sequence[Scope], losses: Losses) -> tuple[Network, ...]:
    """Return the subnets that can be carried, in the order of the file.

    Raises:
        ImportRefused: a subnet has more ranges than one of ours can have.
    """
    found: list[Network] = []
    ranges = [each for scope in scopes for each in scope.ranges]
    for scope in (each for each in scopes if each.network is not None):
        network = _network(scope, ranges, losses)
        if network is None:
            continue
        if any(network.prefix.overlaps(other.prefix) for other in found):
            why = "it overlaps a subnet before it, and no address can be in two"
            losses.add(network.statement, why, "declare subnets that lie apart")
            continue
        found.append(network)
    return tuple(found)


def _network(scope: Scope, ranges: Iterable[Range], losses: Losses) -> Network | None:
    statement, prefix = scope.statement, scope.network
    assert statement is not None, scope
    assert prefix is not None, scope
    lowest, highest = int(prefix.network_address), int(prefix.broadcast_address)
    here = [each for each in ranges if lowest <= each.first <= highest and _is_of(each, scope)]
    if not here:
        why = "it has no range, and a subnet without addresses to lease cannot be configured"
        losses.add(statement, why, "leave it out, or give it a range")
        return None
    peer, kept = _with_one_peer(here, losses)
    if len(kept) > RANGES_MAX:
        raise ImportRefused(statement.place, f"{len(kept)} ranges", f"expected at most {RANGES_MAX}: join some")
    around = scope.chain()
    chains = dict.fromkeys((*(each for each in found.scope.chain() if each not in around), *around) for found in kept)
    spans = tuple(sorted((each.first, each.last) for each in kept))
    return Network(scope, statement, prefix, peer, tuple(chains), spans)


def _is_of(found: Range, scope: Scope) -> bool:
    """Return whether a range is this subnet's: it stands in it, or in a pool of the shared network around it."""
    own = found.scope.within(ScopeKind.SUBNET)
    if own is not None:
        return own is scope
    return found.scope.within(ScopeKind.SHARED_NETWORK) is scope.within(ScopeKind.SHARED_NETWORK)


def _with_one_peer(ranges: Sequence[Range], losses: Losses) -> tuple[Peer | None, list[Range]]:
    """Return the failover peer of a subnet and its ranges; a subnet of ours is shared as a whole or not at all."""
    peers = [_peer_of(each) for each in ranges]
    chosen = next((peer for peer in peers if peer is not None), None)
    for found, peer in zip(ranges, peers, strict=True):
        if peer is not chosen:
            with_whom = "without failover" if peer is None else f'with peer "{peer.name}"'
            assert chosen is not None, "only beside ranges with a peer"
            losses.add(
                found.statement,
                f'it is {with_whom} in a subnet shared with "{chosen.name}": its addresses and leases are left out',
                "move these addresses to a subnet of their own before, or give both servers the same peer for them",
            )
    return chosen, [found for found, peer in zip(ranges, peers, strict=True) if peer is chosen]


def _peer_of(found: Range) -> Peer | None:
    return found.scope.peer if found.scope.kind is ScopeKind.POOL else None


def without(spans: Sequence[Span], address: int) -> tuple[Span, ...]:
    """Return ranges with one address taken out."""
    split: list[Span] = []
    for first, last in spans:
        if not first <= address <= last:
            split.append((first, last))
            continue
        split += [(low, high) for low, high in ((first, address - 1), (address + 1, last)) if low <= high]
    return tuple(split)
