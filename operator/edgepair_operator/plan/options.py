"""DHCP options of a scope as they go on the wire: code and data in hexadecimal digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address

from edgepair_contract.config import OptionConfig
from edgepair_operator.api.v1alpha1.options import KNOWN_OPTIONS, DhcpOption, OptionType
from edgepair_operator.api.v1alpha1.scope import NetbiosNodeType, Scope

ADDRESS_BYTES = 4
NTP_SERVERS, NETBIOS_SERVERS, NETBIOS_NODE_TYPE, DOMAIN_SEARCH = 42, 44, 46, 119
_NODE_TYPES = {  # RFC 2132 section 8.7
    NetbiosNodeType.BROADCAST: b"\x01",
    NetbiosNodeType.POINT_TO_POINT: b"\x02",
    NetbiosNodeType.MIXED: b"\x04",
    NetbiosNodeType.HYBRID: b"\x08",
}


def options_of(scope: Scope) -> tuple[OptionConfig, ...]:
    """Return all options of a scope that are no field of the engine's configuration, sorted by code.

    Raises:
        ValueError: a value does not fit its type.
    """
    found = _of_fields(scope) | {option.code: _encode(option) for option in scope.options}
    return tuple(OptionConfig(code=code, hex=data.hex()) for code, data in sorted(found.items()))


def _of_fields(scope: Scope) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    if scope.ntp_servers:
        found[NTP_SERVERS] = _packed(scope.ntp_servers)
    if scope.netbios_servers:
        found[NETBIOS_SERVERS] = _packed(scope.netbios_servers)
        found[NETBIOS_NODE_TYPE] = _NODE_TYPES[NetbiosNodeType.HYBRID]
    if scope.netbios_node_type is not None:
        found[NETBIOS_NODE_TYPE] = _NODE_TYPES[scope.netbios_node_type]
    if scope.domain_search:
        found[DOMAIN_SEARCH] = b"".join(_name(domain) for domain in scope.domain_search)
    return found


def _packed(addresses: tuple[IPv4Address, ...]) -> bytes:
    return b"".join(address.packed for address in addresses)


def _name(domain: str) -> bytes:
    """Return a domain name in the form of RFC 1035, without compression."""
    labels = [label.encode("ascii") for label in domain.rstrip(".").split(".")]
    if any(not 0 < len(label) < 64 for label in labels):
        raise ValueError(f"{domain!r} is no domain name: labels have 1 to 63 characters")
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _number(length: int, *, signed: bool = False) -> Callable[[str], bytes]:
    def encode(value: str) -> bytes:
        try:
            return int(value).to_bytes(length, "big", signed=signed)
        except OverflowError as error:
            raise ValueError(f"{value} does not fit {length} bytes") from error
        except ValueError as error:
            raise ValueError(f"{value!r} is no whole number") from error

    return encode


def _truth(value: str) -> bytes:
    if value not in ("true", "false"):
        raise ValueError(f'{value!r} is neither "true" nor "false"')
    return b"\x01" if value == "true" else b"\x00"


def _hex(value: str) -> bytes:
    try:
        return bytes.fromhex(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not pairs of hexadecimal digits, such as 0a010001") from error


_ENCODERS: Mapping[OptionType, Callable[[str], bytes]] = {
    OptionType.IPV4: lambda value: IPv4Address(value).packed,
    OptionType.IPV4_LIST: lambda value: _packed(tuple(IPv4Address(part.strip()) for part in value.split(","))),
    OptionType.UINT8: _number(1),
    OptionType.UINT16: _number(2),
    OptionType.UINT32: _number(4),
    OptionType.INT32: _number(4, signed=True),
    OptionType.BOOLEAN: _truth,
    OptionType.TEXT: lambda value: value.encode(),
    OptionType.HEX: _hex,
    OptionType.FQDN: _name,
}


def _encode(option: DhcpOption) -> bytes:
    known = KNOWN_OPTIONS.get(option.code)
    what = f"option {option.code}" + ("" if known is None else f" ({known.name})")
    kind = option.type or (None if known is None else known.type)
    if kind is None:
        raise ValueError(f"{what} is not well known: write its type")
    if known is not None and kind not in (known.type, OptionType.HEX):
        raise ValueError(f"{what} has type {known.type.value}, not {kind.value}: leave type out, or write it as Hex")
    try:
        data = _ENCODERS[kind](option.value)
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from error
    if not data:
        raise ValueError(f"{what}: an option has at least one byte, its value is empty")
    if known is not None and kind is OptionType.IPV4_LIST and len(data) % (ADDRESS_BYTES * known.together):
        raise ValueError(f"{what}: addresses come in groups of {known.together}, {option.value!r} leaves one over")
    return data
