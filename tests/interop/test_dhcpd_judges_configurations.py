"""What dhcpd starts with and what it refuses, asked of dhcpd itself: the table that our import is held to."""

from __future__ import annotations

import re
import subprocess
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from edgepair_engine.importing.dhcpd_conf import Attachment, Wishes, import_config
from tests.interop.dhcpd import DHCPD
from tests.unit.importing.conf_cases import ACCEPTED, REFUSED, REFUSED_PEERS

SAMPLE = Path("/usr/share/doc/isc-dhcp-server/examples/dhcpd.conf.example")

LOST = ["allow", "class", "deny", "host", "log-facility", "option", "range", "server-name", "subnet"]

needs_dhcpd = pytest.mark.skipif(DHCPD is None, reason="missing: dhcpd (isc-dhcp-server)")


def starts(text: str, folder: Path) -> bool:
    """Return whether dhcpd would start with this configuration."""
    assert DHCPD is not None
    conf, leases = folder / "dhcpd.conf", folder / "dhcpd.leases"
    conf.write_text(text)
    leases.touch()
    command = [DHCPD, "-t", "-4", "--no-pid", "-cf", str(conf), "-lf", str(leases)]
    return subprocess.run(command, check=False, capture_output=True, timeout=30).returncode == 0


@needs_dhcpd
@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_dhcpd_starts_with_it(text: str, tmp_path: Path) -> None:
    assert starts(text, tmp_path)


@needs_dhcpd
@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_dhcpd_does_not_start_with_it(text: str, tmp_path: Path) -> None:
    assert not starts(text, tmp_path)


@needs_dhcpd
@pytest.mark.protocol(157)
@pytest.mark.parametrize("text", REFUSED_PEERS.values(), ids=REFUSED_PEERS)
def test_dhcpd_does_not_start_with_such_a_peer(text: str, tmp_path: Path) -> None:
    assert not starts(text, tmp_path)


@pytest.mark.skipif(not SAMPLE.exists(), reason="missing: the sample configuration of isc-dhcp-server")
def test_debians_sample_imports_with_all_that_is_commented_out_in_it(tmp_path: Path) -> None:
    text = re.sub(r"^#(.*[;{}])$", r"\1", SAMPLE.read_text(), flags=re.MULTILINE)
    assert starts(text, tmp_path)
    lans = ("10.254.239.0/27", "10.254.239.32/27", "10.5.5.0/27", "10.17.224.0/24")
    attachments = {
        IPv4Network(lan): Attachment(f"eth{number}", IPv4Network(lan).network_address + 2)
        for number, lan in enumerate(lans)
    }
    imported = import_config(text.encode(), name="dhcpd.conf", wishes=Wishes("a", attachments))
    assert [str(subnet.prefix) for subnet in imported.config.subnets] == [*lans, "10.0.29.0/24"]
    assert [subnet.interface for subnet in imported.config.subnets] == ["lan0", "lan1", "lan2", "lan3", "lan3"]
    internal = imported.config.subnets[2]
    assert (internal.domain_name, internal.gateways) == ("internal.example.org", (IPv4Address("10.5.5.1"),))
    assert [(option.code, option.hex) for option in internal.options] == [(28, "0a05051f")]
    lost = [loss.statement.split()[0] for loss in imported.losses]
    # Names that nobody looks up, what a host or class would have been, BOOTP, the log, and what is behind a relay.
    assert sorted(set(lost)) == [
        "allow",
        "class",
        "deny",
        "host",
        "log-facility",
        "option",
        "range",
        "server-name",
        "subnet",
    ]
    assert len(lost) == 16
