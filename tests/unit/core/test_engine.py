"""What the engine makes of configuration, interfaces, the store, strangers and broken bytes."""

from __future__ import annotations

import random
from ipaddress import IPv4Address, IPv4Network

import pytest

from edgepair_contract.config import MemberConfig, PoolConfig, SubnetConfig, parse_member_config
from edgepair_contract.notices import NoteCode
from edgepair_contract.report import InterfaceReport
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.core.effects import Effects, SendDhcp, Tell
from edgepair_engine.core.engine import Engine, newest_config
from edgepair_engine.core.events import (
    ConfigRefused,
    ConfigReplaced,
    DatagramsDropped,
    DhcpDatagram,
    InterfacesChanged,
    PartnerBytes,
    StoreChanged,
)
from edgepair_engine.core.turn import run_turn
from edgepair_engine.leases.record import ConfigRecord, LeaseRecord, Restored
from tests.unit.core.pair import Pair, group_of, member_of
from tests.unit.dhcp.counter import PLAIN_MEMBER, T0, later
from tests.unit.dhcp.packets import BY_BROADCAST, PRIMARYS_MAC, Terminal

CLIENT = Terminal(mac=PRIMARYS_MAC)


def engine_of(config: MemberConfig = PLAIN_MEMBER) -> Engine:
    return Engine(config, Restored(), random.Random(7), now=T0)


def notes(effects: Effects) -> list[tuple[NoteCode, dict[str, str | int]]]:
    return [(output.note.code, dict(output.note.fields)) for output in effects.outputs if isinstance(output, Tell)]


def replaced(revision: int, **changes: object) -> ConfigReplaced:
    config = PLAIN_MEMBER.model_copy(update={"revision": revision, **changes})
    return ConfigReplaced(config)


@pytest.mark.parametrize(
    ("before", "is_stored"),
    [
        pytest.param(None, True, id="the first start"),
        pytest.param(PLAIN_MEMBER, False, id="nothing has changed"),
        pytest.param(PLAIN_MEMBER.model_copy(update={"subnets": ()}), True, id="the file has changed"),
    ],
)
def test_what_a_server_starts_with_is_stored(before: MemberConfig | None, *, is_stored: bool) -> None:
    stored = ConfigRecord(before.revision, before.model_dump_json()) if before is not None else None
    engine = Engine(PLAIN_MEMBER, Restored(config=stored), random.Random(7), now=T0)
    records = run_turn(engine, [], T0).records
    assert [parse_member_config(record.text) for record in records if isinstance(record, ConfigRecord)] == (
        [PLAIN_MEMBER] if is_stored else []
    )


def test_a_newer_configuration_is_stored_and_in_force() -> None:
    engine = engine_of()
    event = replaced(2, subnets=PLAIN_MEMBER.subnets[:1])
    effects = engine.handle(event, T0)
    (record,) = effects.records
    assert isinstance(record, ConfigRecord)
    assert (record.revision, parse_member_config(record.text)) == (2, event.config)
    assert [code for code, _ in notes(effects)] == [NoteCode.CONFIG_ACCEPTED]
    report = engine.report(T0)
    assert (report.config_revision, report.config_digest) == (2, event.config.digest)
    assert [pool.prefix for pool in report.subnets] == ["10.1.0.0/24"]


def test_an_older_configuration_is_refused_and_the_report_says_so() -> None:
    engine = engine_of()
    engine.handle(replaced(5), T0)
    effects = engine.handle(replaced(4, server="ec-east-9"), T0)
    assert effects.records == ()
    why = "revision 4 is older than 5, which is in force"
    assert notes(effects) == [(NoteCode.CONFIG_REFUSED, {"why": why})]
    assert (engine.report(T0).config_error, engine.report(T0).config_revision) == (why, 5)


def test_the_same_configuration_again_changes_nothing() -> None:
    engine = engine_of()
    engine.handle(replaced(1), T0)
    assert engine.handle(replaced(1), T0) == Effects()


def test_a_broken_configuration_is_told_and_the_one_before_stays() -> None:
    engine = engine_of()
    engine.handle(ConfigRefused("groups[0].mclt_s: 0 must be 1..86400"), T0)
    report = engine.report(T0)
    assert report.config_error == "groups[0].mclt_s: 0 must be 1..86400"
    assert report.ready


@pytest.mark.parametrize(
    ("stored", "server"),
    [
        pytest.param(None, "given", id="nothing stored"),
        pytest.param(ConfigRecord(1, '{"server": "stored", "revision": 1}'), "given", id="stored one is as old"),
        pytest.param(ConfigRecord(2, '{"server": "stored", "revision": 2}'), "stored", id="stored one is newer"),
        pytest.param(ConfigRecord(2, '{"server": "stored", "from": "a later version"}'), "given", id="cannot be read"),
    ],
)
def test_an_engine_starts_with_the_newest_configuration_it_can_read(stored: ConfigRecord | None, server: str) -> None:
    given = MemberConfig(server="given", revision=1)
    assert newest_config(given, Restored(config=stored)).server == server


def test_trouble_with_an_interface_is_told_once_and_its_end_too() -> None:
    engine = engine_of()
    down = InterfaceReport(name="lan0", device="eth1", address="10.1.0.2/24", problem="there is no device eth1")
    up = down.model_copy(update={"problem": None})
    told = [notes(engine.handle(InterfacesChanged((report,)), T0)) for report in (down, down, up)]
    assert told == [
        [(NoteCode.INTERFACE_PROBLEM, {"interface": "lan0", "device": "eth1", "why": "there is no device eth1"})],
        [],
        [(NoteCode.INTERFACE_RECOVERED, {"interface": "lan0", "device": "eth1"})],
    ]
    assert engine.report(T0).interfaces == (up,)


def test_a_store_that_fails_makes_the_server_unready_until_it_works_again() -> None:
    engine = engine_of()
    assert notes(engine.handle(StoreChanged("disk full"), T0)) == [(NoteCode.STORE_PROBLEM, {"why": "disk full"})]
    report = engine.report(T0)
    assert (report.ready, report.ready_why) == (False, "the lease store does not work: disk full")
    assert notes(engine.handle(StoreChanged(None), T0)) == [(NoteCode.STORE_RECOVERED, {})]
    assert engine.report(T0).ready


def test_bytes_that_are_no_dhcp_are_counted_and_told_every_ten_seconds() -> None:
    engine = engine_of()
    hello = DhcpDatagram(b"hello", BY_BROADCAST)
    told = [notes(engine.handle(hello, now)) for now in (T0, T0, later(9), later(10))]
    why = "5 bytes, a packet has 240 or more at offset 5"
    first, last = ((NoteCode.DATAGRAMS_DROPPED, {"count": count, "why": why}) for count in (1, 3))
    assert told == [[first], [], [], [last]]
    dropped = engine.handle(DatagramsDropped(12, "the inbox was full"), T0)
    assert notes(dropped) == [(NoteCode.DATAGRAMS_DROPPED, {"count": 12, "why": "the inbox was full"})]


def test_a_client_on_a_network_that_is_not_configured_is_not_answered() -> None:
    relayed = Terminal(mac=PRIMARYS_MAC, giaddr="172.16.0.1")
    effects = engine_of().handle(DhcpDatagram(relayed.discovers(), BY_BROADCAST), T0)
    fields = {"message": "DISCOVER", "client": "…000002"}
    why = "no configured subnet for where the packet came from (lan0)"
    assert notes(effects) == [(NoteCode.CLIENT_IGNORED, {**fields, "why": why})]


def test_a_client_that_floods_is_held_to_its_rate() -> None:
    engine = engine_of()
    event = DhcpDatagram(CLIENT.discovers(), BY_BROADCAST)
    answers = [engine.handle(event, T0) for _ in range(21)]
    assert sum(isinstance(output, SendDhcp) for effects in answers for output in effects.outputs) == 20


def test_a_full_pool_is_told_once_a_minute_with_the_reason_and_shown_for_a_while() -> None:
    pools = (PoolConfig(start=IPv4Address("10.1.0.50"), end=IPv4Address("10.1.0.51")),)
    subnet = SubnetConfig(interface="lan0", prefix=IPv4Network("10.1.0.0/24"), pools=pools)
    engine = engine_of(PLAIN_MEMBER.model_copy(update={"subnets": (subnet,)}))
    run_turn(engine, [DhcpDatagram(CLIENT.selects("10.1.0.51"), BY_BROADCAST)], T0)
    told, shown = [], []
    for number, now in enumerate((T0, T0, T0, later(59), later(60))):
        terminal = Terminal(mac=bytes([2, 0, 0, 0, 1, number]))
        # The offer holds the one address for two minutes.
        told.append([code for code, _ in notes(engine.handle(DhcpDatagram(terminal.discovers(), BY_BROADCAST), now))])
        shown.append(engine.report(now).subnets[0].empty_why)
    assert [NoteCode.POOL_EMPTY in codes for codes in told] == [False, True, False, False, True]
    assert shown == [None, *["of 2 addresses 1 leased, 1 offered, or ended a moment ago"] * 4]
    over_s = engine.next_wakeup(later(60))
    assert over_s == later(190).mono_s
    assert engine.report(later(189)).subnets[0].empty_why is not None
    assert engine.report(later(190)).subnets[0].empty_why is None


def test_without_failover_a_lease_ends_by_itself_and_its_address_is_free() -> None:
    engine = engine_of()
    run_turn(engine, [DhcpDatagram(CLIENT.selects("10.1.0.50"), BY_BROADCAST)], T0)
    assert engine.next_wakeup(T0) == T0.mono_s + 86401
    assert run_turn(engine, [], later(86400)).records == ()
    effects = run_turn(engine, [], later(86401))
    states = [record.lease.state for record in effects.records if isinstance(record, LeaseRecord)]
    assert states == [BindingState.FREE]
    assert engine.next_wakeup(later(86401)) is None


def test_a_slow_disk_holds_back_the_ack_and_the_partner_s_update_together() -> None:
    pair = Pair()
    pair.start("east-1", "east-2")
    pair.advance(20)
    offer = pair.hear("east-1", CLIENT.discovers())
    assert offer is not None
    pair.members["east-1"].disk_is_slow = True
    assert pair.hear("east-1", CLIENT.selects(offer.yiaddr)) is None
    before = pair.members["east-2"].stored_lease(offer.yiaddr)
    assert before is None or before.lease.state is BindingState.FREE
    already = len(pair.members["east-1"].sent)
    pair.finish_commits("east-1")
    assert len(pair.members["east-1"].sent) == already + 1
    after = pair.members["east-2"].stored_lease(offer.yiaddr)
    assert after is not None
    assert after.lease.state is BindingState.ACTIVE


def test_a_disk_that_never_finishes_is_no_reason_to_lose_the_partner() -> None:
    pair = Pair()
    pair.start("east-1", "east-2")
    pair.advance(20)
    pair.members["east-1"].disk_is_slow = True
    pair.advance(30)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]
    assert pair.members["east-2"].group.connected


def test_unknown_bytes_close_the_link_with_a_reason_and_the_servers_meet_again() -> None:
    pair = Pair()
    pair.start("east-1", "east-2")
    pair.advance(20)
    member = pair.members["east-1"]
    link = next(link for name, link in pair.wires if name == "east-1")
    member.inbox.append(PartnerBytes(link, b"\xff\xff\x01\x02"))
    pair.advance(1)
    whys = [note.fields["why"] for note in member.notes if note.code is NoteCode.LINK_DOWN]
    assert whys == ["bytes that are no failover message: length 65535, allowed are 12..2048 at offset 0"]
    pair.advance(20)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]


def test_two_groups_between_the_same_addresses_each_find_their_connection() -> None:
    other = SubnetConfig(
        interface="lan0",
        prefix=IPv4Network("10.2.0.0/24"),
        pools=(PoolConfig(start=IPv4Address("10.2.0.50"), end=IPv4Address("10.2.0.60")),),
    )
    configs = {
        name: member_of(name, group_of(name), group_of(name, other).model_copy(update={"name": "lan1"}))
        for name in ("east-1", "east-2")
    }
    pair = Pair(configs)
    pair.start("east-1", "east-2")
    pair.advance(40)
    for member in pair.members.values():
        assert member.report is not None
        assert [(group.name, group.my_state.label) for group in member.report.groups] == [
            ("lan0", "Normal"),
            ("lan1", "Normal"),
        ]


def test_a_report_is_the_same_object_until_something_is_worth_telling() -> None:
    engine = engine_of()
    first = engine.report(T0)
    engine.handle(DhcpDatagram(CLIENT.selects("10.1.0.50"), BY_BROADCAST), T0)
    assert engine.report(later(59)) is first
    counted = engine.report(later(60))
    assert (counted.revision, counted.subnets[0].active) == (2, 1)
