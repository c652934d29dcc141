"""What is carried of a dhcpd.leases: the newest readable entry of each address, and the failover states."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.importing.dhcpd_conf import Wishes
from edgepair_engine.importing.dhcpd_leases import ImportedLeases, LeaseFile
from edgepair_engine.leases.lease import FLAG_BOOTP, FLAG_RESERVED, FOREVER_AT, Lease
from edgepair_engine.leases.record import Restored, StateRecord
from tests.unit.importing.conf import imported
from tests.unit.importing.conf_cases import PAIR, peer

PRIMARY = peer(f"primary; {PAIR} mclt 30; split 128;")
SECONDARY = peer(f"secondary; {PAIR}")
ALONE = "subnet 10.0.0.0 netmask 255.255.255.0 { range 10.0.0.10 10.0.0.20; }"
NOW_S = 1_800_000_000
AT_12 = 1796040883  # 2 2026/11/30 12:14:43, as a sum: 20787 days and 44083 seconds


def restored(text: str, configuration: str = PRIMARY) -> ImportedLeases:
    config = imported(configuration)
    return LeaseFile(text.encode("latin-1"), name="dhcpd.leases").restore(
        config.config, split=config.split, now_s=NOW_S
    )


def lease_of(statements: str, configuration: str = PRIMARY) -> Lease:
    (record,) = restored(f"lease 10.0.0.10 {{\n{statements}\n}}\n", configuration).restored.leases
    return record.lease


def why(result: ImportedLeases) -> list[tuple[int, str]]:
    return [(loss.line, loss.why) for loss in result.losses]


def test_all_that_a_lease_says_is_carried() -> None:
    result = restored(
        "lease 10.0.0.10 {\n  starts 1 2026/11/30 12:14:43;\n  ends 1 2026/11/30 12:15:43;\n"
        "  tstp 1 2026/11/30 12:16:43;\n  tsfp 1 2026/11/30 12:17:43;\n  atsfp 1 2026/11/30 12:18:43;\n"
        "  cltt 1 2026/11/30 12:14:44;\n  binding state active;\n  next binding state expired;\n"
        "  rewind binding state free;\n  hardware ethernet 02:00:00:00:00:0a;\n"
        '  uid "\\001\\002a\\"\\\\\\377";\n  client-hostname "kiosk";\n  reserved;\n  dynamic-bootp;\n}\n'
    )
    assert result.losses == ()
    (record,) = result.restored.leases
    assert record.group == "x"
    assert record.lease == Lease(
        address=int(IPv4Address("10.0.0.10")),
        state=BindingState.ACTIVE,
        client_id=b'\x01\x02a"\\\xff',
        hardware=b"\x01\x02\x00\x00\x00\x00\x0a",
        starts_at=AT_12,
        ends_at=AT_12 + 60,
        tstp=AT_12 + 120,
        tsfp=AT_12 + 180,
        atsfp=AT_12 + 240,
        cltt=AT_12 + 1,
        rewind=BindingState.FREE,
        flags=FLAG_RESERVED | FLAG_BOOTP,
        hostname="kiosk",
    )


@pytest.mark.parametrize("state", list(BindingState), ids=lambda state: state.name)
def test_every_binding_state_is_carried_and_rewound_to_itself_unless_the_file_says_more(state: BindingState) -> None:
    lease = lease_of(f"binding state {state.name.lower()};")
    assert (lease.state, lease.rewind) == (state, state)


@pytest.mark.parametrize(
    ("statement", "lease"),
    [
        ("uid 01:02:ff;", Lease(address=0, client_id=b"\x01\x02\xff")),
        ("ends never;", Lease(address=0, ends_at=FOREVER_AT, tstp=FOREVER_AT)),
        ("starts epoch 1796040883; # Mon Nov 30 12:14:43 2026", Lease(address=0, starts_at=AT_12)),
        ("starts 1 2026/11/30 08:09:08;", Lease(address=0, starts_at=AT_12 - 14735)),
        ("starts  1 2026/11/30\n12:14:43 ;", Lease(address=0, starts_at=AT_12)),
        ("ends 1 2026/11/30 12:14:43;", Lease(address=0, ends_at=AT_12, tstp=AT_12)),
        ("ends 1 2326/11/30 12:14:43;", Lease(address=0, ends_at=FOREVER_AT, tstp=FOREVER_AT)),
        ("hardware token-ring 1:2;", Lease(address=0, hardware=b"\x06\x01\x02")),
        ("abandoned;", Lease(address=0, state=BindingState.ABANDONED)),
        ("binding state bootp;", Lease(address=0, state=BindingState.ACTIVE, flags=FLAG_BOOTP)),
        ("", Lease(address=0)),
    ],
    ids=["hexadecimal uid", "never", "local form", "eight and nine", "other blanks", "tstp left out", "after 2038",
         "token ring", "old abandoned", "old bootp", "nothing"],
)  # fmt: skip
def test_a_statement_means_what_dhcpd_means_by_it(statement: str, lease: Lease) -> None:
    got = lease_of(statement)
    assert replace(got, address=0, rewind=BindingState.FREE) == lease


def test_of_two_entries_the_later_one_counts() -> None:
    text = "lease 10.0.0.10 {\n  binding state active;\n}\nlease 10.0.0.10 {\n  binding state backup;\n}\n"
    result = restored(text)
    assert [record.lease.state for record in result.restored.leases] == [BindingState.BACKUP]
    assert result.losses == ()


def test_a_last_entry_that_is_cut_off_is_listed_and_the_one_before_counts() -> None:
    result = restored("lease 10.0.0.10 {\n  binding state active;\n}\nlease 10.0.0.10 {\n  starts 4 2026/1")
    assert [record.lease.state for record in result.restored.leases] == [BindingState.ACTIVE]
    ((line, reason),) = why(result)
    assert (line, reason.split(" (")[0]) == (4, "it cannot be read: the file ends within it")


def test_an_entry_that_is_cut_off_in_the_middle_takes_no_other_with_it() -> None:
    result = restored("lease 10.0.0.10 {\n  starts 4 2026/1\nlease 10.0.0.11 {\n  binding state backup;\n}\n")
    assert [record.lease.state for record in result.restored.leases] == [BindingState.BACKUP]
    ((line, reason),) = why(result)
    assert (line, reason.split(" (")[0]) == (1, "it cannot be read")


def test_addresses_that_are_in_no_range_are_listed() -> None:
    result = restored(
        "lease 10.0.0.15 {\n  binding state active;\n}\nlease 10.9.0.1 {\n  binding state active;\n}\n",
        f"{ALONE} host a {{ hardware ethernet 2:0:0:0:0:a; fixed-address 10.0.0.15; }}",
    )
    assert result.restored.leases == ()
    assert why(result) == [(1, "its address is reserved for a now"), (4, "its address is in no range that is carried")]


def test_what_a_lease_has_no_place_for_is_listed_once_of_each_kind() -> None:
    result = restored(
        'server-duid "\\000";\nlease 10.0.0.10 {\n  set ddns-fwd-name = "a";\n  set ddns-txt = "b";\n'
        '  option agent.circuit-id "c";\n}\nlease 10.0.0.11 {\n  set x = "a";\n}\nhost h {\n  dynamic;\n}\n'
    )
    assert len(result.restored.leases) == 2
    assert why(result) == [
        (1, "a DHCPv4 server has no DUID here"),
        (3, "variables, those of DNS updates among them, are not kept (listed once)"),
        (5, "the relay's options are not kept with the lease (listed once)"),
        (10, "it was made by OMAPI, which does not exist here"),
    ]


def test_without_failover_no_lease_waits_for_a_partner_to_hear_of_it() -> None:
    lease = lease_of("binding state expired; rewind binding state active; ends 1 2026/11/30 12:14:43;", ALONE)
    assert (lease.state, lease.rewind, lease.ends_at) == (BindingState.FREE, BindingState.FREE, AT_12)
    assert lease_of("binding state backup;", ALONE).state is BindingState.FREE
    assert lease_of("binding state active;", ALONE).state is BindingState.ACTIVE


# failover states

STATE = (
    'failover peer "x" state {{\n  my state {} at 1 2026/11/30 12:14:43;\n'
    "  partner state normal at 1 2026/11/30 12:14:44;\n  mclt 45;\n}}\n"
)


def test_the_newest_states_of_a_secondary_are_carried_with_the_mclt_it_was_told() -> None:
    text = STATE.format("recover") + STATE.format("normal")
    assert LeaseFile(text.encode(), name="dhcpd.leases").told_mclt_s == {"x": 45}
    result = restored(text, SECONDARY)
    assert (result.losses, result.restored.states) == (
        (),
        (
            StateRecord(
                group="x",
                my_state=FailoverState.NORMAL,
                my_state_at=AT_12,
                partner_state=FailoverState.NORMAL,
                partner_state_at=AT_12 + 1,
                mclt_s=45,
            ),
        ),
    )


def test_a_primary_has_the_mclt_of_its_configuration() -> None:
    (state,) = restored(STATE.format("partner-down")).restored.states
    assert (state.my_state, state.mclt_s, state.update_all_wanted) == (FailoverState.PARTNER_DOWN, 30, False)


@pytest.mark.parametrize(
    ("written", "starts_as"),
    [
        ("normal", FailoverState.NORMAL),
        ("communications-interrupted", FailoverState.COMMUNICATIONS_INTERRUPTED),
        ("partner-down", FailoverState.PARTNER_DOWN),
        ("potential-conflict", FailoverState.POTENTIAL_CONFLICT),
        ("resolution-interrupted", FailoverState.RESOLUTION_INTERRUPTED),
        ("conflict-done", FailoverState.CONFLICT_DONE),
        ("recover", FailoverState.RECOVER),
        ("recover-wait", FailoverState.RECOVER_WAIT),
        ("recover-done", FailoverState.RECOVER_DONE),
        ("paused", FailoverState.COMMUNICATIONS_INTERRUPTED),
        ("shutdown", FailoverState.RECOVER),
        ("unknown-state", FailoverState.RECOVER),
        ("startup", FailoverState.RECOVER),
    ],
)
def test_a_server_starts_in_the_state_that_dhcpd_wrote(written: str, starts_as: FailoverState) -> None:
    result = restored(STATE.format(written))
    (state,) = result.restored.states
    assert state.my_state is starts_as
    assert state.update_all_wanted is (starts_as is FailoverState.RECOVER)
    assert len(result.losses) == (written in {"paused", "shutdown", "unknown-state", "startup"})


def test_a_state_that_somebody_wrote_by_hand_without_a_time_begins_now() -> None:
    (state,) = restored('failover peer "x" state {\n my state partner-down;\n}\n').restored.states
    assert (state.my_state, state.my_state_at, state.partner_state) == (
        FailoverState.PARTNER_DOWN,
        NOW_S,
        FailoverState.UNKNOWN,
    )


def test_the_state_of_a_peer_that_is_not_configured_is_listed() -> None:
    result = restored(STATE.format("normal"), ALONE)
    assert (result.restored.states, why(result)) == ((), [(1, "no group of the configuration has this name")])


def test_a_state_that_cannot_be_read_is_listed_and_the_one_before_counts() -> None:
    result = restored(STATE.format("normal") + 'failover peer "x" state {\n  my state par')
    assert [state.my_state for state in result.restored.states] == [FailoverState.NORMAL]
    assert [line for line, _ in why(result)] == [6]


def test_an_empty_lease_file_holds_nothing() -> None:
    assert restored("") == ImportedLeases(Restored(), ())


def test_what_stands_between_entries_is_listed() -> None:
    result = restored("foo 1;\nlease 10.0.0.10 {\n}\nbar 2;\n")
    assert why(result) == [(1, "it belongs to no entry"), (4, "it belongs to no entry")]


def test_progress_is_told_now_and_then() -> None:
    config = imported("subnet 10.0.0.0 netmask 255.255.0.0 { range 10.0.0.1 10.0.255.254; }", Wishes("a")).config
    text = "".join(f"lease 10.0.{n >> 8}.{n & 255} {{\n}}\n" for n in range(1, 20_001))
    told: list[tuple[int, int]] = []
    leases = LeaseFile(text.encode(), name="l").restore(
        config, split={}, now_s=NOW_S, tell=lambda done, of: told.append((done, of))
    )
    assert (told, len(leases.restored.leases)) == ([(10_000, 20_000), (20_000, 20_000)], 20_000)
