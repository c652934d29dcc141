"""DHCP options (RFC 2132): their codes, how they stand in a packet, and the bytes of typed values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum

from edgepair_engine.wire.errors import BadLength, BadOption, Truncated

PAD = 0
END = 255
PART_LENGTH_MAX = 255  # one length byte; longer values stand in several parts (RFC 3396)


class Dhcp4Option(IntEnum):
    """Codes of the options that the server itself reads or writes."""

    SUBNET_MASK = 1
    ROUTERS = 3
    DNS_SERVERS = 6
    HOSTNAME = 12
    DOMAIN_NAME = 15
    BROADCAST_ADDRESS = 28
    NTP_SERVERS = 42
    NETBIOS_SERVERS = 44
    NETBIOS_NODE_TYPE = 46
    REQUESTED_ADDRESS = 50
    LEASE_TIME = 51
    OVERLOAD = 52
    MESSAGE_TYPE = 53
    SERVER_ID = 54
    PARAMETER_LIST = 55
    MESSAGE = 56
    MESSAGE_SIZE_MAX = 57
    RENEWAL_TIME = 58
    REBINDING_TIME = 59
    VENDOR_CLASS = 60
    CLIENT_ID = 61
    TFTP_SERVER_NAME = 66
    BOOT_FILE = 67
    RELAY_AGENT = 82
    SUBNET_SELECTION = 118
    DOMAIN_SEARCH = 119


class RelayAgentOption(IntEnum):
    """Codes of the sub-options of option 82 that the server acts upon."""

    LINK_SELECTION = 5  # RFC 3527
    SERVER_ID_OVERRIDE = 11  # RFC 5107


class Dhcp4Type(IntEnum):
    """What a DHCP message is: the value of option 53."""

    DISCOVER = 1
    OFFER = 2
    REQUEST = 3
    DECLINE = 4
    ACK = 5
    NAK = 6
    RELEASE = 7
    INFORM = 8


# Options whose value the server reads as one number. Another length is a malformed packet.
NUMBER_LENGTHS: Mapping[int, int] = {
    Dhcp4Option.REQUESTED_ADDRESS: 4,
    Dhcp4Option.LEASE_TIME: 4,
    Dhcp4Option.OVERLOAD: 1,
    Dhcp4Option.MESSAGE_TYPE: 1,
    Dhcp4Option.SERVER_ID: 4,
    Dhcp4Option.MESSAGE_SIZE_MAX: 2,
    Dhcp4Option.SUBNET_SELECTION: 4,
}


def read_dhcp4_options(data: bytes, start: int, end: int, found: dict[int, bytes]) -> None:
    """Add the options between two offsets to `found`; parts of one option are joined in order (RFC 3396).

    A missing END is tolerated, as most servers do.

    Raises:
        Truncated: an option runs beyond `end`.
    """
    at = start
    while at < end:
        code = data[at]
        if code == PAD:
            at += 1
            continue
        if code == END:
            return
        value_at = at + 2
        stop = value_at + data[at + 1] if value_at <= end else value_at
        if stop > end:
            raise Truncated(f"option {code} runs beyond its field", offset=at)
        value = data[value_at:stop]
        found[code] = found[code] + value if code in found else value
        at = stop


def read_relay_agent_options(value: bytes) -> dict[int, bytes]:
    """Return the sub-options in the value of option 82; the first of several alike counts (RFC 3046 2.0).

    One that runs beyond the value is left out, and all behind it: the option goes back as it came all the same.
    """
    found: dict[int, bytes] = {}
    at = 0
    while at + 2 <= len(value) and at + 2 + value[at + 1] <= len(value):
        stop = at + 2 + value[at + 1]
        found.setdefault(value[at], value[at + 2 : stop])
        at = stop
    return found


def check_lengths(found: Mapping[int, bytes]) -> None:
    """Check the length of each option that is read as one number, and that a client's name has a bound.

    A client identifier is kept with the lease and told to the partner: several parts of it would outgrow a message.

    Raises:
        BadLength: the offset is that of the options' beginning.
    """
    for code, length in NUMBER_LENGTHS.items():
        value = found.get(code)
        if value is not None and len(value) != length:
            raise BadLength(f"option {code} has {len(value)} bytes instead of {length}", offset=240)
    if len(found.get(Dhcp4Option.CLIENT_ID, b"")) > PART_LENGTH_MAX:
        raise BadLength(f"a client identifier of more than {PART_LENGTH_MAX} bytes", offset=240)


def write_dhcp4_options(options: Iterable[tuple[int, bytes]]) -> bytes:
    """Return options in the order given, without END; a long value is split into parts (RFC 3396).

    Raises:
        BadOption: a code that is no option's.
    """
    parts: list[bytes] = []
    for code, value in options:
        if not PAD < code < END:
            raise BadOption(f"option code {code}", offset=0)
        if len(value) <= PART_LENGTH_MAX:
            parts += (bytes((code, len(value))), value)
            continue
        for at in range(0, len(value), PART_LENGTH_MAX):
            part = value[at : at + PART_LENGTH_MAX]
            parts += (bytes((code, len(part))), part)
    return b"".join(parts)


def ipv4(address: int) -> bytes:
    """Return one address."""
    return address.to_bytes(4)


def ipv4_list(addresses: Sequence[int]) -> bytes:
    """Return several addresses, the preferred first."""
    return b"".join([address.to_bytes(4) for address in addresses])


def u8(number: int) -> bytes:
    """Return a number of one byte."""
    return number.to_bytes(1)


def u16(number: int) -> bytes:
    """Return a number of two bytes."""
    return number.to_bytes(2)


def u32(number: int) -> bytes:
    """Return a number of four bytes, such as a time in seconds."""
    return number.to_bytes(4)


def i32(number: int) -> bytes:
    """Return a number with sign of four bytes, such as the time offset (option 2)."""
    return number.to_bytes(4, signed=True)


def boolean(*, on: bool) -> bytes:
    """Return a switch: 1 or 0."""
    return b"\1" if on else b"\0"


def text(words: str) -> bytes:
    """Return a text, not closed by NUL (RFC 2132 section 2)."""
    return words.encode()


def domain_list(names: Sequence[str]) -> bytes:
    """Return DNS names, endings that came before as pointers (RFC 3397, RFC 1035 4.1.4).

    Raises:
        BadLength: an empty label, one above 63 bytes, or a name above 255.
    """
    out = bytearray()
    seen: dict[tuple[str, ...], int] = {}
    for name in names:
        labels = tuple(name.removesuffix(".").split("."))
        _check_name(name, labels)
        _write_name(labels, out, seen)
    return bytes(out)


def _check_name(name: str, labels: tuple[str, ...]) -> None:
    lengths = [len(label.encode()) for label in labels]
    if min(lengths) == 0 or max(lengths) > 63 or sum(lengths) + len(lengths) + 1 > 255:
        raise BadLength(f"{name!r} is no domain name", offset=0)


def _write_name(labels: tuple[str, ...], out: bytearray, seen: dict[tuple[str, ...], int]) -> None:
    for index, label in enumerate(labels):
        ending = labels[index:]
        if ending in seen:
            out += (0xC000 | seen[ending]).to_bytes(2)
            return
        if len(out) < 0x4000:  # a pointer has 14 bits
            seen[ending] = len(out)
        data = label.encode()
        out.append(len(data))
        out += data
    out.append(0)
