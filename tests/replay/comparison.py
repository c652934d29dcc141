"""What a recorded server said and did, and what ours said and did in its place, side by side.

Both become *threads*: lists of steps, each with a name and named values. Steps of the same name are laid beside each
other in their order; what is left over on either side, and every value that is not the same, is a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from ipaddress import IPv4Address
from itertools import groupby

from edgepair_contract.vocabulary import FailoverState, Role
from edgepair_engine.leases.lease import Lease
from edgepair_engine.wire.failover import (
    BndAck,
    BndUpd,
    Connect,
    ConnectAck,
    Contact,
    Disconnect,
    FailoverMessage,
    PoolReq,
    PoolResp,
    State,
    UpdDone,
    UpdReq,
    UpdReqAll,
)
from tests.replay.leasefile import States, leases_at_the_end, states_before
from tests.replay.recording import Answer, Closed, Recording, Spoken
from tests.replay.stage import Stage, stored_leases, stored_state

SAME_MOMENT_S = 0.1  # between the log of one process and the virtual time of another
NOT_THERE = "-"
_LEADING = State | UpdReq | UpdReqAll | UpdDone | PoolReq  # words of the partner that are answered at once

Threads = dict[str, list["Step"]]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a server said, did or keeps. Times in `values` are seconds since the capture began."""

    name: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where ours is not as recorded: a value of a step, or ("there") a whole step."""

    thread: str
    what: str
    dhcpd: str
    ours: str


def differences(recording: Recording, stage: Stage) -> list[Difference]:
    """Return all differences between a recorded server and ours in its place, thread by thread."""
    recorded, ours = _threads_recorded(recording), _threads_of(stage, recording)
    found: list[Difference] = []
    for thread in sorted(recorded.keys() | ours.keys()):
        found += _compared(thread, recorded.get(thread, []), ours.get(thread, []))
    return found


def said_since_the_beginning(recording: Recording, stage: Stage) -> list[Spoken]:
    """Return what we said while the capture ran: what made the link stand before is no part of the replay."""
    return [spoken for spoken in stage.said if not recording.begins_linked or spoken.at >= recording.began_at]


# threads


def _threads_recorded(recording: Recording) -> Threads:
    clock = _Clock(recording.began_at)
    threads = _spoken(recording.conversation, clock, recording)
    threads["moves"] = [_move(at, name, clock) for at, name in recording.moves]
    threads["dials"] = [_dial(each.at, each.up_at is not None, clock) for each in recording.dialled]
    threads["closes"] = [_closing(each, recording, clock) for each in recording.closed]
    threads["clients"] = [_answer(each) for each in recording.answers]
    file = recording.folder / f"{recording.role.value}.leases"
    threads |= _table(leases_at_the_end(file), clock)
    threads["record"] = [_record(states_before(file, int(recording.ended_at)), clock)]
    return threads


def _threads_of(stage: Stage, recording: Recording) -> Threads:
    clock = _Clock(recording.began_at)
    began_at = recording.began_at if recording.begins_linked else 0
    threads = _spoken([each for each in stage.conversation if began_at <= each.at], clock, recording)
    threads["moves"] = [_move(at, name.lower(), clock) for at, name in stage.moves if began_at <= at]
    threads["dials"] = [
        _dial(each.at, each.recorded is not None and each.recorded.up_at is not None, clock)
        for each in stage.attempts
        if each.at >= began_at
    ]
    threads["closes"] = [_closing(each, recording, clock) for each in stage.closed]
    threads["clients"] = [_answer(each) for each in stage.answers]
    threads |= _table(stored_leases(stage), clock)
    threads["record"] = [_record(_stored_states(stage, recording.role), clock)]
    return threads


class _Clock:
    """Spells moments as seconds since the capture began."""

    def __init__(self, began_at: float) -> None:
        self._zero = int(began_at)

    def second(self, at: int | None) -> str:
        """Return a whole second; 0 and None have their own words."""
        if not at:
            return "none" if at == 0 else "absent"
        return str(at - self._zero)

    def moment(self, at: float) -> str:
        """Return a moment to a tenth of a second."""
        return f"{at - self._zero:.1f}"


def _spoken(conversation: list[Spoken], clock: _Clock, recording: Recording) -> Threads:
    threads: Threads = {}
    order: list[str] = []
    said = [spoken for spoken in conversation if spoken.source == recording.mine]
    heard = 0
    for spoken in conversation:
        message = spoken.message
        if spoken.source != recording.mine:
            heard += isinstance(message, _LEADING)
            continue
        step = Step(_name(message), _values(message, clock) | _frame(spoken, clock))
        match message:
            case BndUpd() | BndAck():
                threads.setdefault(_dotted(message.address), []).append(step)
            case Contact():
                continue  # judged by its rule: it depends on what else was said
            case Connect() | ConnectAck() | Disconnect():
                threads.setdefault("opening", []).append(
                    Step(step.name, {**step.values, "connection": _whose(spoken.connection, recording)})
                )
            case State():
                threads.setdefault("states", []).append(
                    Step(step.name, {**step.values, "words heard before": str(heard)})
                )
            case _:
                threads.setdefault("requests", []).append(
                    Step(step.name, {**step.values, "words heard before": str(heard)})
                )
        if not isinstance(message, BndAck) and not _is_surplus(spoken.connection, said):
            order.append(_name(message))
    threads["order"] = [Step(name, {"times": str(len(list(run)))}) for name, run in groupby(order)]
    return threads


def _is_surplus(connection: str, said: list[Spoken]) -> bool:
    """Return whether nothing but CONNECT was said on a connection: the moment of that depends on the other one."""
    return all(isinstance(each.message, Connect) for each in said if each.connection == connection)


def _name(message: FailoverMessage) -> str:
    match message:
        case BndUpd():
            return f"BNDUPD {'?' if message.state is None else message.state.name}"
        case BndAck():
            return "BNDACK accept" if message.reject is None else "BNDACK reject"
        case State():
            state = None if message.state is None else FailoverState.from_wire(message.state)
            return f"STATE {message.state if state is None else state.label}{' starting' if message.startup else ''}"
        case _:
            return type(message).__name__.upper()


def _values(message: FailoverMessage, clock: _Clock) -> dict[str, str]:
    match message:
        case BndUpd():
            return {
                "hardware": _hex(message.hardware),
                "client id": _hex(message.client_id),
                "expiry": clock.second(message.lease_expires_at),
                "potential": clock.second(message.potential_expires_at),
                "starts": clock.second(message.stos),
                "cltt": clock.second(message.cltt),
                "flags": str(message.ip_flags),
            }
        case BndAck():
            reason = "none" if message.reject is None else f"{message.reject.value} {message.text}"
            return {"xid": str(message.xid), "reason": reason}
        case State():
            return {"since": clock.second(message.stos)}
        case Connect() | ConnectAck():
            return _opening(message)
        case Disconnect():
            return {"reason": "none" if message.reason is None else str(message.reason.value)}
        case PoolResp():
            return {"xid": str(message.xid), "addresses": str(message.addresses_transferred)}
        case UpdDone():
            return {"xid": str(message.xid)}
        case PoolReq() | UpdReq() | UpdReqAll() | Contact():
            return {}


def _opening(message: Connect | ConnectAck) -> dict[str, str]:
    values = {
        "relationship": _hex(message.relationship),
        "max unacked": str(message.max_unacked),
        "receive timer": str(message.receive_timer_s),
        "vendor": (message.vendor_class or b"").decode(),
        "version": str(message.protocol_version),
    }
    if isinstance(message, ConnectAck):
        return values | {"xid": str(message.xid), "tls": str(message.tls_reply), "reject": str(message.reject)}
    return values | {"tls": str(message.tls_request), "mclt": str(message.mclt_s), "hba": _hex(message.hba)}


def _frame(spoken: Spoken, clock: _Clock) -> dict[str, str]:
    """Return what stands in the bytes: payload offset, options in their order, the sender's clock."""
    data, codes = spoken.data, []
    at = data[3]
    while at < len(data):
        codes.append(str(int.from_bytes(data[at : at + 2])))
        at += 4 + int.from_bytes(data[at + 2 : at + 4])
    return {"offset": str(data[3]), "options": " ".join(codes), "time": clock.second(spoken.message.time)}


def _whose(connection: str, recording: Recording) -> str:
    return "dialled" if connection.startswith(f"{recording.mine}:") else "accepted"


def _move(at: float, name: str, clock: _Clock) -> Step:
    return Step(name, {"moment": clock.moment(at)})


def _dial(at: float, stands: bool, clock: _Clock) -> Step:
    return Step("dial", {"end": "stands" if stands else "fails", "moment": clock.moment(at)})


def _closing(closed: Closed, recording: Recording, clock: _Clock) -> Step:
    whose = _whose(closed.connection, recording)
    old = recording.begins_linked and closed.connection == recording.said[0].connection
    return Step(f"close {whose}{', the first' if old else ''}", {"moment": clock.moment(closed.at)})


def _answer(answer: Answer) -> Step:
    return Step(
        f"{answer.kind.name} to {answer.client.hex(':')}",
        {"address": answer.address, "lease": "none" if answer.lease_s is None else str(answer.lease_s)},
    )


def _table(leases: Mapping[int, Lease], clock: _Clock) -> Threads:
    return {
        f"table {_dotted(address)}": [
            Step(
                "binding",
                {
                    "state": lease.state.name,
                    "starts": clock.second(lease.starts_at),
                    "ends": clock.second(lease.ends_at),
                    "tstp": clock.second(lease.tstp),
                    "tsfp": clock.second(lease.tsfp),
                    "atsfp": clock.second(lease.atsfp),
                    "cltt": clock.second(lease.cltt),
                    "hardware": _hex(lease.hardware),
                    "client id": _hex(lease.client_id),
                },
            )
        ]
        for address, lease in leases.items()
        if lease != Lease(address)
    }


def _record(states: States, clock: _Clock) -> Step:
    return Step(
        "states",
        {
            "mine": f"{states.mine} since {clock.second(states.mine_at)}",
            "partner's": f"{states.partners} heard at {clock.second(states.partners_at)}",
            "mclt": str(states.mclt_s),
        },
    )


def _stored_states(stage: Stage, role: Role) -> States:
    record = stored_state(stage)
    mine, partners = record.my_state.label.lower(), record.partner_state.label.lower()
    mclt_s = record.mclt_s if role is Role.SECONDARY else None  # dhcpd's primary has it in its configuration
    return States(mine, record.my_state_at, partners, record.partner_state_at, mclt_s)


def _hex(data: bytes | None) -> str:
    return "none" if data is None else data.hex()


def _dotted(address: int | None) -> str:
    return "no address" if address is None else str(IPv4Address(address))


# laying side by side


def _compared(thread: str, recorded: list[Step], ours: list[Step]) -> list[Difference]:
    found: list[Difference] = []
    matcher = SequenceMatcher(None, [step.name for step in recorded], [step.name for step in ours], autojunk=False)
    for kind, start, end, our_start, our_end in matcher.get_opcodes():
        if kind == "equal":
            for one, other in zip(recorded[start:end], ours[our_start:our_end], strict=True):
                found += _values_compared(thread, one, other)
            continue
        found += [Difference(thread, step.name, "said", NOT_THERE) for step in recorded[start:end]]
        found += [Difference(thread, step.name, NOT_THERE, "said") for step in ours[our_start:our_end]]
    return found


def _values_compared(thread: str, recorded: Step, ours: Step) -> list[Difference]:
    found = []
    for name, value in recorded.values.items():
        other = ours.values[name]
        if _SAME.get(name, str.__eq__)(value, other):
            continue
        told = _apart(value, other) if name in ("time", "moment") else other
        found.append(Difference(thread, f"{recorded.name}, {name}", value, told))
    return found


def _apart(recorded: str, ours: str) -> str:
    earlier = float(recorded) - float(ours)
    return f"{abs(earlier):g} s {'earlier' if earlier > 0 else 'later'}"


def _same_moment(recorded: str, ours: str) -> bool:
    return abs(float(recorded) - float(ours)) <= SAME_MOMENT_S


def _no_later(recorded: str, ours: str) -> bool:
    """Return whether ours came on no later a word of the partner: on the wire, more of them may have passed already."""
    return int(ours) <= int(recorded)


_SAME: Mapping[str, Callable[[str, str], bool]] = {"moment": _same_moment, "words heard before": _no_later}
