"""Whatever a file holds, an import ends with a result or with a refusal."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgepair_contract.config import MemberConfig
from edgepair_engine.importing.dhcpd_conf import Wishes, import_config
from edgepair_engine.importing.dhcpd_leases import LeaseFile
from edgepair_engine.importing.refusal import ImportRefused
from tests.unit.importing.conf import imported
from tests.unit.importing.conf_cases import ACCEPTED, PAIR, peer

CONFIG = imported(peer(f"primary; {PAIR} mclt 30; split 128;")).config
LEASES = (
    'failover peer "x" state {\n  my state normal at 1 2026/11/30 12:14:43;\n  mclt 45;\n}\n'
    "lease 10.0.0.10 {\n  starts 1 2026/11/30 12:14:43;\n  ends never;\n  binding state active;\n"
    '  hardware ethernet 02:00:00:00:00:0a;\n  uid "\\001a";\n  set x = "y";\n}\n'
)
WORDS = sorted(
    {word for text in ACCEPTED.values() for word in text.replace(";", " ; ").replace("{", " { ").split()}
    | {"}", "{", ";", '"', "\\", "10.0.0.12", "99999999999999999999", "-1", "0x", "08", "\xff", "=", ","}
)
PUT_IN = [word.encode("latin-1") for word in WORDS]
PIECES = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)
BYTES = st.binary(max_size=200)
TRIES = settings(max_examples=400)


def configured(text: bytes) -> None:
    with suppress(ImportRefused):
        assert isinstance(import_config(text, name="c", wishes=Wishes("a")).config, MemberConfig)


def restored(text: bytes) -> None:
    assert LeaseFile(text, name="l").restore(CONFIG, split={}, now_s=0).restored.states is not None


@TRIES
@given(BYTES)
@example(b'option domain-name "\\')
@example(b"\xb2 3;")
def test_any_bytes_as_a_configuration(text: bytes) -> None:
    configured(text)


@TRIES
@given(PIECES)
def test_any_words_of_dhcpds_as_a_configuration(text: str) -> None:
    configured(text.encode("latin-1"))


@TRIES
@given(st.sampled_from(sorted(ACCEPTED.values())), st.data())
def test_a_configuration_with_something_cut_out_or_put_in(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    put = data.draw(st.sampled_from(["", *WORDS]))
    configured(f"{text[:start]}{put}{text[end:]}".encode("latin-1"))


@TRIES
@given(BYTES)
def test_any_bytes_as_a_lease_file(text: bytes) -> None:
    restored(text)


@TRIES
@given(
    st.integers(0, len(LEASES)),
    st.integers(0, 20),
    st.one_of(BYTES, st.sampled_from(PUT_IN)),
)
def test_a_lease_file_with_something_cut_out_or_put_in(start: int, length: int, put: bytes) -> None:
    text = LEASES.encode()
    restored(text[:start] + put + text[start + length :])
