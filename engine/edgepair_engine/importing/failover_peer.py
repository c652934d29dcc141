"""A `failover peer` block with the limits of dhcpd (protocol reference 7.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from edgepair_contract.config import FAILOVER_PORT
from edgepair_contract.vocabulary import Role
from edgepair_engine.failover.hashing import BUCKETS, HBA_LENGTH, split_of_hba
from edgepair_engine.importing.loss import Losses
from edgepair_engine.importing.refusal import ImportRefused
from edgepair_engine.importing.statements import Statement
from edgepair_engine.importing.words import Words

MCLT_DEFAULT_S = 3600  # of a secondary whose primary tells it at the first CONNECT
MCLT_MAX_S = 86400
RESPONSE_DELAY_DEFAULT_S = 20
NAME_MAX = 63
_LIMITS = {
    "max-response-delay": (3, 3600),
    "max-unacked-updates": (1, 65535),
    "load balance max seconds": (0, 65535),
    "max-lease-misbalance": (0, 100),
    "max-lease-ownership": (0, 100),
}


@dataclass(slots=True, eq=False)
class Peer:
    """One relationship as dhcpd's configuration tells it; 0 counts as not set where dhcpd has it so."""

    name: str
    statement: Statement
    role: Role = Role.PRIMARY
    address: IPv4Address | None = None
    port: int = FAILOVER_PORT
    partner_address: str = ""
    partner_port: int = FAILOVER_PORT
    mclt_s: int | None = None
    hba: bytes | None = None
    max_response_delay_s: int = 0
    max_unacked_updates: int = 0
    load_balance_max_s: int = 0
    auto_partner_down_s: int = 0
    max_lease_misbalance_percent: int = 0
    max_lease_ownership_percent: int = 0
    min_balance_s: int = 0
    max_balance_s: int = 0


def parse_peer(name: str, statement: Statement, block: tuple[Statement, ...], losses: Losses) -> Peer:
    """Return the relationship that a block describes.

    Raises:
        ImportRefused: dhcpd would not start with it, or a value has no place here.
    """
    peer = Peer(name, statement)
    for each in block:
        read = _STATEMENTS.get(each.keyword)
        if read is None:
            raise ImportRefused(each.place, each.tokens[0].shown, "expected a statement of a failover peer")
        read(peer, each, losses)
    _whole(peer)
    return peer


def group_fields(peer: Peer, losses: Losses, *, told_mclt_s: int) -> dict[str, Any]:
    """Return a group's fields but for its subnets. `told_mclt_s`: what the primary told this secondary, 0 if unknown.

    Raises:
        ImportRefused: its name or MCLT can be no group's.
    """
    if not 1 <= len(peer.name) <= NAME_MAX or any(ord(mark) < 32 or mark in '"\x7f' for mark in peer.name):
        raise _refuse(peer, f"expected a name of 1 to {NAME_MAX} printable characters: both servers need the same one")
    mclt_s = peer.mclt_s or told_mclt_s or MCLT_DEFAULT_S
    if not 1 <= mclt_s <= MCLT_MAX_S:
        raise _refuse(peer, f"expected an mclt of 1 to {MCLT_MAX_S} seconds")
    assert peer.address is not None, peer
    return {
        "name": peer.name,
        "role": peer.role,
        "my_address": peer.address,
        "my_port": peer.port,
        "partner_address": peer.partner_address,
        "partner_port": peer.partner_port,
        "mclt_s": mclt_s,
        "split": _split(peer, losses),
        "max_response_delay_s": _within(
            "max-response-delay", peer.max_response_delay_s or RESPONSE_DELAY_DEFAULT_S, peer, losses
        ),
        "max_unacked_updates": _within("max-unacked-updates", peer.max_unacked_updates or 100, peer, losses),
        "load_balance_max_s": _within("load balance max seconds", peer.load_balance_max_s, peer, losses),
        "max_lease_misbalance_percent": _within(
            "max-lease-misbalance", peer.max_lease_misbalance_percent or 15, peer, losses
        ),
        "max_lease_ownership_percent": _within(
            "max-lease-ownership", peer.max_lease_ownership_percent or 10, peer, losses
        ),
        "min_balance_s": peer.min_balance_s or 60,
        "max_balance_s": peer.max_balance_s or 3600,
        "auto_partner_down_s": peer.auto_partner_down_s,
    }


def _whole(peer: Peer) -> None:
    if not peer.partner_address:
        raise _refuse(peer, "expected a peer address")
    if peer.address is None:
        raise _refuse(peer, "expected an address: without it dhcpd stops at its start")
    if peer.role is Role.SECONDARY:
        if peer.hba is not None:
            raise _refuse(peer, "expected no split or hba on a secondary: its primary tells it")
        return
    if not peer.mclt_s:
        raise _refuse(peer, "expected mclt on a primary")
    if peer.hba is None:
        raise _refuse(peer, "expected split or hba on a primary")


def _refuse(peer: Peer, expected: str) -> ImportRefused:
    return ImportRefused(peer.statement.place, peer.statement.text, expected)


# statements


def _primary(peer: Peer, statement: Statement, _losses: Losses) -> None:
    Words(statement).done()
    peer.role = Role.PRIMARY


def _secondary(peer: Peer, statement: Statement, _losses: Losses) -> None:
    Words(statement).done()
    peer.role = Role.SECONDARY


def _address(peer: Peer, statement: Statement, _losses: Losses) -> None:
    words = Words(statement)
    address = words.address_or_name()
    if isinstance(address, str):
        words.back()
        words.refuse("an IPv4 address: names are not looked up")
    words.done()
    peer.address = address


def _port(peer: Peer, statement: Statement, _losses: Losses) -> None:
    peer.port = _port_number(Words(statement))


def _of_partner(peer: Peer, statement: Statement, losses: Losses) -> None:
    words = Words(statement)
    if words.has_word("address"):
        peer.partner_address = str(words.address_or_name())
        words.done()
    elif words.has_word("port"):
        peer.partner_port = _port_number(words)
    elif len(statement.tokens) > 2 and statement.tokens[1].word in _STATEMENTS:
        losses.add(statement, "the partner tells this itself when it connects", "leave it out")
    else:
        words.refuse("address or port")


def _port_number(words: Words) -> int:
    port = words.number(16)
    if port == 0:
        words.back()
        words.refuse("a port number")
    words.done()
    return port


def _split_statement(peer: Peer, statement: Statement, _losses: Losses) -> None:
    words = Words(statement)
    split = words.number()
    if split > BUCKETS:
        words.back()
        words.refuse(f"a split of 0 to {BUCKETS}")
    words.done()
    peer.hba = ((1 << split) - 1).to_bytes(HBA_LENGTH, "little")


def _hba_statement(peer: Peer, statement: Statement, _losses: Losses) -> None:
    words = Words(statement)
    hba = words.hex_bytes()
    if len(hba) != HBA_LENGTH:
        words.back()
        words.refuse(f"{HBA_LENGTH} hexadecimal numbers, not {len(hba)}")
    words.done()
    peer.hba = hba


def _load_balance(peer: Peer, statement: Statement, _losses: Losses) -> None:
    words = Words(statement)
    for word in ("balance", "max", "seconds"):
        words.choice(word)
    peer.load_balance_max_s = words.number()
    words.done()


def _number(name: str) -> Callable[[Peer, Statement, Losses], None]:
    def read(peer: Peer, statement: Statement, _losses: Losses) -> None:
        words = Words(statement)
        setattr(peer, name, words.number())
        words.done()

    return read


_STATEMENTS: dict[str, Callable[[Peer, Statement, Losses], None]] = {
    "primary": _primary,
    "secondary": _secondary,
    "address": _address,
    "port": _port,
    "peer": _of_partner,
    "mclt": _number("mclt_s"),
    "split": _split_statement,
    "hba": _hba_statement,
    "load": _load_balance,
    "max-response-delay": _number("max_response_delay_s"),
    "max-unacked-updates": _number("max_unacked_updates"),
    "auto-partner-down": _number("auto_partner_down_s"),
    "max-lease-misbalance": _number("max_lease_misbalance_percent"),
    "max-lease-ownership": _number("max_lease_ownership_percent"),
    "min-balance": _number("min_balance_s"),
    "max-balance": _number("max_balance_s"),
}


# what has other limits here


def _split(peer: Peer, losses: Losses) -> int:
    if peer.hba is None:
        return 128  # a secondary's own value counts for nothing
    split = split_of_hba(peer.hba)
    if split is not None:
        return split
    count = int.from_bytes(peer.hba, "little").bit_count()
    losses.add(
        peer.statement,
        f"its hba is not the first buckets in a row: split {count} gives the primary as many, but other clients",
        "nothing, or set another split; the secondary hears it at the next CONNECT",
    )
    return count


def _within(name: str, asked: int, peer: Peer, losses: Losses) -> int:
    low, high = _LIMITS[name]
    possible = min(max(asked, low), high)
    if possible != asked:
        why = f"{name} {asked} becomes {possible}: {low} to {high} can be"
        losses.add(peer.statement, why, "nothing: the two servers may differ in it")
    return possible
