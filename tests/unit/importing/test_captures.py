"""The recorded pairs: every configuration and lease file imports, and the figures are those of another reading."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.importing.dhcpd_conf import Attachment, Wishes, import_config
from edgepair_engine.importing.dhcpd_leases import LeaseFile

CAPTURES = Path(__file__).parents[2] / "data" / "captures"
SERVERS = [(folder.name, role) for folder in sorted(CAPTURES.glob("*/")) for role in ("primary", "secondary")]
LAN = {IPv4Network("10.77.1.0/24"): Attachment("eth0")}
TIMES = {"starts": "starts_at", "ends": "ends_at", "tstp": "tstp", "tsfp": "tsfp", "atsfp": "atsfp", "cltt": "cltt"}


def seconds(text: str) -> int:
    return int(datetime.strptime(text, "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(("capture", "role"), SERVERS, ids=lambda value: value)
def test_both_servers_of_a_capture_import(capture: str, role: str) -> None:
    conf = (CAPTURES / capture / f"{role}.dhcpd.conf").read_bytes()
    text = (CAPTURES / capture / f"{role}.leases").read_text()
    leases = LeaseFile(text.encode(), name="leases")
    imported = import_config(conf, name="conf", wishes=Wishes("a", LAN, told_mclt_s=leases.told_mclt_s))
    assert [loss.statement for loss in imported.losses] == ["omapi-port 7911;", "log-facility local7;"]
    (group,) = imported.config.groups
    assert (group.role.value, group.mclt_s, group.max_response_delay_s) == (role, 30, 10)
    assert str(group.my_address) == {"primary": "10.77.1.2", "secondary": "10.77.1.3"}[role]

    result = leases.restore(imported.config, split={}, now_s=0)
    assert [loss.statement.split()[0] for loss in result.losses] == ["server-duid"]
    newest = dict(re.findall(r"^lease (\S+) \{\n(.*?)^\}", text, re.DOTALL | re.MULTILINE))
    assert {str(IPv4Address(record.lease.address)) for record in result.restored.leases} == set(newest)
    for record in result.restored.leases:
        lease, entry = record.lease, newest[str(IPv4Address(record.lease.address))]
        assert lease.state is BindingState[re.findall(r"^  binding state (\w+);", entry, re.MULTILINE)[0].upper()]
        for word, field in TIMES.items():
            found = re.findall(rf"^  {word} \d (.*);", entry, re.MULTILINE)
            if found or word != "tstp":
                assert getattr(lease, field) == (seconds(found[0]) if found else 0), (word, entry)
        mac = re.findall(r"hardware ethernet (.*);", entry)
        assert lease.hardware == (b"\x01" + bytes.fromhex(mac[0].replace(":", "")) if mac else None)

    my_state, my_time = re.findall(r"my state (\S+) at \d (.*);", text)[-1]
    (state,) = result.restored.states
    assert state.my_state is {each.edgeconnect: each for each in FailoverState}[my_state]
    assert (state.my_state_at, state.mclt_s) == (seconds(my_time), 30)


def test_a_client_identifier_comes_out_as_the_client_sent_it() -> None:
    folder = CAPTURES / "b1-dora-in-normal"
    config = import_config((folder / "primary.dhcpd.conf").read_bytes(), name="c", wishes=Wishes("a", LAN)).config
    result = LeaseFile((folder / "primary.leases").read_bytes(), name="l").restore(config, split={}, now_s=0)
    states = Counter(record.lease.state for record in result.restored.leases)
    assert states == {BindingState.ACTIVE: 8, BindingState.BACKUP: 14, BindingState.FREE: 18}
    identified = {record.lease.client_id.hex() for record in result.restored.leases if record.lease.client_id}
    assert identified == {"01020000000005", "006b696f736b2d36"}
