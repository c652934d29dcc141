"""`edgepair-engine import-dhcpd`: files in, a configuration, a store and an exit code out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgepair_contract.config import parse_member_config
from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.main import main
from edgepair_engine.store.journal import SqliteJournal, read_store

CONF = """subnet 10.0.0.0 netmask 255.255.255.0 {
  option routers 10.0.0.1;
  include "pool.conf";
}
"""
POOL = 'pool { failover peer "x"; range 10.0.0.10 10.0.0.20; }\n'
PEER = 'failover peer "x" { secondary; address 10.0.0.2; peer address 10.0.0.3; max-response-delay 10; }\n'
LEASES = """failover peer "x" state {
  my state normal at 1 2026/11/30 12:14:43;
  partner state normal at 1 2026/11/30 12:14:44;
  mclt 45;
}
lease 10.0.0.10 {
  binding state active;
  hardware ethernet 02:00:00:00:00:0a;
}
lease 10.0.0.11 {
  binding state backup;
}
"""


WRONG_DEVICES = ["10.0.0.0/24", "eth0", "10.0.0.1/24=eth0", "10.0.0.0/24=eth0,x", "10.0.0.0/24=relay,10.0.0.1"]


@dataclass
class Site:
    """A dhcpd's files, and the folder for ours."""

    folder: Path

    def __post_init__(self) -> None:
        self.conf.write_text(PEER + CONF)
        (self.folder / "pool.conf").write_text(POOL)
        self.leases.write_text(LEASES)

    @property
    def conf(self) -> Path:
        return self.folder / "dhcpd.conf"

    @property
    def leases(self) -> Path:
        return self.folder / "dhcpd.leases"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def run(self, *words: str, device: str = "10.0.0.0/24=eth0") -> int:
        files = ["import-dhcpd", str(self.conf), "--leases", str(self.leases), "--out", str(self.out)]
        return main([*files, "--server", "a", "--interface", device, *words])


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_all_is_carried_and_the_engine_can_read_it(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert site.run() == 0
    assert capsys.readouterr().out == (
        f"{site.out}: 1 subnets, 11 addresses, 0 reservations, 2 leases (1 active, 1 backup)\n"
        "group x (secondary): starts in Normal\neverything was carried over\n"
    )
    config = parse_member_config((site.out / "member.json").read_text())
    assert (config.server, config.groups[0].mclt_s, str(config.interfaces[0].address)) == ("a", 45, "10.0.0.2/24")
    stored = read_store(site.out / "store")
    assert [record.lease.state for record in stored.leases] == [BindingState.ACTIVE, BindingState.BACKUP]
    assert [(state.my_state, state.mclt_s) for state in stored.states] == [(FailoverState.NORMAL, 45)]
    assert sorted(path.name for path in site.out.iterdir()) == ["member.json", "store"]


def test_losses_are_listed_and_said_by_the_exit_code(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.conf.write_text(f"{PEER}\nping-check on;\n{CONF}")
    assert site.run() == 3
    assert capsys.readouterr().out.splitlines()[:3] == [
        f"{site.conf}:3: ping-check on;",
        "    addresses are not probed before they are given",
        "    -> an address in use is found by the client, which declines it",
    ]


def test_losses_and_figures_can_be_had_as_json(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.conf.write_text(f"{PEER}\nping-check on;\n{CONF}")
    assert site.run("--json") == 3
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "losses": [
            {
                "file": str(site.conf),
                "line": 3,
                "statement": "ping-check on;",
                "why": "addresses are not probed before they are given",
                "advice": "an address in use is found by the client, which declines it",
            }
        ],
        "carried": {
            "groups": [{"name": "x", "role": "secondary", "state": "Normal"}],
            "subnets": 1,
            "addresses": 11,
            "reservations": 0,
            "leases": 2,
            "leases_by_state": {"active": 1, "backup": 1},
        },
    }


def test_a_refused_configuration_writes_nothing(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    (site.folder / "pool.conf").write_text("pool { }")
    assert site.run() == 78
    assert capsys.readouterr().err == (
        "edgepair-engine: configuration: pool.conf:1:1: 'pool' is refused: expected a range in the pool\n"
    )
    assert not site.out.exists()


def test_a_missing_file_is_said(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.leases.unlink()
    assert site.run() == 78
    assert "'No such file or directory' must be a readable file" in capsys.readouterr().err


def test_without_a_lease_file_a_server_starts_as_a_new_one(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["import-dhcpd", str(site.conf), "--out", str(site.out), "--interface", "10.0.0.0/24=eth0"]
    assert main(words) == 0
    assert "group x (secondary): no state: it starts as a new server" in capsys.readouterr().out
    assert read_store(site.out / "store").states == ()


def test_nothing_is_written_over_unless_asked_for(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert site.run() == 0
    assert site.run() == 2
    assert capsys.readouterr().err == f"{site.out} holds member.json and store already: --force writes over it\n"
    site.leases.write_text("")
    assert site.run("--force") == 0
    assert read_store(site.out / "store").leases == ()


def test_a_store_that_an_engine_runs_on_is_not_written_over(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert site.run() == 0
    running = SqliteJournal(site.out / "store")
    site.leases.write_text("")
    assert site.run("--force") == 74
    running.close()
    assert "another edgepair-engine runs on this store: end it first" in capsys.readouterr().err
    assert len(read_store(site.out / "store").leases) == 2


@pytest.mark.parametrize("device", WRONG_DEVICES)
def test_a_device_in_another_form_is_wrong_usage(site: Site, device: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        site.run(device=device)
    assert ended.value.code == 2
    assert "must be PREFIX=DEVICE, PREFIX=DEVICE,ADDRESS or PREFIX=relay" in capsys.readouterr().err


def test_the_partner_can_be_one_of_ours(site: Site) -> None:
    assert site.run("--partner-is-ours") == 0
    assert parse_member_config((site.out / "member.json").read_text()).groups[0].partner_is_ours
