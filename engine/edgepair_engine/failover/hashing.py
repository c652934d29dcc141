"""Which of the two servers a client belongs to (RFC 3074, with dhcpd's meaning of the bits: set = primary)."""

from __future__ import annotations

BUCKETS = 256
HBA_LENGTH = BUCKETS // 8

# RFC 3074 section 6: a permutation of 0 .. 255.
_PERMUTATION = bytes.fromhex(
    "fbaf77d7510e4fbf6731b58fba9d00e81f20373c983a11edae46a090dc5a39df"
    "3b03128c6fa6cbc486f37c5fdeb3c541b430240f6b2ee982a51e7ba1d1176110"
    "285bdb3d640ad26dfa7f168a1d6cf443cf09b2cc4a627ef9a774224dc1c87905"
    "14714723800db65e19e2e3c74b1b29f5e6e02be1b11a9b96d48eda73f1495869"
    "27723effc0c991d6a89edd949a7a0c5452a32c8be4eccdf2d90bbb929f4056ef"
    "c32a6ac67670b8ac5702ad75b0e5f7fd89b963a466932d42e7348dd3c2cef6ee"
    "386e4ef83ff0bd5d5c3335b713ab48322168654508fc53784c875536ca7dbcd5"
    "60eb88d0a281be849c262f0107fe1804d88359151c8525999550aa4406a9ea97"
)


def bucket_of(key: bytes) -> int:
    """Return the bucket of a client: `key` is its client identifier, else its hardware address without the type."""
    bucket = len(key) & 0xFF
    for byte in reversed(key):
        bucket = _PERMUTATION[bucket ^ byte]
    return bucket


def hba_of_split(split: int) -> bytes:
    """Return the hash bucket assignment that gives the first `split` of 256 buckets to the primary."""
    return ((1 << split) - 1).to_bytes(HBA_LENGTH, "little")


def split_of_hba(hba: bytes) -> int | None:
    """Return the split that makes this assignment; None when its buckets are not simply the first ones."""
    split = int.from_bytes(hba, "little").bit_count()
    return split if hba == hba_of_split(split) else None


def is_primarys(hba: bytes, key: bytes) -> bool:
    """Return whether the primary serves the client that hashes from `key`; otherwise the secondary does."""
    bucket = bucket_of(key)
    return bool(hba[bucket >> 3] & (1 << (bucket & 7)))
