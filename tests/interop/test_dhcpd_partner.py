"""Our engine and a real dhcpd as partners, in either role: states, addresses, leases, and faults."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.interop.dhcpd import Dhcpd
from tests.interop.lab import MAX_RESPONSE_DELAY_S, Lab, both_normal, diary
from tests.interop.netns import eventually
from tests.interop.ours import Engine

ROLES = ["primary", "secondary"]
Figure = Callable[[str], None]


def a_pair(lab: Lab, our_role: str) -> tuple[Engine, Dhcpd]:
    ours, theirs = lab.engine(our_role), lab.dhcpd("secondary" if our_role == "primary" else "primary")
    theirs.start()
    ours.start()
    return ours, theirs


def backups(ours: Engine) -> int:
    return sum(1 for lease in ours.leases().values() if lease["state"] == "backup")


def active_at_dhcpd(_ours: Engine, theirs: Dhcpd, address: str, mac: str) -> bool:
    lease = theirs.leases().get(address)
    return lease is not None and (lease.state, lease.hardware) == ("active", mac)


def active_here(ours: Engine, _theirs: Dhcpd, address: str, mac: str) -> bool:
    lease = ours.leases().get(address)
    return lease is not None and (lease["state"], lease["hardware"]) == ("active", mac)


def active_nowhere(ours: Engine, theirs: Dhcpd, address: str) -> bool:
    return ours.leases()[address]["state"] != "active" and theirs.leases()[address].state != "active"


@pytest.mark.parametrize("our_role", ROLES)
def test_the_pair_reaches_normal_and_halves_the_addresses(lab: Lab, our_role: str, figure: Figure) -> None:
    began_s = time.monotonic()
    ours, theirs = a_pair(lab, our_role)
    both_normal(ours, theirs)
    figure(f"ours {our_role}, dhcpd the other: both NORMAL {time.monotonic() - began_s:.2f} s after both were started")
    eventually("20 of 40 are backup here", lambda: backups(ours) == 20, within_s=10, state=ours.log)
    eventually(
        "20 free and 20 backup there",
        lambda: (theirs.count("free"), theirs.count("backup")) == (20, 20),
        within_s=10,
        state=lambda: diary(ours, theirs),
    )
    assert ours.process is not None
    figure(f"ours {our_role}: resident memory idle in NORMAL {ours.process.rss_mb():.0f} MB")


@pytest.mark.parametrize("our_role", ROLES)
def test_a_lease_of_either_side_arrives_at_the_other_and_so_does_its_end(lab: Lab, our_role: str) -> None:
    ours, theirs = a_pair(lab, our_role)
    both_normal(ours, theirs)
    of_primary, of_secondary = lab.clients(2)
    of_primary.start()
    of_secondary.start()
    first, first_server = of_primary.bound()
    second, second_server = of_secondary.bound()
    assert (first_server, second_server) == ("10.77.1.2", "10.77.1.3")

    for client, address in ((of_primary, first), (of_secondary, second)):
        for active in (active_at_dhcpd, active_here):
            eventually(
                f"{address} of {client.mac}: {active.__name__}",
                partial(active, ours, theirs, address, client.mac),
                within_s=10,
                state=partial(diary, ours, theirs),
            )

    assert of_primary.renew()[0] == first
    assert of_secondary.renew()[0] == second
    of_primary.release()
    of_secondary.release()
    for address in (first, second):
        eventually(
            f"{address} is active nowhere",
            partial(active_nowhere, ours, theirs, address),
            within_s=10,
            state=partial(diary, ours, theirs),
        )


@pytest.mark.parametrize("our_role", ROLES)
def test_the_partner_is_killed_and_comes_back(lab: Lab, our_role: str, figure: Figure) -> None:
    ours, theirs = a_pair(lab, our_role)
    both_normal(ours, theirs)
    client = lab.clients(2)[1 if our_role == "primary" else 0]
    client.start()
    address, server = client.bound()
    eventually(f"{address} is known here", lambda: address in ours.leases(), within_s=10, state=ours.log)

    theirs.kill()
    killed_s = time.monotonic()
    eventually("we notice", lambda: ours.my_state() == "Communications-Interrupted", within_s=2, every_s=0.005)
    figure(
        f"ours {our_role}: dhcpd killed, Communications-Interrupted {1000 * (time.monotonic() - killed_s):.0f} ms later"
    )
    renewed, by = client.renew()
    assert renewed == address
    assert by != server

    theirs.start()
    both_normal(ours, theirs)
    assert client.events("renew")[-1][0] == address


@pytest.mark.parametrize("our_role", ROLES)
def test_we_are_killed_and_come_back_with_our_store(lab: Lab, our_role: str) -> None:
    ours, theirs = a_pair(lab, our_role)
    both_normal(ours, theirs)
    client = lab.clients(2)[0 if our_role == "primary" else 1]
    client.start()
    address, _ = client.bound()
    before = ours.group()
    assert before is not None

    ours.kill()
    eventually("dhcpd notices", lambda: theirs.my_state() == "communications-interrupted", within_s=5, state=theirs.log)
    assert ours.leases()[address]["state"] == "active"
    ours.start()
    both_normal(ours, theirs)
    assert ours.leases()[address]["hardware"] == client.mac
    assert client.renew()[0] == address


def test_a_cut_link_is_noticed_after_max_response_delay_and_mends(lab: Lab, figure: Figure) -> None:
    ours, theirs = a_pair(lab, "primary")
    both_normal(ours, theirs)
    lab.lan.cut("s2")
    cut_s = time.monotonic()
    eventually(
        "we notice",
        lambda: ours.my_state() == "Communications-Interrupted",
        within_s=MAX_RESPONSE_DELAY_S + 3,
        state=ours.log,
    )
    figure(f"link cut, Communications-Interrupted {time.monotonic() - cut_s:.2f} s later (max-response-delay 3)")
    lab.lan.mend("s2")
    both_normal(ours, theirs)


def test_isc_dhclient_takes_and_gives_back_a_lease(lab: Lab) -> None:
    ours, theirs = a_pair(lab, "primary")
    both_normal(ours, theirs)
    client = lab.dhclient("02:77:00:00:00:01")
    client.start()
    address = client.bound()
    assert ours.leases()[address]["state"] == "active"
    client.release()
    eventually("it is free again", lambda: ours.leases()[address]["state"] != "active", within_s=5, state=ours.log)
