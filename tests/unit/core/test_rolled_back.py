"""A store put back from a snapshot looks sound; a partner of ours knows better, and its server recovers (I17)."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import pytest

from edgepair_contract.control import ControlAction
from edgepair_contract.notices import NoteCode
from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.leases.record import Record, StateRecord
from tests.unit.core.pair import ADDRESSES, Pair, group_of
from tests.unit.dhcp.packets import Terminal

CLIENTS = [Terminal(mac=bytes([2, 0, 0, 0, 0, number])) for number in range(4)]


def pair_in_normal() -> Pair:
    pair = Pair()
    pair.start(*ADDRESSES)
    pair.advance(20)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]
    return pair


def lease(pair: Pair, client: Terminal) -> str:
    """Let a client take an address from whoever offers one, and return it."""
    offers = [offer for name in ADDRESSES if (offer := pair.hear(name, client.discovers())) is not None]
    for name in ADDRESSES:
        pair.hear(name, client.selects(offers[0].yiaddr, offers[0].server))
    return offers[0].yiaddr


def put_back(pair: Pair, name: str, disk: dict[Hashable, Record]) -> None:
    pair.kill(name)
    pair.members[name].disk = dict(disk)
    pair.members[name].notes.clear()
    pair.start(name)
    pair.advance(6)


def bindings(pair: Pair, name: str, addresses: list[str]) -> list[tuple[BindingState, int, bytes | None]]:
    records = [record for address in addresses if (record := pair.members[name].stored_lease(address)) is not None]
    assert len(records) == len(addresses)
    return [(record.lease.state, record.lease.ends_at, record.lease.hardware) for record in records]


def rolled_back(pair: Pair, name: str) -> bool:
    return any(note.code is NoteCode.STORE_ROLLED_BACK for note in pair.members[name].notes)


@pytest.mark.protocol("I17")
@pytest.mark.parametrize("name", ADDRESSES)
def test_a_server_on_an_old_store_recovers_everything_before_it_serves_again(name: str) -> None:
    pair = pair_in_normal()
    snapshot = dict(pair.members[name].disk)
    leased = [lease(pair, client) for client in CLIENTS]
    put_back(pair, name, snapshot)

    assert rolled_back(pair, name)
    group = pair.members[name].group
    assert group.my_state.label == "Recover-wait"
    assert group.transitions[-2].cause == "the lease store is older than what the partner knows of it"
    assert bindings(pair, "east-1", leased) == bindings(pair, "east-2", leased)
    pair.advance(70)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]
    assert bindings(pair, "east-1", leased) == bindings(pair, "east-2", leased)


@pytest.mark.protocol("I17")
@pytest.mark.parametrize("name", ADDRESSES)
def test_a_restart_on_the_same_store_is_no_rollback(name: str) -> None:
    pair = pair_in_normal()
    for client in CLIENTS:
        lease(pair, client)
    put_back(pair, name, dict(pair.members[name].disk))
    assert not rolled_back(pair, name)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]


@pytest.mark.protocol("I17")
@pytest.mark.parametrize("name", ADDRESSES)
def test_a_second_snapshot_is_found_out_too(name: str) -> None:
    """After the first the two count anew; the old counting must not pass for the new one."""
    pair = pair_in_normal()
    snapshot = dict(pair.members[name].disk)
    for client in CLIENTS[:2]:
        lease(pair, client)
    put_back(pair, name, snapshot)
    pair.advance(70)
    for client in CLIENTS[2:]:
        lease(pair, client)
    put_back(pair, name, snapshot)
    assert rolled_back(pair, name)


@pytest.mark.protocol("I17")
def test_a_primary_that_never_heard_the_finding_hears_it_on_the_next_link() -> None:
    pair = pair_in_normal()
    snapshot = dict(pair.members["east-1"].disk)
    for client in CLIENTS:
        lease(pair, client)
    pair.kill("east-1")
    pair.members["east-1"].disk = snapshot
    pair.members["east-2"].disk_is_slow = True
    pair.start("east-1")
    pair.sever()  # CONNECTACK, which tells it, still waited for the disk
    pair.finish_commits("east-2")
    pair.members["east-2"].disk_is_slow = False
    assert not rolled_back(pair, "east-1")
    pair.mend()
    pair.advance(6)

    assert rolled_back(pair, "east-1")
    pair.advance(70)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]
    put_back(pair, "east-1", dict(pair.members["east-1"].disk))
    assert [rolled_back(pair, name) for name in ADDRESSES] == [False, False]


@pytest.mark.protocol(87)
def test_a_first_start_whose_first_answer_is_lost_waits_for_no_lease_all_the_same() -> None:
    """Nothing was counted by it, so it is no sign that the two have served before: MCLT would be an hour of silence."""
    pair = Pair()
    pair.members["east-2"].disk_is_slow = True
    pair.start(*ADDRESSES)
    pair.sever()  # CONNECTACK still waited for the disk
    pair.finish_commits("east-2")
    pair.members["east-2"].disk_is_slow = False
    pair.mend()
    pair.advance(6)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]


@pytest.mark.protocol("I17")
@pytest.mark.parametrize("name", ADDRESSES)
def test_a_store_from_before_a_lost_one_is_found_out_too(name: str) -> None:
    """A backup of the first store is put back after the partner has already met a second, empty one."""
    pair = pair_in_normal()
    backup = dict(pair.members[name].disk)
    for client in CLIENTS[:2]:
        lease(pair, client)
    pair.members[name].disks_lost = 1
    put_back(pair, name, {})
    pair.advance(70)
    for client in CLIENTS[2:]:
        lease(pair, client)
    pair.members[name].disks_lost = 0
    put_back(pair, name, backup)
    assert rolled_back(pair, name)


@pytest.mark.protocol("I17")
@pytest.mark.parametrize("name", ADDRESSES)
def test_an_old_store_is_found_out_by_the_partners_updates_alone(name: str) -> None:
    pair = pair_in_normal()
    snapshot = dict(pair.members[name].disk)
    other = next(each for each in ADDRESSES if each != name)
    client = Terminal(mac=bytes([2, 0, 0, 0, 0, 9]), secs=10)
    offer = pair.hear(other, client.discovers())
    assert offer is not None
    pair.hear(other, client.selects(offer.yiaddr, offer.server))
    put_back(pair, name, snapshot)
    assert rolled_back(pair, name)


@pytest.mark.protocol("I17")
@pytest.mark.parametrize("name", ADDRESSES)
def test_updates_that_were_lost_on_the_way_hide_no_later_rollback(name: str) -> None:
    pair = pair_in_normal()
    other = next(each for each in ADDRESSES if each != name)
    clients = [Terminal(mac=client.mac, secs=10) for client in CLIENTS[:2]]
    pair.members[other].disk_is_slow = True
    given = []
    for client in clients:
        offer = pair.hear(name, client.discovers())
        assert offer is not None
        pair.hear(name, client.selects(offer.yiaddr, offer.server))
        given.append(offer.yiaddr)
    pair.kill(other)  # with all that it had heard and not stored
    pair.members[other].commits.clear()
    pair.members[other].disk_is_slow = False
    pair.start(other)
    pair.advance(30)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]
    snapshot = dict(pair.members[name].disk)
    assert pair.hear(name, clients[1].renews(given[1])) is not None
    put_back(pair, name, snapshot)
    assert rolled_back(pair, name)


@pytest.mark.parametrize("name", ADDRESSES)
def test_who_lost_its_store_waits_for_its_leases_though_its_partner_recovers_too(name: str) -> None:
    """It served alone while the partner was away; a dhcpd goes on at once, as two new servers do."""
    pair = pair_in_normal()
    other = next(each for each in ADDRESSES if each != name)
    pair.kill(other)
    assert pair.order(name, ControlAction.PARTNER_DOWN).done
    pair.start(other)
    assert pair.members[other].group.my_state.label == "Recover-wait"
    pair.advance(70)
    record = pair.members[other].disk["lan0"]
    assert isinstance(record, StateRecord)
    pair.kill(other)
    pair.members[other].disk["lan0"] = replace(
        record, my_state=FailoverState.RECOVER, partner_state=FailoverState.PARTNER_DOWN
    )
    pair.members[name].disks_lost = 1
    pair.kill(name)
    pair.members[name].disk = {}
    pair.start(*ADDRESSES)
    pair.advance(6)
    assert pair.members[name].group.my_state.label == "Recover-wait"
    pair.advance(60)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_lost_store_is_not_called_a_rolled_back_one(name: str) -> None:
    pair = pair_in_normal()
    for client in CLIENTS:
        lease(pair, client)
    pair.members[name].disks_lost += 1
    put_back(pair, name, {})
    other = next(each for each in ADDRESSES if each != name)
    assert (rolled_back(pair, name), rolled_back(pair, other)) == (False, False)
    pair.advance(70)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]
    put_back(pair, name, dict(pair.members[name].disk))
    assert (rolled_back(pair, name), rolled_back(pair, other)) == (False, False)


def test_a_partner_that_is_not_ours_gets_no_introduction() -> None:
    strangers = {name: group_of(name).model_copy(update={"partner_is_ours": False}) for name in ADDRESSES}
    pair = pair_in_normal()
    for name, group in strangers.items():
        pair.configure(name, group)
    pair.advance(10)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]
    assert [member.group.partner_version for member in pair.members.values()] == [None, None]


@pytest.mark.protocol("I17")
def test_two_of_ours_tell_each_other_their_version_and_that_their_scopes_differ() -> None:
    pair = pair_in_normal()
    assert [member.group.partner_version for member in pair.members.values()] == ["0", "0"]
    assert not any(note.code is NoteCode.PARTNER_CONFIG_DIFFERS for note in pair.members["east-1"].notes)
    group = group_of("east-1")
    (subnet,) = group.subnets
    other = subnet.model_copy(update={"domain_name": "elsewhere.example"})
    pair.configure("east-1", group.model_copy(update={"subnets": (other,), "split": 64}))
    pair.advance(10)
    assert any(note.code is NoteCode.PARTNER_CONFIG_DIFFERS for note in pair.members["east-1"].notes)
