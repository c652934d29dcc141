"""The script of a replay: the recorded partner, clients and laboratory, played to our engine at their moments.

All that the recording holds comes when it came, whatever the engine does. Three things are made to fit, because they
follow from what *it* does: a reply to it (its xid, and no acknowledgement comes before its update), how an attempt of
its to connect ends, and which address a new client asks for (dhcpd's choice among addresses that were never used has no
rule; a client that returns asks as it did).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain, groupby

from edgepair_contract.config import GroupConfig
from edgepair_contract.control import ControlAction
from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.core.events import Direction
from edgepair_engine.core.pipeline import LAZY_S
from edgepair_engine.leases.record import StateRecord
from edgepair_engine.wire.dhcp4 import decode_dhcp4
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_engine.wire.failover import (
    BndAck,
    BndUpd,
    Connect,
    ConnectAck,
    FailoverMessage,
    PoolReq,
    PoolResp,
    State,
    UpdDone,
    UpdReq,
    UpdReqAll,
    encode_failover,
)
from tests.replay.recording import Dialled, Packet, Recording, Spoken
from tests.replay.stage import Stage, stored_leases

OPTIONS_AT = 240  # in a DHCP packet: after the fixed part and the cookie
OPTION_REQUESTED_ADDRESS = b"\x32\x04"
NORMAL = FailoverState.NORMAL
MCLT_S = 30
HBA = b"\xff" * 16 + bytes(16)  # split 128


def replayed(recording: Recording, group: GroupConfig, *, drawn: Mapping[float, int] | None = None) -> Stage:
    """Return the stage after the whole recording was played to our engine.

    `drawn`: which number the recorded server drew for its balance timer, from which moment on.
    """
    return _Script(recording, group, drawn or {}).play()


class _Script:
    """What happens when."""

    def __init__(self, recording: Recording, group: GroupConfig, drawn: Mapping[float, int]) -> None:
        self._recording = recording
        self._group = group
        self._drawn = drawn
        self._plans: list[tuple[float, Callable[[float], None]]] = []
        self._early_acks: list[tuple[BndAck, str]] = []
        dials = recording.dialled
        if recording.begins_linked:
            self._first = recording.said[0].connection
            self._is_mine = self._first.startswith(recording.mine)
            dials = [Dialled(recording.normal_at, self._first, recording.normal_at), *dials] if self._is_mine else dials
        self._stage = Stage(group, dials, zero_s=recording.events[0].at - 1)

    def play(self) -> Stage:
        """Play it."""
        self._plan_laboratory()
        self._plan_partner()
        for packet in self._recording.packets:
            self._plans.append((packet.at, partial(self._stage.ask, self._steered(packet))))
        for at, act in sorted(self._plans, key=lambda plan: plan[0]):
            self._stage.wake_until(at, self._acknowledge)
            act(at)
            self._acknowledge(at)
        self._stage.wake_until(self._recording.ended_at, self._acknowledge)
        return self._stage

    def _plan_laboratory(self) -> None:
        recording, stage = self._recording, self._stage
        mine = recording.name_in_events
        if recording.begins_linked:
            self._plans.append((recording.normal_at, self._begin_linked))
        for event in recording.events:
            if event.text.startswith(f"start dhcpd {mine} "):
                if not recording.begins_linked or event.at > recording.began_at:
                    self._plans.append((event.at, stage.start))
            elif event.text == f"kill {mine} 9":
                self._plans.append((event.at, stage.kill))
            elif event.text == f"{recording.role.value} lease file deleted":
                self._plans.append((event.at, lambda _: stage.disk.clear()))
            elif event.text == "omshell: both set to partner-down":
                self._plans.append((event.at, partial(stage.order, ControlAction.PARTNER_DOWN)))
        for at, number in self._drawn.items():
            self._plans.append((at, partial(self._draw, number)))

    def _plan_partner(self) -> None:
        recording, stage = self._recording, self._stage
        for dial in recording.accepted:
            assert dial.up_at is not None
            self._plans.append((dial.up_at, partial(stage.link_up, dial.connection, Direction.ACCEPTED)))
        for (at, connection), segment in groupby(recording.heard, key=lambda spoken: (spoken.at, spoken.connection)):
            self._plans.append((at, partial(self._say, connection, [spoken.message for spoken in segment])))
        for closed in recording.closed_by_partner:
            self._plans.append((closed.at, partial(stage.lose, closed.connection)))

    def _draw(self, number: int, _: float) -> None:
        self._stage.drawn.number = number

    def _say(self, connection: str, segment: list[FailoverMessage], at: float) -> None:
        """Say the messages that came in one TCP segment; an acknowledgement waits if its update is not said yet."""
        fitting = [(message, self._fit(message, connection)) for message in segment]
        self._early_acks += [
            (message, connection) for message, fit in fitting if fit is None and isinstance(message, BndAck)
        ]
        said = [encode_failover(fit) for _, fit in fitting if fit is not None]
        if said:
            self._stage.hear(connection, said, at)

    def _acknowledge(self, at: float) -> None:
        """Say the acknowledgements whose updates are said."""
        for ack, connection in [*self._early_acks]:
            xid = self._xid_of_update(ack, connection)
            if xid is not None:
                self._early_acks.remove((ack, connection))
                self._stage.hear(connection, [encode_failover(replace(ack, xid=xid))], at)

    # the beginning

    def _begin_linked(self, at: float) -> None:
        """Bring the pair to where the capture finds it: its first start is over, and the primary has given its half."""
        now_s, group = int(at), self._group.name
        self._stage.disk[group] = StateRecord(
            group=group,
            my_state=FailoverState.RECOVER_DONE,
            my_state_at=now_s,
            partner_state=FailoverState.RECOVER,
            partner_state_at=now_s,
            mclt_s=MCLT_S,
        )
        self._stage.start(at)
        if self._is_mine:
            self._stage.wake_until(at, self._acknowledge)
        else:
            self._stage.link_up(self._first, Direction.ACCEPTED, at)
        opening = (self._opening(now_s), _state(FailoverState.RECOVER_DONE, now_s), _state(NORMAL, now_s))
        for message in chain(opening, self._moved(now_s)):
            self._stage.hear(self._first, [encode_failover(message)], at)
        self._stage.wake_until(at + LAZY_S, self._acknowledge)  # acknowledgements are stored a moment later
        self._stage.first_leases = stored_leases(self._stage)

    def _opening(self, now_s: int) -> Connect | ConnectAck:
        name = self._group.name.encode()
        if self._recording.role is Role.PRIMARY:
            return ConnectAck(time=now_s, xid=0, relationship=name, max_unacked=10, receive_timer_s=10)
        return Connect(
            time=now_s,
            xid=0,
            relationship=name,
            max_unacked=10,
            receive_timer_s=10,
            vendor_class=b"isc-4.4.3-P1",
            protocol_version=1,
            tls_request=0,
            mclt_s=MCLT_S,
            hba=HBA,
        )

    def _moved(self, now_s: int) -> Iterator[FailoverMessage]:
        """Return what is said of the half: the primary's updates to us, or the secondary's answers to ours."""
        pool = self._group.subnets[0].pools[0]
        half = range(int(pool.start), int(pool.start) + (int(pool.end) - int(pool.start) + 1) // 2)
        if self._recording.role is Role.PRIMARY:
            for address in half:
                said = [spoken.message for spoken in self._stage.said]
                xid = [each.xid for each in said if isinstance(each, BndUpd) and each.address == address]
                yield BndAck(time=now_s, xid=xid[0], address=address)
            return
        for address in half:
            yield BndUpd(
                time=now_s,
                xid=address,
                address=address,
                state=BindingState.BACKUP,
                lease_expires_at=0,
                potential_expires_at=now_s,
                stos=now_s,
            )

    # what is made to fit

    def _fit(self, message: FailoverMessage, connection: str) -> FailoverMessage | None:
        match message:
            case BndAck():
                xid = self._xid_of_update(message, connection)
                return None if xid is None else replace(message, xid=xid)
            case UpdDone():
                return replace(message, xid=self._last_xid(connection, UpdReq, UpdReqAll))
            case PoolResp():
                return replace(message, xid=self._last_xid(connection, PoolReq))
            case _:
                return message

    def _xid_of_update(self, ack: BndAck, connection: str) -> int | None:
        """Return the xid of our update that stands where the acknowledged one stood among those of its address."""
        place = _updates(self._recording.said, ack.address, connection).index(ack.xid)
        ours = _updates(self._stage.said, ack.address, connection)
        ours = ours[self._told_before(ack.address, connection) :]
        return ours[place] if place < len(ours) else None

    def _told_before(self, address: int | None, connection: str) -> int:
        """Return how often we told an address on a connection before the capture began."""
        if not self._recording.begins_linked:
            return 0
        before = [spoken for spoken in self._stage.said if spoken.at < self._recording.began_at]
        return len(_updates(before, address, connection))

    def _last_xid(self, connection: str, *kinds: type[FailoverMessage]) -> int:
        said = [spoken.message for spoken in self._stage.said if spoken.connection == connection]
        return next((message.xid for message in reversed(said) if isinstance(message, kinds)), 0)

    def _steered(self, packet: Packet) -> Packet:
        """Return a new client's DISCOVER with the address that the recorded server offered as a wish."""
        asked = decode_dhcp4(packet.data)
        offer = self._recording.offer_to(packet)
        if asked.message_type != Dhcp4Type.DISCOVER or offer is None or self._is_known(asked.chaddr, packet.at):
            return packet
        wish = OPTION_REQUESTED_ADDRESS + bytes(map(int, offer.address.split(".")))
        return replace(packet, data=packet.data[:OPTIONS_AT] + wish + packet.data[OPTIONS_AT:])

    def _is_known(self, client: bytes, at: float) -> bool:
        return any(answer.client == client and answer.at < at for answer in self._recording.answers)


def _state(state: FailoverState, now_s: int) -> State:
    return State(time=now_s, xid=0, state=state.wire, startup=False, stos=now_s)


def _updates(said: list[Spoken], address: int | None, connection: str) -> list[int]:
    messages = [spoken.message for spoken in said if spoken.connection == connection]
    return [each.xid for each in messages if isinstance(each, BndUpd) and each.address == address]
