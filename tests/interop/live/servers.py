"""The two servers of a pair behind one set of words, so that a scenario need not know which one is ours."""

from __future__ import annotations

import calendar
import json
import platform
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from edgepair_contract.vocabulary import BindingState, FailoverState
from tests.interop.dhcpd import Dhcpd
from tests.interop.live.terms import LAN, OMAPI_PORT, Terms
from tests.interop.netns import eventually
from tests.interop.ours import Engine

FAKETIME = Path(f"/usr/lib/{platform.machine()}-linux-gnu/faketime/libfaketimeMT.so.1")
LOG_LIMIT_S = 10.0
READ_LIMIT_S = 30.0  # until a changed configuration is in force, on a busy machine

_STATES = {state.edgeconnect: state for state in FailoverState}  # dhcpd spells them alike


@dataclass(frozen=True, slots=True)
class Row:
    """An address as one server has it; `ends_at` counts only while it is bound."""

    state: BindingState
    hardware: str | None = None
    ends_at: int = 0


NEVER_USED = Row(BindingState.FREE)


class Server(Protocol):
    """What a scenario does with either server and asks of it."""

    role: str
    address: str  # on the LAN

    def start(self) -> None:
        """Start it, with what it has stored if it ran before."""

    def kill(self) -> None:
        """End it as a power failure would."""

    def end(self) -> None:
        """Ask it to end and wait until it has."""

    def freeze(self) -> None:
        """Stop its process where it stands (SIGSTOP)."""

    def thaw(self) -> None:
        """Let it go on (SIGCONT)."""

    def lose_store(self) -> None:
        """Remove all that a server which does not run has stored."""

    def set_clock(self, offset_s: int) -> None:
        """Let its wall clock be wrong by so much: from its next start, and at once if a clock was set before that."""

    def partner_down(self) -> None:
        """Tell it that its partner does not serve."""

    def state(self) -> FailoverState | None:
        """Return its state; None while it starts or does not answer."""

    def partner_state(self) -> FailoverState | None:
        """Return the state it has of its partner."""

    def table(self) -> dict[str, Row]:
        """Return what it has stored of every address that was ever used."""

    def acked(self, address: str) -> bool:
        """Return whether its partner has acknowledged what it last told of an address."""

    def moves(self) -> list[FailoverState]:
        """Return every state that it has gone to, in order, over all its runs."""

    def entered_at(self, state: FailoverState) -> int:
        """Return when, by its own clock, it last went to a state."""

    def take_terms(self, terms: Terms) -> None:
        """Give a running server other terms: ours reads them as it runs, dhcpd by a restart."""

    def log(self) -> str:
        """Return what it has written so far."""


class Ours(Engine):
    """Our engine as one server of a pair."""

    def __init__(self, namespace: str, folder: Path, role: str, terms: Terms) -> None:
        super().__init__(namespace, folder, terms.for_ours(role))
        self.role = role
        self.address = LAN[role]
        self._revision = 1
        self._clock = folder / "clock"

    def end(self) -> None:
        """Ask it to end and wait until it has."""
        assert self.process is not None
        assert self.process.terminate() == 0, self.log()

    def freeze(self) -> None:
        """Stop its process where it stands (SIGSTOP)."""
        assert self.process is not None
        self.process.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on (SIGCONT)."""
        assert self.process is not None
        self.process.signal(signal.SIGCONT)

    def lose_store(self) -> None:
        """Remove its store."""
        shutil.rmtree(self.store)

    def set_clock(self, offset_s: int) -> None:
        """Let its wall clock be wrong by so much."""
        self.environment = _set_clock(self._clock, offset_s)

    def partner_down(self) -> None:
        """Tell it that its partner does not serve."""
        self.order("partner-down")

    def order(self, action: str, **more: object) -> None:
        """Give an order by its admin interface; it must be carried out."""
        status, text = self.ask("/v1/control", method="POST", body=json.dumps({"action": action} | more))
        assert status == 200, text

    def state(self) -> FailoverState | None:
        """Return its state; None while it starts or does not answer."""
        group = self.group()
        return None if group is None or group.starting else group.my_state

    def partner_state(self) -> FailoverState | None:
        """Return the state it has of its partner."""
        group = self.group()
        return None if group is None else group.partner_state

    def moves(self) -> list[FailoverState]:
        """Return every state that it has gone to, in order, over all its runs."""
        return [FailoverState.from_label(note["to"]) for note in self.notes("state-changed")]

    def entered_at(self, state: FailoverState) -> int:
        """Return when, by its own clock, it last went to a state."""
        group = self.group()
        assert group is not None
        return max(move.at for move in group.transitions if move.to_state == state.label)

    def notes(self, code: str) -> list[dict[str, Any]]:
        """Return its log lines of one code."""
        return [line for line in map(json.loads, self.log().splitlines()) if line["code"] == code]

    def take_terms(self, terms: Terms) -> None:
        """Give it other terms as it runs."""
        assert self.process is not None
        self._revision += 1
        self.configure(terms.for_ours(self.role) | {"revision": self._revision})
        self.process.signal(signal.SIGHUP)
        eventually(f"revision {self._revision} is in force", self._is_configured, within_s=READ_LIMIT_S, state=self.log)

    def connected(self) -> bool:
        """Return whether it has a link."""
        group = self.group()
        return group is not None and group.connected

    def table(self) -> dict[str, Row]:
        """Return what it has stored of every address that was ever used."""
        return {
            address: Row(BindingState[lease["state"].upper()], lease["hardware"], lease["ends_at"])
            for address, lease in self.rows().items()
        }

    def rows(self) -> dict[str, dict[str, Any]]:
        """Return its lease table as the admin interface gives it; from the store while it does not run."""
        if self.process is None or not self.process.runs():
            return self.leases()
        try:
            text = self.ask("/v1/leases")[1]
        except OSError:  # it starts, ends, or stands still
            return self.leases()
        return {lease["address"]: lease for lease in json.loads(text)}

    def acked(self, address: str) -> bool:
        """Return whether its partner has acknowledged what it last told of an address."""
        row = self.rows().get(address)
        return row is not None and bool(row["atsfp"] >= row["tstp"])

    def _is_configured(self) -> bool:
        report = self.report()
        return report is not None and report.config_revision == self._revision


class Theirs(Dhcpd):
    """Debian's dhcpd as one server of a pair."""

    def __init__(self, namespace: str, folder: Path, role: str, terms: Terms) -> None:
        super().__init__(namespace, folder, terms.for_dhcpd(role))
        self.role = role
        self.address = LAN[role]
        self.namespace = namespace
        self.terms = terms
        self._clock = folder / "clock"

    def end(self) -> None:
        """Ask it to end and wait until it has."""
        assert self.process is not None
        self.process.terminate()

    def freeze(self) -> None:
        """Stop its process where it stands (SIGSTOP)."""
        assert self.process is not None
        self.process.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on (SIGCONT)."""
        assert self.process is not None
        self.process.signal(signal.SIGCONT)

    def lose_store(self) -> None:
        """Empty its lease file."""
        self.lease_file.write_text("")

    def set_clock(self, offset_s: int) -> None:
        """Let its wall clock be wrong by so much."""
        self.environment = _set_clock(self._clock, offset_s)

    def partner_down(self) -> None:
        """Tell it by OMAPI that its partner does not serve."""
        self.set_state(FailoverState.PARTNER_DOWN)

    def set_state(self, state: FailoverState) -> None:
        """Order it into a state by OMAPI."""
        self.omshell(f"set local-state = {state.wire}", "update")

    def omshell(self, *words: str) -> str:
        """Open its failover object with omshell, say these words, and return what omshell answers."""
        return self._omshell("new failover-state", f'set name = "{self.terms.name}"', "open", *words)

    def shut_down(self) -> None:
        """Order it to end by OMAPI's control object."""
        self._omshell("new control", "open", "set state = 2", "update")

    def runs(self) -> bool:
        """Return whether its process has not ended."""
        return self.process is not None and self.process.runs()

    def _omshell(self, *words: str) -> str:
        lines = ["server 127.0.0.1", f"port {OMAPI_PORT}", "connect", *words]
        done = subprocess.run(
            ["ip", "netns", "exec", self.namespace, "omshell"],
            input="\n".join(lines) + "\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return done.stdout

    def omapi_state(self) -> FailoverState | None:
        """Return the state that omshell shows; None while it starts or does not answer."""
        found = re.findall(r"^local-state = ([0-9a-f:]+)$", self.omshell(), re.M)
        number = int(found[-1].replace(":", ""), 16) if found else 1
        return None if number == 1 else FailoverState.from_wire(number)

    def save_state(self, my: FailoverState, partner: FailoverState, *, ago_s: int = 0) -> None:
        """Write states into the lease file of a stopped dhcpd: what it will resume."""
        at = time.strftime("%w %Y/%m/%d %H:%M:%S", time.gmtime(time.time() - ago_s))
        states = f"  my state {my.edgeconnect} at {at};\n  partner state {partner.edgeconnect} at {at};\n"
        with self.lease_file.open("a") as file:
            file.write(f'failover peer "{self.terms.name}" state {{\n{states}}}\n')

    def state(self) -> FailoverState | None:
        """Return the state it has stored; while it starts, the one it will resume."""
        return _STATES.get(self.my_state())

    def partner_state(self) -> FailoverState | None:
        """Return the state it has of its partner."""
        return _STATES.get(self.partners_state())

    def moves(self) -> list[FailoverState]:
        """Return every state that it has gone to, in order, over all its runs. It logs one after it has stored it."""

        def logged() -> list[FailoverState]:
            moved = re.findall(r"^failover peer \S+: I move from \S+ to (\S+)$", self.log(), re.M)
            return [_STATES[state] for state in moved if state != "startup"]

        def told() -> list[FailoverState] | None:
            return moves if (moves := logged())[-1:] == [self.state()] else None

        return eventually("the log tells of the state that is stored", told, within_s=LOG_LIMIT_S, state=self.log)

    def entered_at(self, state: FailoverState) -> int:
        """Return when, by its own clock, it last went to a state."""
        return _time(self.lease_file.read_text(), f"my state {state.edgeconnect} at")

    def requests_sent(self) -> list[str]:
        """Return which requests for bindings it has sent."""
        return _requests(re.findall(r"^Sent update request( all)? message to ", self.log(), re.M))

    def requests_heard(self) -> list[str]:
        """Return which requests for bindings it has received."""
        return _requests(re.findall(r"^Update request( all)? from ", self.log(), re.M))

    def take_terms(self, terms: Terms) -> None:
        """Give it other terms by a restart."""
        self.end()
        self.terms = terms
        self.configure(terms.for_dhcpd(self.role))
        self.start()

    def table(self) -> dict[str, Row]:
        """Return what it has stored of every address."""
        return {
            address: Row(BindingState[lease.state.upper()], lease.hardware, _time(lease.text, "ends"))
            for address, lease in self.leases().items()
        }

    def acked(self, address: str) -> bool:
        """Return whether its partner has acknowledged what it last told of an address."""
        lease = self.leases().get(address)
        return lease is not None and _time(lease.text, "atsfp") >= _time(lease.text, "tstp")


def _time(text: str, name: str) -> int:
    """Return the latest time that stands behind these words; 0 when there is none."""
    found = re.findall(rf"^  {name} \d (\d+)/(\d+)/(\d+) (\d+):(\d+):(\d+);", text, re.M)
    return calendar.timegm(tuple(map(int, found[-1]))) if found else 0


def _requests(words: list[str]) -> list[str]:
    return ["UPDREQALL" if word else "UPDREQ" for word in words]


def _set_clock(file: Path, offset_s: int) -> dict[str, str]:
    """Write an offset where a process with this environment reads it whenever it asks for the time."""
    assert FAKETIME.exists(), f"{FAKETIME} is missing: run make setup"
    fresh = file.with_suffix(".new")
    fresh.write_text(f"{offset_s:+d}\n")
    fresh.rename(file)
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
