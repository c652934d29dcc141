"""Reads a configuration's statements into scopes: who stands where, with which settings.

Each statement is checked as far as dhcpd checks it when it reads the file; expressions are taken as they stand. What
no configuration of ours can hold is noted as a loss right here; what depends on other scopes is left to `subnets`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from ipaddress import IPv4Network

from edgepair_engine.importing.failover_peer import Peer, parse_peer
from edgepair_engine.importing.loss import Losses
from edgepair_engine.importing.option_types import Value
from edgepair_engine.importing.parameters import PARAMETERS
from edgepair_engine.importing.permissions import read_permission
from edgepair_engine.importing.refusal import ImportRefused
from edgepair_engine.importing.scopes import CLIENT_ID, Host, Range, Scope, ScopeKind, Setting
from edgepair_engine.importing.settings import SettingReader
from edgepair_engine.importing.statements import Statement
from edgepair_engine.importing.tokens import Kind
from edgepair_engine.importing.words import Words

ROOT, SHARED, SUBNET, POOL, GROUP, HOST, CLIENTS = ScopeKind
_OUTSIDE_NETWORKS = (ROOT, GROUP)
_NOT_IN_CLIENTS = (ROOT, SHARED, SUBNET, POOL, GROUP)

_ALLOWED: dict[str, tuple[ScopeKind, ...]] = {
    "shared-network": _OUTSIDE_NETWORKS,
    "subnet": (ROOT, GROUP, SHARED),
    "pool": (SUBNET, SHARED),
    "range": (SUBNET, POOL),
    "host": _NOT_IN_CLIENTS,
    "group": _NOT_IN_CLIENTS,
    "class": (*_NOT_IN_CLIENTS, HOST),
    "subclass": (*_NOT_IN_CLIENTS, HOST),
    "failover": (ROOT, SHARED, POOL),
    "hardware": (HOST,),
    "fixed-address": (HOST,),
    "uid": (HOST,),
    "dynamic": (HOST,),
    "deleted": (HOST,),
    "match": (CLIENTS,),
    "spawn": (CLIENTS,),
    "lease": (CLIENTS,),
}
_CLASS_WHY = (
    "classes do not exist here: every client is treated alike",
    "give such clients reservations, or other VLANs",
)
_CONDITION_WHY = "conditions and events do not exist here", "write what most clients need outside the condition"
_KEY_WHY = "keys serve DNS updates and OMAPI, which do not exist here", "leave it out"
_V6_WHY = "this is DHCPv4 only", "keep a DHCPv6 server for it"


class Reader:
    """One configuration while it is read."""

    def __init__(self, losses: Losses) -> None:
        self.root = Scope(ROOT, None, None)
        self.scopes: list[Scope] = [self.root]
        self.hosts: list[Host] = []
        self.peers: dict[str, Peer] = {}
        self.settings = SettingReader(losses)
        self._losses = losses
        self._ranges: list[Range] = []
        self._host: Host | None = None
        self._hosts: set[str] = set()
        self._classes: set[str] = set()
        self._opaque = False

    def read(self, statements: Iterable[Statement]) -> None:
        """Take a whole configuration.

        Raises:
            ImportRefused: dhcpd would not start with it.
        """
        self._all(statements, self.root)
        used = {scope.peer.name for scope in self.scopes if scope.kind is POOL and scope.peer is not None}
        for peer in self.peers.values():
            if peer.name not in used:
                text = peer.statement.text
                raise ImportRefused(peer.statement.place, text, "expected a pool that names this failover peer")

    def _statement(self, statement: Statement, scope: Scope) -> None:
        keyword = statement.keyword
        allowed = _ALLOWED.get(keyword)
        if allowed is not None and scope.kind not in allowed:
            found = statement.tokens[0].shown
            raise ImportRefused(statement.place, found, f"expected no {keyword} in {scope.kind.value}")
        handler = _HANDLERS.get(keyword)
        if handler is not None:
            handler(self, statement, scope)
        elif keyword in PARAMETERS:
            self.settings.parameter(statement, scope)
        else:
            raise ImportRefused(statement.place, statement.tokens[0].shown, "expected a statement that dhcpd knows")

    def _all(self, statements: Iterable[Statement], scope: Scope) -> None:
        before = ""
        for statement in statements:
            keyword = statement.keyword
            if keyword in ("elsif", "else") and before not in ("if", "elsif"):
                raise ImportRefused(statement.place, statement.tokens[0].shown, "expected an if before it")
            self._statement(statement, scope)
            before = keyword

    def _block(self, block: Iterable[Statement], scope: Scope) -> Scope:
        self._all(block, scope)
        if not self._opaque:
            self.scopes.append(scope)
        return scope

    # networks

    def _shared_network(self, statement: Statement, scope: Scope) -> None:
        words = Words(statement)
        words.string() if words.peek().kind is Kind.STRING else words.host_name("the name of the shared network")
        inner = self._block(words.block(), Scope(SHARED, scope, statement))
        if not any(each.kind is SUBNET and inner in each.chain() for each in self.scopes):
            raise ImportRefused(statement.place, statement.text, "expected a subnet in the shared network")

    def _subnet(self, statement: Statement, scope: Scope) -> None:
        words = Words(statement)
        number = words.address()
        words.choice("netmask")
        mask = words.address()
        if int(number) & int(mask) != int(number):
            words.back()
            words.refuse("a mask that leaves no bits of the subnet's number over")
        inner = Scope(SUBNET, scope, statement)
        inverted = int(mask) ^ 0xFFFFFFFF
        if inverted & (inverted + 1):
            self._losses.add(statement, "its mask is not one run of bits", "declare the subnets that it stands for")
        else:
            inner.network = IPv4Network((int(number), 32 - inverted.bit_length()))
        self._block(words.block(), inner)

    def _pool(self, statement: Statement, scope: Scope) -> None:
        inner = Scope(POOL, scope, statement)
        self._block(Words(statement).block(), inner)
        if not inner.ranges:
            raise ImportRefused(statement.place, statement.text, "expected a range in the pool")

    def _range(self, statement: Statement, scope: Scope) -> None:
        words = Words(statement)
        if words.has_word("dynamic-bootp"):
            self._losses.add(statement, "plain BOOTP is not answered", "let such devices use DHCP")
        first = int(words.address())
        last = int(words.address()) if words.left() else first
        words.done()
        found = Range(min(first, last), max(first, last), statement, scope)
        self._check_network(found, scope)
        place = bisect_left(self._ranges, found.first, key=lambda each: each.first)
        for other in self._ranges[max(0, place - 1) : place + 1]:
            if other.first <= found.last and found.first <= other.last:
                expected = f"expected addresses that {other.statement.place} does not have"
                raise ImportRefused(statement.place, statement.text, expected)
        self._ranges.insert(place, found)
        scope.ranges.append(found)

    def _check_network(self, found: Range, scope: Scope) -> None:
        subnet = scope.within(SUBNET)
        shared = scope.within(SHARED)
        homes = [subnet] if subnet else [each for each in self.scopes if each.kind is SUBNET and shared in each.chain()]
        if any(home.network is None or _holds(home.network, found) for home in homes):
            return
        statement = found.statement
        raise ImportRefused(statement.place, statement.text, "expected a range within one subnet of the network")

    def _group(self, statement: Statement, scope: Scope) -> None:
        words = Words(statement)
        if words.left():
            words.name_or_string("a block in braces")
        self._block(words.block(), Scope(GROUP, scope, statement))

    # failover

    def _failover(self, statement: Statement, scope: Scope) -> None:
        words = Words(statement)
        words.choice("peer")
        expected = "the name of the failover peer in quotes"
        if statement.block is None:
            self._use_peer(words.string(expected), words, statement, scope)
            return
        name = words.name_or_string(expected)
        if scope.kind is POOL or words.left():
            words.refuse("a semicolon" if scope.kind is POOL else "{")
        if name in self.peers:
            words.back()
            words.refuse("a failover peer that is not declared before")
        self.peers[name] = parse_peer(name, statement, words.block(), self._losses)

    def _use_peer(self, name: str, words: Words, statement: Statement, scope: Scope) -> None:
        words.done()
        if name not in self.peers:
            words.back()
            words.refuse("the name of a failover peer that is declared before")
        if scope.kind is POOL:
            scope.peer = self.peers[name]
        elif scope.kind is SHARED:
            self._losses.add(statement, "only pools have a failover peer here", "name the peer in each pool")
        else:
            raise ImportRefused(statement.place, statement.text, "expected the block of the failover peer")

    # hosts

    def _host_declaration(self, statement: Statement, scope: Scope) -> None:
        words = Words(statement)
        name = words.host_name("the name of the host")
        if name in self._hosts:
            words.back()
            words.refuse("a host that is not declared before")
        self._hosts.add(name)
        host = Host(name, Scope(HOST, scope, statement), statement)
        self._host = host
        self._block(words.block(), host.scope)
        self._host = None
        host.client_id = host.scope.settings.pop(CLIENT_ID, None)
        self.hosts.append(host)

    def _hardware(self, statement: Statement, _scope: Scope) -> None:
        assert self._host is not None, "hardware is allowed in hosts only"
        words = Words(statement)
        if self._host.hardware is not None:
            words.refuse("one hardware address for a host")
        self._host.hardware = words.hardware()
        words.done()

    def _fixed_address(self, statement: Statement, _scope: Scope) -> None:
        assert self._host is not None, "fixed addresses are allowed in hosts only"
        words = Words(statement)
        while True:
            address = words.address_or_name()
            self._host.names.append(address) if isinstance(address, str) else self._host.addresses.append(address)
            if not words.has_mark(","):
                break
        words.done()

    def _uid(self, statement: Statement, scope: Scope) -> None:
        words = Words(statement)
        client_id = words.string().encode("latin-1") if words.peek().kind is Kind.STRING else words.hex_bytes()
        words.done()
        scope.put(Setting(CLIENT_ID, Value(client_id), statement))

    def _host_mark(self, statement: Statement, _scope: Scope) -> None:
        Words(statement).done()
        self._losses.add(statement, "OMAPI does not exist here", "leave it out")

    # what has a module of its own

    def _setting(self, statement: Statement, scope: Scope) -> None:
        self.settings.statement(statement, scope)

    def _permission(self, statement: Statement, scope: Scope) -> None:
        read_permission(statement, scope.kind, self._classes, losses=self._losses)

    # what is not possible

    def _class(self, statement: Statement, scope: Scope) -> None:
        words = Words(statement)
        name = words.string("the name of the class in quotes")
        if statement.keyword == "class":
            self._classes.add(name)
        elif name not in self._classes:
            words.back()
            words.refuse("a class that is declared before")
        else:
            words.rest()
        self._aside(statement, words, scope=scope, why=_CLASS_WHY)

    def _condition(self, statement: Statement, scope: Scope) -> None:
        words = Words(statement)
        if not words.left() and statement.keyword != "else":
            words.refuse("an expression")
        words.rest()
        self._aside(statement, words, scope=scope, why=_CONDITION_WHY)

    def _aside(self, statement: Statement, words: Words, *, scope: Scope, why: tuple[str, str]) -> None:
        """Note a statement as lost, and read its block only to see whether dhcpd could."""
        self._losses.add(statement, *why)
        if statement.block is None:
            words.done()
            return
        if statement.keyword == "switch":
            return  # a case has no statement of its own: its colon stands where a statement begins
        was, self._opaque = self._opaque, True
        with self._losses.muted():
            self._block(words.block(), Scope(CLIENTS, scope, statement))
        self._opaque = was

    def _executable(self, statement: Statement, _scope: Scope) -> None:
        if statement.block is not None or (len(statement.tokens) < 2 and statement.keyword not in ("break", "return")):
            Words(statement).refuse("a statement")
        self._losses.add(statement, *_CONDITION_WHY)

    def _merged(self, statement: Statement, _scope: Scope) -> None:
        if len(statement.tokens) < 3:
            Words(statement).refuse("the name of an option")
        self._losses.add(statement, "options are set, not merged with what others set", "write `option` instead")

    def _key(self, statement: Statement, _scope: Scope) -> None:
        if statement.block is None or len(statement.tokens) < 2:
            Words(statement).refuse("a name and a block in braces")
        self._losses.add(statement, *_KEY_WHY)

    def _format(self, statement: Statement, _scope: Scope) -> None:
        words = Words(statement)
        words.choice(*_FORMATS[statement.keyword])
        words.done()  # how dhcpd writes its files: both forms are read, so nothing is lost

    def _any(self, statement: Statement, _scope: Scope) -> None:
        self._losses.add(statement, *_V6_WHY)

    def _network_device(self, statement: Statement, _scope: Scope) -> None:
        words = Words(statement)
        words.name_or_string("the name of a device")
        words.done()
        self._losses.add(statement, "devices are given to the import", "give it by --interface PREFIX=DEVICE")


_FORMATS = {"db-time-format": ("default", "local"), "lease-id-format": ("octal", "hex")}
_Handler = Callable[[Reader, Statement, Scope], None]
_ONE_BY_ONE: dict[str, _Handler] = {
    "shared-network": Reader._shared_network,
    "subnet": Reader._subnet,
    "pool": Reader._pool,
    "range": Reader._range,
    "group": Reader._group,
    "failover": Reader._failover,
    "host": Reader._host_declaration,
    "hardware": Reader._hardware,
    "fixed-address": Reader._fixed_address,
    "uid": Reader._uid,
    "dynamic": Reader._host_mark,
    "deleted": Reader._host_mark,
    "interface": Reader._network_device,
    "server-duid": Reader._any,
}
_ALIKE: tuple[tuple[tuple[str, ...], _Handler], ...] = (
    (("allow", "deny", "ignore"), Reader._permission),
    (("option", "server-identifier", "authoritative", "not"), Reader._setting),
    (("class", "subclass"), Reader._class),
    (("if", "elsif", "else", "on", "switch", "define"), Reader._condition),
    (("set", "unset", "eval", "log", "execute", "add", "break", "return"), Reader._executable),
    (("match", "spawn", "lease"), Reader._executable),
    (("append", "prepend", "default", "supersede", "send"), Reader._merged),
    (("key", "zone"), Reader._key),
    (("db-time-format", "lease-id-format"), Reader._format),
)
_HANDLERS = _ONE_BY_ONE | {keyword: handler for keywords, handler in _ALIKE for keyword in keywords}


def _holds(network: IPv4Network, found: Range) -> bool:
    first, last = int(network.network_address), int(network.broadcast_address)
    return first <= found.first and found.last <= last
