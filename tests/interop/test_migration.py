"""A running pair of dhcpd becomes a pair of ours, one side at a time, and no client loses its address."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.interop.clients import Dhclient
from tests.interop.dhcpd import Dhcpd, dhcpd_conf
from tests.interop.lab import MAX_RESPONSE_DELAY_S, Lab, both_normal, diary
from tests.interop.netns import SERVER_1, eventually
from tests.interop.ours import Engine
from tests.interop.renewals import Renewals, addresses_of, servers_of

CLIENTS = 6
LEASE_S = 60  # so that dhclient, too, renews several times
Table = dict[str, tuple[str, str | None]]  # by address: binding state and hardware address


def test_a_pair_of_dhcpd_is_migrated_one_side_at_a_time_and_no_client_loses_its_address(
    lab: Lab, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    old = {role: lab.dhcpd(role) for role in ("primary", "secondary")}
    for role, server in old.items():
        server.configure(dhcpd_conf(role=role, lease_s=LEASE_S, max_response_delay_s=MAX_RESPONSE_DELAY_S))
        server.start()
    eventually("both dhcpd NORMAL", lambda: in_normal(old), within_s=60, state=lambda: diary(*old.values()))
    clients = lab.clients(CLIENTS)
    isc = Dhclient(lab.lan.join("isc"), tmp_path / "isc", "02:77:00:00:01:01")
    try:
        isc.start()
        for client in clients:
            client.start()
        addresses = {client.mac: client.bound()[0] for client in clients}
        isc_address = isc.bound()
        with Renewals(clients):
            first = exchanged(lab, "primary", old["primary"], tmp_path, figure)
            both_normal(first, old["secondary"])
            eventually(
                "every address is bound alike on both sides",
                lambda: ours(first) == theirs(old["secondary"]),
                within_s=30,
                state=lambda: f"{ours(first)}\n{theirs(old['secondary'])}",
            )
            second = exchanged(lab, "secondary", old["secondary"], tmp_path, figure)
            eventually("ours and ours NORMAL", lambda: normal(first) and normal(second), within_s=60, state=second.log)
            renewed, isc_renewed = [len(client.events("renew")) for client in clients], len(acknowledged(tmp_path))
            eventually(
                "every client renews with the new pair",
                lambda: all(len(c.events("renew")) > n + 1 for c, n in zip(clients, renewed, strict=True)),
                within_s=60,
            )
            eventually("dhclient renews", lambda: len(acknowledged(tmp_path)) > isc_renewed, within_s=60)
        told_that_its_partner_is_ours(first)
        eventually("ours and ours still NORMAL", lambda: normal(first) and normal(second), within_s=30, state=first.log)
        eventually(
            "the lease tables are equal",
            lambda: ours(first) == ours(second),
            within_s=30,
            state=lambda: f"{ours(first)}\n{ours(second)}",
        )
    finally:
        isc.stop()

    for client in clients:
        assert addresses_of(client) == {addresses[client.mac]}
        assert len(client.events("deconfig")) == 1, "before its first lease only"
        assert ours(first)[addresses[client.mac]] == ("active", client.mac)
    assert set(acknowledged(tmp_path)) == {isc_address}
    assert ours(first)[isc_address] == ("active", "02:77:00:00:01:01")
    answered = [server for client in clients for server in servers_of(client)]
    assert set(answered) == {"10.77.1.2", "10.77.1.3"}
    figure(f"migration: {len(answered)} renewals of {CLIENTS} clients, no address lost")


ALONE = """
authoritative; ddns-update-style none; ping-check off; default-lease-time 60; min-lease-time 60;
group {
  option domain-name "old.example";
  subnet 10.77.1.0 netmask 255.255.255.0 { option routers 10.77.1.1; range 10.77.1.100 10.77.1.139; }
}
host kiosk { hardware ethernet 02:77:00:00:00:02; fixed-address 10.77.1.50; }
"""


def test_a_dhcpd_without_a_partner_is_migrated_and_its_clients_keep_their_addresses(lab: Lab, tmp_path: Path) -> None:
    old = lab.dhcpd("primary")
    old.configure(ALONE)
    old.start()
    guest, kiosk = lab.clients(2)
    for client in (guest, kiosk):
        client.start()
    leased, reserved = guest.bound()[0], kiosk.bound()[0]
    assert reserved == "10.77.1.50"

    assert old.process is not None
    old.process.terminate()
    new = Engine(lab.places["primary"], tmp_path / "ours", {})
    files = [str(old.configuration), "--leases", str(old.lease_file), "--out", str(new.config_file.parent), "--force"]
    done = new.command("import-dhcpd", *files, "--interface", f"10.77.1.0/24=eth0,{SERVER_1}")
    assert "1 subnets, 40 addresses, 1 reservations, 1 leases (1 active)" in done.stdout, done.stderr
    lab.started(new)
    eventually(
        "ours is ready", lambda: (report := new.report()) is not None and report.ready, within_s=30, state=new.log
    )
    assert [client.renew()[:2] for client in (guest, kiosk)] == [(leased, SERVER_1), (reserved, SERVER_1)]
    assert ours(new)[leased] == ("active", guest.mac)
    assert guest.events("renew")[-1][3] == "10.77.1.1"


def exchanged(lab: Lab, role: str, old: Dhcpd, folder: Path, figure: Callable[[str], None]) -> Engine:
    """Stop a dhcpd, import what it has written, and return our engine started in its place."""
    assert old.process is not None
    stopped_s = time.monotonic()
    old.process.terminate()
    assert old.my_state() == "normal"
    new = Engine(lab.places[role], folder / f"ours-{role}", {})
    files = [str(old.configuration), "--leases", str(old.lease_file), "--out", str(new.config_file.parent), "--force"]
    ours_already = ["--partner-is-ours"] if role == "secondary" else []
    done = new.command("import-dhcpd", *files, "--interface", "10.77.1.0/24=eth0", "--json", *ours_already)
    assert done.returncode == 3, done.stderr
    told = json.loads(done.stdout)
    assert {loss["statement"].split()[0] for loss in told["losses"]} <= {"server-duid", "set"}  # udhcpc's vendor class
    assert told["carried"]["groups"] == [{"name": "ha-pair", "role": role, "state": "Normal"}]
    lab.started(new)
    imported_s = time.monotonic()
    eventually("ours NORMAL", lambda: normal(new), within_s=60, state=new.log)
    figure(
        f"migration of the {role}: stopped and imported {told['carried']['leases']} leases in "
        f"{imported_s - stopped_s:.1f} s, NORMAL again {time.monotonic() - stopped_s:.1f} s after the stop"
    )
    return new


def told_that_its_partner_is_ours(engine: Engine) -> None:
    configuration = json.loads(engine.config_file.read_text())
    configuration["revision"] = 2
    configuration["groups"][0]["partner_is_ours"] = True
    engine.configure(configuration)
    assert engine.process is not None
    engine.process.signal(signal.SIGHUP)

    def taken() -> bool:
        report = engine.report()
        return report is not None and report.config_revision == 2

    eventually("the new configuration is taken", taken, within_s=15, state=engine.log)


def in_normal(servers: dict[str, Dhcpd]) -> bool:
    return all((each.my_state(), each.partners_state()) == ("normal", "normal") for each in servers.values())


def normal(engine: Engine) -> bool:
    group = engine.group()
    return group is not None and not group.starting and group.my_state.label == group.partner_state.label == "Normal"


def ours(engine: Engine) -> Table:
    return {address: (lease["state"], holder(lease)) for address, lease in engine.leases().items()}


def holder(lease: dict[str, object]) -> str | None:
    hardware = lease["hardware"]
    return hardware if isinstance(hardware, str) else None


def theirs(server: Dhcpd) -> Table:
    return {address: (lease.state, lease.hardware) for address, lease in server.leases().items()}


def acknowledged(folder: Path) -> list[str]:
    """Return the address of every acknowledgement that dhclient has had."""
    return re.findall(r"^DHCPACK of (\S+)", (folder / "isc" / "dhclient.log").read_text(), re.MULTILINE)
