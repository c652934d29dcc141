"""All that can be done to a pair and its clients, each with the line of a script that says it.

A line is `at SECONDS VERB key=value ...`. Every deed that breaks something says for how long, so that a script can be
cut anywhere and everything is whole again at its end.
"""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import get_type_hints

from edgepair_contract.control import ControlAction
from edgepair_contract.value import value
from edgepair_sim.crash import CrashPoint, Power

BOTH = "both"
CRASH_WITHIN_S = 60.0  # a server that does not come to its crash point by then dies anyway
END_WITHIN_S = 30.0  # who asks a server to end kills it then, as a pod's grace period does


class StoreFate(Enum):
    """What a start after a crash finds on the disk."""

    KEPT = "kept"
    LOST = "lost"
    ROLLED_BACK = "rolled-back"


class Act(Enum):
    """What a client does by itself; renewing needs no deed."""

    JOIN = "join"  # wants an address, for the first time or again
    LEAVE = "leave"  # releases what it holds
    VANISH = "vanish"  # is switched off without a word
    REBOOT = "reboot"  # is switched off and on, and asks for the address it had
    MOVE = "move"  # is plugged in behind the next relay
    DECLINE = "decline"  # finds its address in use by somebody else
    REPEAT = "repeat"  # sends its latest packet again, several times
    LIE = "lie"  # asks for, releases or declines what it never had


class Change(Enum):
    """What a new configuration changes."""

    MCLT = "mclt"  # the primary's
    LEASE = "lease"  # the default lease time, seconds
    RANGE_SHRINKS = "range-shrinks"  # by so many addresses at its end
    RANGE_GROWS = "range-grows"
    SPLIT = "split"
    DELAY = "max-response-delay"
    WINDOW = "max-unacked-updates"


@value(kw_only=True)
class Deed:
    """Something that is done at a moment (true seconds since the beginning of the life)."""

    at_s: float

    @property
    def whole_at_s(self) -> float:
        """Return when everything is whole again that this broke."""
        return self.at_s


@value(kw_only=True)
class Lasting(Deed):
    """Something that is undone after a while."""

    for_s: float

    @property
    def whole_at_s(self) -> float:
        """Return when it is undone."""
        return self.at_s + self.for_s


@value(kw_only=True)
class Start(Deed):
    """A server's process is started, if it does not run."""

    node: str


@value(kw_only=True)
class Kill(Deed):
    """A server dies at a point of its work (at the latest `CRASH_WITHIN_S` later) and starts after `down_s`."""

    node: str
    point: CrashPoint = CrashPoint.NOW
    power: Power = Power.PROCESS
    store: StoreFate = StoreFate.KEPT
    back_s: float = 0.0  # how old the copy is that a rolled-back store is made from
    down_s: float = 10.0

    @property
    def whole_at_s(self) -> float:
        """Return when the server runs again at the latest."""
        late_s = 0.0 if self.point is CrashPoint.NOW else CRASH_WITHIN_S
        return self.at_s + late_s + self.down_s


@value(kw_only=True)
class Restart(Deed):
    """A server is asked to end (SIGTERM): it tells its partner, finishes its commits, and starts after `down_s`."""

    node: str
    down_s: float = 10.0

    @property
    def whole_at_s(self) -> float:
        """Return when the server runs again at the latest."""
        return self.at_s + END_WITHIN_S + self.down_s


@value(kw_only=True)
class Stop(Lasting):
    """A server's process is stopped (SIGSTOP), and continued after a while."""

    node: str


@value(kw_only=True)
class FillDisk(Lasting):
    """Nothing can be written for a while."""

    node: str


@value(kw_only=True)
class SlowDisk(Lasting):
    """Each sync takes `commit_s` for a while."""

    node: str
    commit_s: float

    @property
    def whole_at_s(self) -> float:
        """Return when a sync that began at the last moment is done."""
        return self.at_s + self.for_s + self.commit_s


@value(kw_only=True)
class Busy(Lasting):
    """Each turn comes `turn_s` late for a while: a machine with too much to do."""

    node: str
    turn_s: float


@value(kw_only=True)
class Cut(Lasting):
    """Nothing that `node` (or both) sends to the partner arrives for a while."""

    node: str = BOTH


@value(kw_only=True)
class Delay(Lasting):
    """What the two servers send each other takes `delay_s` longer for a while."""

    delay_s: float


@value(kw_only=True)
class Reset(Deed):
    """Every connection between the two is reset."""


@value(kw_only=True)
class Unplug(Lasting):
    """A server hears no clients for a while, and they do not hear it."""

    node: str


@value(kw_only=True)
class StepClock(Deed):
    """The wall clock of a server (or both) is stepped, and set right after `for_s`; never, if that is 0."""

    node: str
    by_s: int
    for_s: float = 0.0

    @property
    def whole_at_s(self) -> float:
        """Return when the clock is set right."""
        return self.at_s + self.for_s


@value(kw_only=True)
class Order(Deed):
    """A person gives a server an order, and takes it back after `for_s` if it can be.

    `alive_s_ago`: what they say of the partner's end; negative: nothing.
    """

    node: str
    action: ControlAction
    alive_s_ago: int = -1
    for_s: float = 0.0

    @property
    def whole_at_s(self) -> float:
        """Return when the order is taken back."""
        return self.at_s + self.for_s


@value(kw_only=True)
class Configure(Deed):
    """A new configuration is pushed to the primary, and to the secondary `lag_s` later (earlier, if negative).

    The file that a start reads follows `mount_s` after the push, as a mounted ConfigMap does.
    """

    change: Change
    value: int
    lag_s: float = 1.0
    mount_s: float = 0.0

    @property
    def whole_at_s(self) -> float:
        """Return when both have it."""
        return self.at_s + abs(self.lag_s) + self.mount_s


@value(kw_only=True)
class ClientDoes(Deed):
    """A client does something."""

    client: int
    act: Act


@value(kw_only=True)
class Flood(Lasting):
    """So many hosts that nobody knows ask for an address, spread over a while, and take none."""

    count: int


VERBS: dict[str, type[Deed]] = {
    "start": Start,
    "kill": Kill,
    "restart": Restart,
    "stop": Stop,
    "fill-disk": FillDisk,
    "slow-disk": SlowDisk,
    "busy": Busy,
    "cut": Cut,
    "delay": Delay,
    "reset": Reset,
    "unplug": Unplug,
    "step-clock": StepClock,
    "order": Order,
    "configure": Configure,
    "client": ClientDoes,
    "flood": Flood,
}
_VERB_OF = {kind: verb for verb, kind in VERBS.items()}
_TYPES = {kind: get_type_hints(kind) for kind in VERBS.values()}


class BadLine(ValueError):
    """A line of a script that says nothing; the text tells why."""


def line_of(deed: Deed) -> str:
    """Return the line that says this deed; what is as it usually is goes unsaid."""
    said = [
        f"{field.name}={_word(getattr(deed, field.name))}"
        for field in sorted(fields(deed), key=lambda field: field.name != "node")
        if field.name != "at_s" and getattr(deed, field.name) != field.default
    ]
    return " ".join([f"at {deed.at_s:.3f}", _VERB_OF[type(deed)], *said])


def deed_of(line: str) -> Deed:
    """Return the deed that a line says.

    Raises:
        BadLine: the line has another form, or names a verb, a key or a value that does not exist.
    """
    words = line.split()
    if len(words) < 3 or words[0] != "at":
        raise BadLine(f"{line!r} must be: at SECONDS VERB key=value ...")
    kind = VERBS.get(words[2])
    if kind is None:
        raise BadLine(f"{words[2]!r} must be one of {', '.join(VERBS)}")
    said = dict(word.partition("=")[::2] for word in words[3:])
    said["at_s"] = words[1]
    unknown = said.keys() - _TYPES[kind].keys()
    if unknown:
        raise BadLine(f"{line!r}: {words[2]} has no {', '.join(sorted(unknown))}")
    try:
        return kind(**{name: _TYPES[kind][name](text) for name, text in said.items()})
    except (ValueError, TypeError) as error:
        raise BadLine(f"{line!r}: {error}") from error


def _word(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
