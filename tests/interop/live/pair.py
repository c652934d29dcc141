"""A pair: our engine in one role, dhcpd in the other, their clients on a LAN, and a link of their own between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from edgepair_contract.vocabulary import BindingState, FailoverState
from tests.interop.clients import Dhclient, Udhcpc
from tests.interop.live.clients import Client, Crowd
from tests.interop.live.servers import NEVER_USED, Ours, Row, Server, Theirs
from tests.interop.live.terms import LAN, LINK, PREFIX_LENGTH, Terms, partner_of
from tests.interop.live.wire import Tap
from tests.interop.netns import Lan, eventually, hardware_of, hear_all, hear_nothing, iptables

WAIT_LIMIT_S = 90.0  # STARTUP's 15 s, an MCLT, some dials, dhcpd's 2 s for an ack: on a busy machine
LOOK_EVERY_S = 0.2
CATCH_EVERY_S = 0.01
NORMAL = FailoverState.NORMAL
FREE_OF = {"primary": BindingState.FREE, "secondary": BindingState.BACKUP}  # what each may give to new clients
BOUND = (BindingState.ACTIVE, BindingState.EXPIRED, BindingState.RELEASED)


class Pair:
    """Two servers that do not run yet; `role` is ours. `for_dhcpd` are its own terms where they are to differ."""

    def __init__(self, folder: Path, role: str, terms: Terms, *, for_dhcpd: Terms | None = None) -> None:
        self.role = role
        self.terms = terms
        self.lan = Lan()
        self._folder = folder
        self._places = {one: self.lan.join(f"s-{one[:3]}", f"{LAN[one]}/{PREFIX_LENGTH}") for one in LAN}
        self.lan.wire(*((self._places[one], f"{LINK[one]}/24") for one in LINK), device="link0")
        theirs = partner_of(role)
        self.ours = Ours(self._places[role], folder / "ours", role, terms)
        self.theirs = Theirs(self._places[theirs], folder / "theirs", theirs, for_dhcpd or terms)
        hardware = {LAN[one]: hardware_of(place) for one, place in self._places.items()}
        self.crowd = Crowd(self.lan.join("crowd"), hardware, split=terms.split)
        self._others: list[Udhcpc | Dhclient] = []
        self._taps: list[Tap] = []

    @property
    def primary(self) -> Server:
        """Return the primary."""
        return self.server("primary")

    @property
    def secondary(self) -> Server:
        """Return the secondary."""
        return self.server("secondary")

    def server(self, role: str) -> Server:
        """Return the server in this role."""
        return self.ours if role == self.role else self.theirs

    def partner(self, of: Server) -> Server:
        """Return the other server."""
        return self.server(partner_of(of.role))

    def start(self) -> None:
        """Start both, and wait until both are NORMAL and have shared the addresses."""
        self.theirs.start()
        self.ours.start()
        self.reach(NORMAL)
        self.share_equally()

    def reach(self, ours: FailoverState, theirs: FailoverState | None = None) -> None:
        """Wait until each server is in its state (one given: both in that), and knows its partner's if linked."""
        theirs = theirs or ours

        def there() -> bool:
            if (self.ours.state(), self.theirs.state()) != (ours, theirs):
                return False
            known = (self.ours.partner_state(), self.theirs.partner_state())
            return not self.ours.connected() or known == (theirs, ours)

        self.wait(f"ours {ours.label}, theirs {theirs.label}", there)
        self.wait(f"omshell: {theirs.label}", lambda: self.theirs.omapi_state() is theirs)

    def share_equally(self) -> None:
        """Wait until each has half of the free addresses, and both have the same table."""

        def halved() -> bool:
            return abs(self.count(BindingState.FREE) - self.count(BindingState.BACKUP)) <= 1

        self.wait("each has half of the free addresses", halved)
        self.equal()

    def equal(self) -> None:
        """Wait until both servers have the same of every address: what is on its way needs a moment."""
        self.wait("equal lease tables", lambda: not self.differences(), state=self.differences)

    def differences(self) -> list[str]:
        """Return the addresses that the servers have differently, in words."""
        ours, theirs = self.ours.table(), self.theirs.table()
        found = []
        for address in sorted(ours.keys() | theirs.keys()):
            here, there = ours.get(address, NEVER_USED), theirs.get(address, NEVER_USED)
            if _essence(here) != _essence(there):
                found.append(f"{address}: ours {_words(here)}, theirs {_words(there)}")
        return found

    def count(self, state: BindingState) -> int:
        """Return how many addresses of the pool have this binding state at our server."""
        table = self.ours.table()
        return sum(1 for address in self.terms.addresses() if table.get(address, NEVER_USED).state is state)

    def bound(self, server: Server, address: str) -> str | None:
        """Return the hardware address that a server has an address bound to, None when it is bound to nobody."""
        row = server.table().get(address, NEVER_USED)
        return row.hardware if row.state is BindingState.ACTIVE else None

    def cut(self, *, towards: Server | None = None) -> None:
        """Cut the servers' link: both ways, or only what goes towards one server. The LAN stays."""
        for server in (towards,) if towards is not None else (self.ours, self.theirs):
            hear_nothing(self._places[server.role], "link0")

    def mend(self) -> None:
        """Let the link carry everything again."""
        for place in self._places.values():
            hear_all(place)

    def tap(self) -> Tap:
        """Read from now on what the servers say to each other."""
        self._taps.append(Tap(self._places[self.role]))
        return self._taps[-1]

    def keep_from(self, server: Server, *words: str) -> None:
        """Drop what comes to a server from its partner and fits these words of iptables(8), until `mend`."""
        iptables(self._places[server.role], "-A", "INPUT", "-i", "link0", "-p", "tcp", *words, "-j", "DROP")

    def holding(self, many: int, *, of: str | None = None) -> list[Client]:
        """Return clients with leases of full length: renewed after the first, of MCLT, was acknowledged."""
        clients = self.crowd.clients(many, of=of)
        for client in clients:
            client.discovers()
        self.crowd.wait("all have a lease", lambda: all(client.lease is not None for client in clients))
        servers = {server.address: server for server in (self.primary, self.secondary)}
        leases = [client.lease for client in clients if client.lease is not None]
        self.wait("all are acknowledged", lambda: all(servers[lease.server].acked(lease.address) for lease in leases))
        assert [client.renews().lease_s for client in clients] == [self.terms.lease_s] * many
        return clients

    def slow_down(self, teller: Server) -> None:
        """Let what one server of a NORMAL pair tells take seconds, so that there is a middle to break it in.

        dhcpd then tells two bindings at a time. Or it holds its acks of ours back for 2 s: it waits for half of what we
        take at once, which is more than it takes itself (Q11).
        """
        window = 2 if teller is self.theirs else 24
        self.ours.take_terms(replace(self.terms, max_unacked_updates=window))
        self.reach(NORMAL)

    def udhcpc(self, mac: str) -> Udhcpc:
        """Return a real udhcpc on the LAN, not started yet."""
        client = Udhcpc(self.lan.join(f"u{len(self._others)}"), self._folder / f"udhcpc-{len(self._others)}", mac)
        self._others.append(client)
        return client

    def dhclient(self, mac: str) -> Dhclient:
        """Return a real dhclient on the LAN, not started yet."""
        client = Dhclient(self.lan.join(f"d{len(self._others)}"), self._folder / f"dhclient-{len(self._others)}", mac)
        self._others.append(client)
        return client

    def wait(self, what: str, condition: Callable[[], object], *, state: Callable[[], object] = str) -> None:
        """Wait until a condition holds; when it does not in a long time, fail with `state()` and both logs."""
        eventually(
            what,
            lambda: bool(condition()),
            within_s=WAIT_LIMIT_S,
            every_s=LOOK_EVERY_S,
            state=lambda: f"{state()}\n{self.diary()}",
        )

    def catch(self, what: str, condition: Callable[[], object]) -> None:
        """Wait for a moment that does not last: look as often as can be."""
        eventually(what, lambda: bool(condition()), within_s=WAIT_LIMIT_S, every_s=CATCH_EVERY_S, state=self.diary)

    def requests_of(self, server: Server) -> list[str]:
        """Return which requests for bindings a server has sent, UPDREQ or UPDREQALL: dhcpd's log tells of both."""
        return self.theirs.requests_sent() if server is self.theirs else self.theirs.requests_heard()

    def diary(self) -> str:
        """Return the last lines of both logs."""
        names: dict[str, Server] = {"ours": self.ours, "dhcpd": self.theirs}
        return "\n".join(f"--- {name}, {one.role}\n{one.log()[-4000:]}" for name, one in names.items())

    def close(self) -> None:
        """End everything."""
        for one in (*self._others, self.ours, self.theirs):
            one.stop()
        for tap in self._taps:
            tap.close()
        self.crowd.close()
        self.lan.close()


def settled(pair: Pair, ours: FailoverState = NORMAL, theirs: FailoverState | None = None) -> None:
    """Hold what must hold at the end of every scenario: states, equal tables, no client wronged."""
    pair.reach(ours, theirs)
    pair.crowd.all_answered([pair.primary.address, pair.secondary.address])
    pair.equal()
    assert pair.crowd.history.faults() == [], pair.diary()


def _essence(row: Row) -> object:
    return row if row.state in BOUND else row.state


def _words(row: Row) -> str:
    if row.state not in BOUND:
        return row.state.name
    return f"{row.state.name} {row.hardware} until {row.ends_at}"
