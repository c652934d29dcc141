"""Which half a client belongs to: the hash, and how buckets are told."""

from __future__ import annotations

import pytest

from edgepair_engine.failover.hashing import bucket_of, hba_of_split, is_primarys, split_of_hba

HASHES = [
    ("", 0),
    ("0e", 232),
    ("ffffffffffff", 79),
    ("000000000000", 254),
    ("010203040506", 179),
    ("020000000001", 133),
    ("020000000002", 45),
    ("020000000003", 182),
    ("020000000004", 150),
    ("01020000000005", 242),
    ("020000000005", 13),
    ("006b696f736b2d36", 211),
    ("020000000007", 26),
    ("020000000008", 62),
    ("020000000011", 61),
    ("020000000012", 9),
    ("020000000014", 225),
    ("020000000015", 100),
    ("020000000041", 137),
    ("020000000042", 23),
    ("020000000051", 203),
    ("020000000052", 30),
    ("000102030405060708090a0b0c0d0e0f", 155),
    ("01" * 300, 199),
]


@pytest.mark.protocol(103)
@pytest.mark.parametrize(("key", "bucket"), HASHES)
def test_the_bucket_of_a_client(key: str, bucket: int) -> None:
    assert bucket_of(bytes.fromhex(key)) == bucket


@pytest.mark.protocol(104)
@pytest.mark.parametrize(
    ("split", "hba"),
    [
        (0, "00" * 32),
        (3, "07" + "00" * 31),
        (128, "ff" * 16 + "00" * 16),
        (200, "ff" * 25 + "00" * 7),
        (256, "ff" * 32),
    ],
)
def test_a_split_gives_the_first_buckets_to_the_primary(split: int, hba: str) -> None:
    assert hba_of_split(split).hex() == hba
    assert split_of_hba(bytes.fromhex(hba)) == split


def test_an_assignment_that_is_no_split_has_none() -> None:
    assert split_of_hba(bytes.fromhex("02" + "00" * 31)) is None


@pytest.mark.protocol(104)
def test_a_bit_that_is_set_means_the_primary() -> None:
    assert is_primarys(hba_of_split(128), bytes.fromhex("020000000002"))
    assert not is_primarys(hba_of_split(128), bytes.fromhex("020000000001"))
