"""What dhcpd starts with is taken, what it refuses is refused; tests/interop asks a real dhcpd about the same table."""

from __future__ import annotations

import pytest

from edgepair_engine.importing.dhcpd_conf import Wishes
from edgepair_engine.importing.refusal import ImportRefused
from tests.unit.importing.conf import imported
from tests.unit.importing.conf_cases import ACCEPTED, PAIR, REFUSED, REFUSED_PEERS, peer

NO_DEVICES = Wishes("a")


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_what_dhcpd_takes_is_taken(text: str) -> None:
    assert imported(text, NO_DEVICES).config.server == "a"


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_dhcpd_refuses_is_refused(text: str) -> None:
    with pytest.raises(ImportRefused, match="expected"):
        imported(text, NO_DEVICES)


@pytest.mark.protocol(157)
@pytest.mark.parametrize("text", REFUSED_PEERS.values(), ids=REFUSED_PEERS)
def test_the_limits_of_a_failover_peer_are_dhcpds(text: str) -> None:
    with pytest.raises(ImportRefused, match="expected"):
        imported(text, NO_DEVICES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a 3;", "dhcpd.conf:1:1: 'a' is refused: expected a statement that dhcpd knows"),
        ("\n  option routers 10.0.0;", "dhcpd.conf:2:24: ';' is refused: expected an address of four numbers"),
        ("default-lease-time 5", "dhcpd.conf:1:21: 'end of file' is refused: expected a semicolon"),
        (
            "group {\n host a { }\n",
            "dhcpd.conf:3:1: 'end of file' is refused: expected } for the block of dhcpd.conf:1:7",
        ),
        (
            peer(f"primary; {PAIR} mclt 30; split 257;"),
            "dhcpd.conf:1:86: '257' is refused: expected a split of 0 to 256",
        ),
        (
            peer(f"primary; {PAIR} split 128;"),
            "dhcpd.conf:1:1: 'failover peer \"x\"' is refused: expected mclt on a primary",
        ),
        (
            'include "b.conf";',
            "dhcpd.conf:1:9: 'b.conf' is refused: expected a readable file: No such file or directory",
        ),
    ],
    ids=["word", "address", "end", "brace", "split", "mclt", "include"],
)
def test_a_refusal_names_place_what_stands_there_and_what_was_expected(text: str, message: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        imported(text, NO_DEVICES)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (peer("primary; peer address 10.0.0.2; mclt 30; split 128;"), "expected an address: without it dhcpd stops"),
        (peer(f"primary; {PAIR} mclt 86401; split 128;"), "expected an mclt of 1 to 86400 seconds"),
        (peer(f"primary; {PAIR} mclt 30; split 128; port 70000;"), "expected a number of 16 bits"),
        (
            f'failover peer "{"x" * 64}" {{ secondary; {PAIR} }} subnet 10.0.0.0 netmask 255.255.255.0 '
            f'{{ pool {{ failover peer "{"x" * 64}"; range 10.0.0.10; }} }}',
            "expected a name of 1 to 63 printable characters",
        ),
        ("".join(f"group {{ {'group { ' * 40}" for _ in range(1)), "expected at most 32 blocks within each other"),
        ('include "a\\0b";', "expected the name of a file"),
    ],
    ids=["no own address", "a long mclt", "no such port", "a long name", "deep nesting", "a file's name with a zero"],
)
def test_what_dhcpd_takes_and_nothing_of_ours_can_hold_is_refused_too(text: str, expected: str) -> None:
    with pytest.raises(ImportRefused, match=expected):
        imported(text, NO_DEVICES)


def test_a_file_that_includes_itself_is_refused() -> None:
    with pytest.raises(ImportRefused, match="expected at most 16 files within each other"):
        imported('include "a";', NO_DEVICES, a='include "a";')
