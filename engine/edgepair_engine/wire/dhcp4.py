"""DHCPv4 packets (RFC 2131): a view of a received one, and the bytes of one to send."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from edgepair_contract.value import value
from edgepair_engine.wire.dhcp4_options import (
    END,
    Dhcp4Option,
    RelayAgentOption,
    check_lengths,
    read_dhcp4_options,
    read_relay_agent_options,
    write_dhcp4_options,
)
from edgepair_engine.wire.errors import BadField, BadLength, BadOption, Truncated

BOOTREQUEST = 1
BOOTREPLY = 2
ETHERNET = 1  # hardware type
BROADCAST_FLAG = 0x8000

PACKET_LENGTH_MIN = 300  # BOOTP's: some clients and relays drop shorter ones (RFC 1542 2.1)
OPTIONS_AT = 240
CHADDR_LENGTH_MAX = 16
SNAME_LENGTH_MAX = 64
FILE_LENGTH_MAX = 128
ADDRESS_LENGTH = 4

_COOKIE = b"\x63\x82\x53\x63"
_COOKIE_AT = 236
_CHADDR_AT = 28
_SNAME_AT = 44
_FILE_AT = 108
_FIELDS = struct.Struct(">BBBBIHHIIII")
_FIXED_PART = struct.Struct(">BBBBIHHIIII16s64s128s4s")


class Dhcp4Packet:
    """A received packet. Fields and options are read from its bytes when asked for; None = the option is absent.

    Addresses are 32-bit numbers, 0 = none. All was checked by `decode_dhcp4`: reading never fails.
    """

    __slots__ = ("_fields", "data", "message_type", "options")

    def __init__(self, data: bytes, fields: tuple[int, ...], options: Mapping[int, bytes]) -> None:
        self.data = data
        self._fields = fields
        kind = options.get(Dhcp4Option.MESSAGE_TYPE)
        self.message_type = kind[0] if kind else None  # a Dhcp4Type or a number that we do not know; None = plain BOOTP
        self.options = options  # code -> value, in the order of the packet; parts joined; pad, end, overload resolved

    @property
    def op(self) -> int:
        """BOOTREQUEST or BOOTREPLY."""
        return self._fields[0]

    @property
    def htype(self) -> int:
        """ARP hardware type of the client's address."""
        return self._fields[1]

    @property
    def hops(self) -> int:
        """How many relays it passed."""
        return self._fields[3]

    @property
    def xid(self) -> int:
        """The client's transaction id."""
        return self._fields[4]

    @property
    def secs(self) -> int:
        """Seconds since the client began, as it says."""
        return self._fields[5]

    @property
    def flags(self) -> int:
        """All sixteen flags."""
        return self._fields[6]

    @property
    def wants_broadcast(self) -> bool:
        """Whether the client cannot take a unicast answer yet."""
        return self._fields[6] & BROADCAST_FLAG != 0

    @property
    def ciaddr(self) -> int:
        """The address that the client uses already."""
        return self._fields[7]

    @property
    def yiaddr(self) -> int:
        """The address that the server gives."""
        return self._fields[8]

    @property
    def siaddr(self) -> int:
        """The next server to boot from."""
        return self._fields[9]

    @property
    def giaddr(self) -> int:
        """The relay's address on the client's network."""
        return self._fields[10]

    @property
    def chaddr(self) -> bytes:
        """The client's hardware address, as long as it says."""
        return self.data[_CHADDR_AT : _CHADDR_AT + self._fields[2]]

    @property
    def hardware(self) -> bytes:
        """ARP hardware type byte and address: what a lease and BNDUPD's option 5 hold."""
        return self.data[1:2] + self.chaddr

    @property
    def sname(self) -> bytes:
        """The field sname up to its first NUL; meaningless when option 52 says that it holds options."""
        return self.data[_SNAME_AT:_FILE_AT].split(b"\0", 1)[0]

    @property
    def file(self) -> bytes:
        """The field file up to its first NUL; meaningless when option 52 says that it holds options."""
        return self.data[_FILE_AT:_COOKIE_AT].split(b"\0", 1)[0]

    @property
    def requested_address(self) -> int | None:
        """Option 50."""
        return self._number(Dhcp4Option.REQUESTED_ADDRESS)

    @property
    def server_id(self) -> int | None:
        """Option 54: the server that the client chose."""
        return self._number(Dhcp4Option.SERVER_ID)

    @property
    def lease_time_s(self) -> int | None:
        """Option 51: how long the client would like to have the address."""
        return self._number(Dhcp4Option.LEASE_TIME)

    @property
    def message_size_max(self) -> int | None:
        """Option 57: the longest packet that the client takes, IP and UDP headers included."""
        return self._number(Dhcp4Option.MESSAGE_SIZE_MAX)

    @property
    def subnet_selection(self) -> int | None:
        """Option 118: the subnet to give an address from (RFC 3011)."""
        return self._number(Dhcp4Option.SUBNET_SELECTION)

    @property
    def client_id(self) -> bytes | None:
        """Option 61, type byte included; an empty one counts as absent."""
        return self.options.get(Dhcp4Option.CLIENT_ID) or None

    @property
    def parameter_list(self) -> bytes:
        """Option 55: the codes that the client asks for, most wanted first; empty when it asks for none."""
        return self.options.get(Dhcp4Option.PARAMETER_LIST, b"")

    @property
    def hostname(self) -> bytes | None:
        """Option 12, as it came."""
        return self.options.get(Dhcp4Option.HOSTNAME)

    @property
    def vendor_class(self) -> bytes | None:
        """Option 60, as it came."""
        return self.options.get(Dhcp4Option.VENDOR_CLASS)

    @property
    def relay_agent(self) -> bytes | None:
        """Option 82 whole, to be given back as it came (RFC 3046)."""
        return self.options.get(Dhcp4Option.RELAY_AGENT)

    @property
    def link_selection(self) -> int | None:
        """The subnet that the relay names in option 82 (RFC 3527): its own address is on another one."""
        return self._of_relay(RelayAgentOption.LINK_SELECTION)

    @property
    def server_id_override(self) -> int | None:
        """The address by which clients shall know the server, as the relay says in option 82 (RFC 5107)."""
        return self._of_relay(RelayAgentOption.SERVER_ID_OVERRIDE)

    def _of_relay(self, code: int) -> int | None:
        if self.relay_agent is None or not self.giaddr:  # without a relay, anybody could have written it
            return None
        value = read_relay_agent_options(self.relay_agent).get(code, b"")
        return int.from_bytes(value) if len(value) == ADDRESS_LENGTH else None

    def _number(self, code: int) -> int | None:
        value = self.options.get(code)
        return None if value is None else int.from_bytes(value)


@value(kw_only=True)
class Dhcp4Message:
    """A packet to send, by default an answer. `options` go out in their order: 53 first, 82 last."""

    xid: int
    chaddr: bytes
    options: tuple[tuple[int, bytes], ...]
    op: int = BOOTREPLY
    htype: int = ETHERNET
    hops: int = 0
    secs: int = 0
    flags: int = 0
    ciaddr: int = 0
    yiaddr: int = 0
    siaddr: int = 0
    giaddr: int = 0
    sname: bytes = b""
    file: bytes = b""


def decode_dhcp4(data: bytes) -> Dhcp4Packet:
    """Return a view of a packet whose form is sound; what it means is not judged.

    A packet without DHCP's cookie is BOOTP's own (RFC 951), whose last field is any vendor's: it has no options.

    Raises:
        WireError: too short, an option beyond its field, a number of a wrong length.
    """
    if len(data) < OPTIONS_AT:
        raise Truncated(f"{len(data)} bytes, a packet has {OPTIONS_AT} or more", offset=len(data))
    if data[0] not in {BOOTREQUEST, BOOTREPLY}:
        raise BadField(f"op {data[0]}", offset=0)
    if data[2] > CHADDR_LENGTH_MAX:
        raise BadLength(f"hardware address of {data[2]} bytes", offset=2)
    found: dict[int, bytes] = {}
    if data[_COOKIE_AT:OPTIONS_AT] == _COOKIE:
        read_dhcp4_options(data, OPTIONS_AT, len(data), found)
    if Dhcp4Option.OVERLOAD in found:
        _read_overloaded(data, found)
    check_lengths(found)
    return Dhcp4Packet(data, _FIELDS.unpack_from(data), found)


def encode_dhcp4(message: Dhcp4Message, *, written: bytes = b"") -> bytes:
    """Return a packet, padded to BOOTP's least length. `written` are options, as bytes, that stand before the others.

    Raises:
        WireError: a field longer than its place, or a code that is no option's.
    """
    _check_lengths(message)
    fixed = _FIXED_PART.pack(
        message.op,
        message.htype,
        len(message.chaddr),
        message.hops,
        message.xid,
        message.secs,
        message.flags,
        message.ciaddr,
        message.yiaddr,
        message.siaddr,
        message.giaddr,
        message.chaddr,
        message.sname,
        message.file,
        _COOKIE,
    )
    packet = b"%b%b%b%c" % (fixed, written, write_dhcp4_options(message.options), END)
    return packet.ljust(PACKET_LENGTH_MIN, b"\0")


def _read_overloaded(data: bytes, found: dict[int, bytes]) -> None:
    """Read the options in file and sname, in this order, that option 52 announces (RFC 2132 9.3)."""
    where = found[Dhcp4Option.OVERLOAD]
    if where not in {b"\1", b"\2", b"\3"}:
        raise BadOption(f"option 52 (overload) is {where.hex()}", offset=OPTIONS_AT)
    if where != b"\2":
        read_dhcp4_options(data, _FILE_AT, _COOKIE_AT, found)
    if where != b"\1":
        read_dhcp4_options(data, _SNAME_AT, _FILE_AT, found)
    found[Dhcp4Option.OVERLOAD] = where


def _check_lengths(message: Dhcp4Message) -> None:
    for name, data, length_max, at in (
        ("chaddr", message.chaddr, CHADDR_LENGTH_MAX, _CHADDR_AT),
        ("sname", message.sname, SNAME_LENGTH_MAX, _SNAME_AT),
        ("file", message.file, FILE_LENGTH_MAX, _FILE_AT),
    ):
        if len(data) > length_max:
            raise BadLength(f"{name} of {len(data)} bytes; the limit is {length_max}", offset=at)
