"""A hundred packets that no good client sends, each with what a server makes of it: nothing, or what it can.

They are made by hand: fields and options at their limits and beyond, and words that contradict each other. Each is of a
client of its own, named by its number, on a network 10.1.0.0/24 whose server is 10.1.0.2 and gives 10.1.0.50 and up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edgepair_engine.wire.dhcp4 import OPTIONS_AT
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from tests.unit.dhcp.packets import COOKIE, Terminal, address

DISCOVER, REQUEST = Dhcp4Type.DISCOVER, Dhcp4Type.REQUEST
RELEASE, DECLINE, INFORM = Dhcp4Type.RELEASE, Dhcp4Type.DECLINE, Dhcp4Type.INFORM
NOTHING, OFFER, ACK, NAK = "nothing", "OFFER", "ACK", "NAK"
SNAME_AT, FILE_AT, COOKIE_AT = 44, 108, 236
TYPE = b"\x35\x01\x01"  # a DISCOVER's option 53
END = b"\xff"
OPTIONS_MAX = 312

Make = Callable[[Terminal], bytes]


@dataclass(frozen=True, slots=True)
class Malformed:
    """A packet, what is wrong with it, and what is answered."""

    title: str
    terminal: Terminal
    data: bytes
    answer: str


def malformed() -> list[Malformed]:
    """Return all of them, each of another client."""
    found = []
    for number, (title, make, answer) in enumerate(_all(), 1):
        terminal = Terminal(mac=b"\x02\xbad\x00" + number.to_bytes(2, "big"), xid=0xBAD00000 + number)
        found.append(Malformed(title, terminal, make(terminal), answer))
    return found


def _all() -> Iterator[tuple[str, Make, str]]:
    yield from _lengths()
    yield from _fields()
    yield from _options()
    yield from _overload()
    yield from _wishes()
    yield from _requests()
    yield from _ends()
    yield from _relays()


def _lengths() -> Iterator[tuple[str, Make, str]]:
    for length in (0, 1, 27, 44, 235, 239):
        yield f"cut after {length} bytes", _cut(length), NOTHING
    yield "cut behind the cookie", _cut(OPTIONS_AT), NOTHING
    yield "cut inside an option", _cut(OPTIONS_AT + 2), NOTHING
    yield "longer than a frame", lambda client: client.discovers().ljust(1472, b"\0"), OFFER


def _fields() -> Iterator[tuple[str, Make, str]]:
    for op in (0, 3, 255):
        yield f"op {op}", _at(0, bytes([op])), NOTHING
    yield "a DISCOVER that is an answer", _at(0, b"\2"), NOTHING
    for length in (17, 128, 255):
        yield f"a hardware address of {length} bytes", _at(2, bytes([length])), NOTHING
    yield "no hardware address and no identifier", _at(2, b"\0"), NOTHING
    yield "hops 255", _at(3, b"\xff"), OFFER
    yield "an end of time in secs", _at(8, b"\xff\xff"), OFFER
    yield "all flags", _at(10, b"\xff\xff"), OFFER
    yield "a yiaddr of its own", _at(16, b"\x0a\1\0\x37"), OFFER
    yield "a siaddr of its own", _at(20, b"\x0a\1\0\x37"), OFFER
    yield "noise in sname and file", _at(SNAME_AT, b"\xff" * 192), OFFER
    yield "bytes behind the hardware address", _at(34, b"\xff" * 10), OFFER
    yield "no cookie", _at(COOKIE_AT, b"\0\0\0\0"), NOTHING
    yield "half a cookie", _at(COOKIE_AT, COOKIE[:2] + b"\0\0"), NOTHING


def _options() -> Iterator[tuple[str, Make, str]]:
    wrong = {
        "no options": b"",
        "nothing but padding": b"\0" * OPTIONS_MAX,
        "an end before everything": END + TYPE,
        "a code without a length": TYPE + b"\x0c",
        "a type without a value": b"\x35\x00" + END,
        "a type of two bytes": b"\x35\x02\x01\x01" + END,
        "two types": TYPE + TYPE + END,
        "type 0": b"\x35\x01\x00" + END,
        "type 9": b"\x35\x01\x09" + END,
        "type 255": b"\x35\x01\xff" + END,
        "a name that runs beyond the packet": TYPE + b"\x0c\xff" + b"a" * 20,
        "a requested address of three bytes": TYPE + b"\x32\x03\x0a\1\0" + END,
        "a requested address of five bytes": TYPE + b"\x32\x05\x0a\1\0\x37\0" + END,
        "a requested address of none": TYPE + b"\x32\x00" + END,
        "a lease time of two bytes": TYPE + b"\x33\x02\x0e\x10" + END,
        "a lease time of eight bytes": TYPE + b"\x33\x08" + b"\0" * 8 + END,
        "a server of three bytes": TYPE + b"\x36\x03\x0a\1\0" + END,
        "a server of none": TYPE + b"\x36\x00" + END,
        "a packet size of one byte": TYPE + b"\x39\x01\x02" + END,
        "a packet size of four bytes": TYPE + b"\x39\x04\0\0\x02\x40" + END,
        "a subnet of three bytes": TYPE + b"\x76\x03\x0a\1\0" + END,
        "an identifier in two parts, too long for a lease": TYPE + (b"\x3d\xc8" + b"i" * 200) * 2 + END,
    }
    for title, options in wrong.items():
        yield title, _with(options), NOTHING
    borne = {
        "no end": TYPE,
        "padding between all": b"\0\0\0" + TYPE + b"\0\0\0" + END,
        "bytes behind the end": TYPE + END + b"\x0c\xff\xff",
        "an empty identifier": TYPE + b"\x3d\x00" + END,
        "an identifier of one byte": TYPE + b"\x3d\x01\x00" + END,
        "an identifier of 255 bytes": TYPE + b"\x3d\xff" + b"i" * 255 + END,
        "an empty name": TYPE + b"\x0c\x00" + END,
        "a name of control characters": TYPE + b"\x0c\x04\x1b[2J" + END,
        "a name that is no text": TYPE + b"\x0c\x04\xff\xfe\xfd\xfc" + END,
        "a name of 255 bytes": TYPE + b"\x0c\xff" + b"n" * 255 + END,
        "an empty list of wishes": TYPE + b"\x37\x00" + END,
        "wishes for padding and the end": TYPE + b"\x37\x04\x00\xff\x01\x03" + END,
        "255 times the same wish": TYPE + b"\x37\xff" + b"\x03" * 255 + END,
        "wishes for what only a server says": TYPE + b"\x37\x06\x35\x36\x33\x3a\x3b\x52" + END,
        "an unknown option": TYPE + b"\xe0\x04\xde\xad\xbe\xef" + END,
        "a vendor class of 255 bytes": TYPE + b"\x3c\xff" + b"v" * 255 + END,
        "option 82 without a relay": TYPE + b"\x52\x06\x05\x04\xac\x10\x00\x00" + END,
    }
    for title, options in borne.items():
        yield title, _with(options), OFFER


def _overload() -> Iterator[tuple[str, Make, str]]:
    for value in (0, 4, 255):
        yield f"overload {value}", _with(TYPE + b"\x34\x01" + bytes([value]) + END), NOTHING
    yield "an overload of two bytes", _with(TYPE + b"\x34\x02\x01\x01" + END), NOTHING
    broken = b"\x0c\xff" + b"a" * 10
    yield "an option beyond file", _with(TYPE + b"\x34\x01\x01" + END, at=FILE_AT, field=broken), NOTHING
    yield "an option beyond sname", _with(TYPE + b"\x34\x01\x02" + END, at=SNAME_AT, field=broken), NOTHING
    again = b"\x34\x01\x03" + END
    yield "an overload inside file", _with(TYPE + b"\x34\x01\x01" + END, at=FILE_AT, field=again), OFFER
    second = b"\x35\x01\x03" + END
    yield "a second type inside file", _with(TYPE + b"\x34\x01\x01" + END, at=FILE_AT, field=second), NOTHING


def _wishes() -> Iterator[tuple[str, Make, str]]:
    for wanted in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "10.1.0.0", "10.1.0.2", "10.1.0.255"):
        yield f"a wish for {wanted}", _says(Terminal.discovers, wanted), OFFER
    for seconds in (0, 1, 0xFFFFFFFE, 0xFFFFFFFF):
        yield f"a wish for {seconds} s", _with(TYPE + b"\x33\x04" + seconds.to_bytes(4, "big") + END), OFFER
    for size in (0, 1, 300, 65535):
        yield f"answers of at most {size} bytes", _with(TYPE + b"\x39\x02" + size.to_bytes(2, "big") + END), OFFER


def _requests() -> Iterator[tuple[str, Make, str]]:
    yield "a request for nothing", _says(Terminal.says, REQUEST), NOTHING
    for server in ("0.0.0.0", "255.255.255.255", "10.1.0.3"):
        yield (
            f"an offer taken from {server}",
            _says(Terminal.selects, "10.1.0.60", server),
            NOTHING,
        )
    for wanted in ("10.1.0.0", "10.1.0.2", "10.1.0.255"):
        yield f"a request for {wanted}", _says(Terminal.reboots, wanted), NOTHING
    for wanted in ("127.0.0.1", "255.255.255.255", "192.0.2.1"):
        yield f"a request for {wanted}", _says(Terminal.reboots, wanted), NAK
    for held in ("0.0.0.1", "224.0.0.1", "255.255.255.255"):
        yield f"a renewal of {held}", _says(Terminal.renews, held), NAK


def _ends() -> Iterator[tuple[str, Make, str]]:
    for held in ("0.0.0.0", "10.1.0.2", "10.1.0.60", "192.0.2.1", "255.255.255.255"):
        yield f"a release of {held}, which it does not hold", _says(Terminal.releases, held), NOTHING
    yield "a decline of nothing", _says(Terminal.says, DECLINE), NOTHING
    for held in ("0.0.0.0", "10.1.0.2", "10.1.0.60", "192.0.2.1"):
        yield f"a decline of {held}, which it does not hold", _says(Terminal.declines, held), NOTHING
    for held in ("127.0.0.1", "192.0.2.1", "224.0.0.1", "255.255.255.255"):
        yield f"an inform from {held}, where no client is", _says(Terminal.informs, held), NOTHING
    yield "an inform without an address", _says(Terminal.says, INFORM), ACK
    for kind in (Dhcp4Type.OFFER, Dhcp4Type.ACK, Dhcp4Type.NAK):
        yield f"an {kind.name} sent to the server", _says(Terminal.says, kind), NOTHING


def _relays() -> Iterator[tuple[str, Make, str]]:
    for relay in ("127.0.0.1", "192.0.2.1", "255.255.255.255"):
        yield f"a relay at {relay}", _at(24, address(relay).to_bytes(4, "big")), NOTHING
    here = address("10.1.0.1").to_bytes(4, "big")
    for title, agent, answer in (
        ("that says nothing", b"\x52\x00", OFFER),
        ("whose part runs beyond it", b"\x52\x03\x01\xff\x00", OFFER),
        ("that names an unknown network", b"\x52\x06\x05\x04\xc0\x00\x02\x00", NOTHING),
        ("that names half a network", b"\x52\x04\x05\x02\x0a\x01", OFFER),
        ("that is another server to half", b"\x52\x04\x0b\x02\x0a\x01", OFFER),
    ):
        yield f"a relay {title}", _with(TYPE + agent + END, at=24, field=here), answer
    yield "a client that names an unknown network", _with(TYPE + b"\x76\x04\xc0\x00\x02\x00" + END), NOTHING


def _says(says: Callable[..., bytes], *words: object) -> Make:
    """Return a way to say something with these words."""
    return lambda client: says(client, *words)


def _cut(length: int) -> Make:
    """Return a way to make the beginning of a DISCOVER."""
    return lambda client: client.discovers()[:length]


def _at(place: int, field: bytes) -> Make:
    """Return a way to make a DISCOVER with other bytes at a place."""

    def make(client: Terminal) -> bytes:
        good = client.discovers()
        return good[:place] + field + good[place + len(field) :]

    return make


def _with(options: bytes, *, at: int = 0, field: bytes = b"") -> Make:
    """Return a way to make a packet with these options, and other bytes at a place."""

    def make(client: Terminal) -> bytes:
        data = bytearray(client.discovers()[:OPTIONS_AT] + options)
        if field:
            data[at : at + len(field)] = field
        return bytes(data)

    return make
