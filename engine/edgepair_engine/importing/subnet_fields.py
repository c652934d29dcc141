"""What the clients of a subnet are told, from the settings of the scopes around it to the fields of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from edgepair_contract.config import SERVERS_OWN_OPTIONS
from edgepair_engine.importing.loss import Losses
from edgepair_engine.importing.option_book import OptionBook
from edgepair_engine.importing.option_types import Field, OptionType
from edgepair_engine.importing.parameters import PARAMETERS
from edgepair_engine.importing.ranges import Chain
from edgepair_engine.importing.scopes import AUTHORITATIVE, ROUTERS, SERVER_ID, Key, Setting, lookup

DEFAULT_LEASE_S, MAX_LEASE_S, MIN_LEASE_S, ABANDON_S = 43200, 86400, 300, 86400  # dhcpd's own
LEASE_MIN_S = 60  # the shortest that can be configured
CACHE_THRESHOLD_PERCENT = 25
OPTION_BYTES_MAX = 1020  # of one option of ours
NAME_SERVERS: Key = ("dhcp", 6)
DOMAIN_NAME: Key = ("dhcp", 15)
TFTP_SERVER: Key = ("dhcp", 66)
BOOT_FILE: Key = ("dhcp", 67)
FILENAME: Key = ("server", "filename")
NEXT_SERVER: Key = ("server", "next-server")
VENDOR_SPACE: Key = ("server", "vendor-option-space")
MASK_CODE = 1
VENDOR_OPTIONS_CODE = 43

Settings = Mapping[Key, Setting]


def settings_of(chains: Sequence[Chain], subnet: Chain, losses: Losses) -> dict[Key, Setting]:
    """Return what counts for a subnet: what all its ranges agree on, else what the subnet says outside its pools."""
    keys = dict.fromkeys(key for chain in chains for scope in chain for key in scope.settings)
    found = {}
    for key in keys:
        each = [lookup(chain, key) for chain in chains]
        usual = each[0]
        if any(_value(other) != _value(usual) for other in each):
            usual = lookup(subnet, key)
            for other in each:
                if other is not None and _value(other) != _value(usual) and not _is_noted(key):
                    why = "the pools of a subnet differ in it, and a subnet's clients are all told the same"
                    losses.add(other.statement, why, "set it for the whole subnet, or make it two subnets")
        if usual is not None:
            found[key] = usual
    return found


def _value(setting: Setting | None) -> object:
    return None if setting is None else setting.value


def _is_noted(key: Key) -> bool:
    return key[0] == "server" and key[1] in PARAMETERS and bool(PARAMETERS[str(key[1])].why)


class SubnetFields:
    """Makes the fields of one subnet."""

    def __init__(self, settings: Settings, prefix: IPv4Network, *, book: OptionBook, losses: Losses) -> None:
        self._settings = settings
        self._prefix = prefix
        self._book = book
        self._losses = losses

    def all(self) -> dict[str, Any]:
        """Return the fields but for interface, prefix, pools and reservations."""
        authoritative = self._data(AUTHORITATIVE)
        return {
            **self._lease_times(),
            **self._boot(),
            "gateways": self._addresses(ROUTERS),
            "dns_servers": self._addresses(NAME_SERVERS),
            "domain_name": self._text(DOMAIN_NAME),
            "options": self._options(),
            "abandon_s": self._at_least("abandon-lease-time", ABANDON_S),
            "cache_threshold_percent": self._cache_threshold(),
            "authoritative": authoritative == b"\1",
        }

    def _lease_times(self) -> dict[str, Any]:
        """Return the three times as dhcpd uses them: the maximum first, the others within it."""
        longest = self._at_least("max-lease-time", MAX_LEASE_S)
        shortest = min(self._number(("server", "min-lease-time"), MIN_LEASE_S), longest)
        usual = min(max(self._at_least("default-lease-time", DEFAULT_LEASE_S), shortest), longest)
        return {"default_lease_s": usual, "max_lease_s": longest, "min_lease_s": shortest}

    def _at_least(self, name: str, default: int) -> int:
        value = self._number(("server", name), default)
        if value < LEASE_MIN_S:
            why = f"{value} seconds become {LEASE_MIN_S}, the shortest that can be"
            self._losses.add(self._settings["server", name].statement, why, "nothing, or write a longer time")
        return max(value, LEASE_MIN_S)

    def _cache_threshold(self) -> int:
        value = self._number(("server", "dhcp-cache-threshold"), CACHE_THRESHOLD_PERCENT)
        if value > 100:
            statement = self._settings["server", "dhcp-cache-threshold"].statement
            self._losses.add(statement, f"{value} percent become 100", "nothing, or write a threshold up to 100")
        return min(value, 100)

    def _boot(self) -> dict[str, Any]:
        server = self._addresses(NEXT_SERVER)
        file, option = self._text(FILENAME), self._text(BOOT_FILE)
        if file and option and file != option:
            why = "the boot file is told once, in the field and as option 67: the filename statement counts"
            self._losses.add(self._settings[BOOT_FILE].statement, why, "let both be the same")
        return {
            "next_server": server[0] if server else None,
            "boot_file": file or option,
            "tftp_server_name": self._text(TFTP_SERVER),
        }

    def _data(self, key: Key) -> bytes | None:
        setting = self._settings.get(key)
        return None if setting is None or setting.value is None else setting.value.data

    def _number(self, key: Key, default: int) -> int:
        data = self._data(key)
        return default if data is None else int.from_bytes(data, "big")

    def _addresses(self, key: Key) -> tuple[IPv4Address, ...]:
        data = self._data(key)
        if data is None:
            return ()
        self._is_whole(self._settings[key])
        return tuple(IPv4Address(data[at : at + 4]) for at in range(0, len(data), 4))

    def _is_whole(self, setting: Setting) -> bool:
        """Note host names among the addresses; return whether there are none."""
        names = setting.value.names if setting.value is not None else ()
        if names:
            why = f"names are not looked up: {', '.join(names)}"
            self._losses.add(setting.statement, why, "write their addresses")
        return not names

    def _text(self, key: Key) -> str | None:
        """Return a text; None when there is none, and when it is no UTF-8: `_options` carries that."""
        data = self._data(key)
        try:
            return data.decode() if data else None
        except UnicodeDecodeError:
            if key == FILENAME:
                self._losses.add(self._settings[key].statement, "it is no UTF-8 text", "write it in plain letters")
            return None

    def _options(self) -> tuple[dict[str, Any], ...]:
        found: dict[int, bytes] = {}
        for (space, code), setting in sorted(self._settings.items(), key=_by_code):
            if space == "dhcp" and (space, code) not in _NAMED_FIELDS | self._as_text():
                assert isinstance(code, int), code
                found |= self._option(code, setting)
        found |= self._encapsulated(found)
        return tuple({"code": code, "hex": data.hex()} for code, data in sorted(found.items()))

    def _as_text(self) -> set[Key]:
        return {key for key in (DOMAIN_NAME, TFTP_SERVER, BOOT_FILE) if self._text(key) is not None}

    def _option(self, code: int, setting: Setting) -> dict[int, bytes]:
        data = b"" if setting.value is None else setting.value.data
        if code in SERVERS_OWN_OPTIONS:
            self._losses.add(setting.statement, "the server writes this option itself", _OWN.get(code, "leave it out"))
        elif not 1 <= code <= 254 or len(data) > OPTION_BYTES_MAX:
            why = f"an option has a code up to 254 and up to {OPTION_BYTES_MAX} bytes"
            self._losses.add(setting.statement, why, "leave it out")
        elif not self._is_whole(setting) and not (data and self._is_address_list(code)):
            pass  # half an entry would mean something else
        elif code == MASK_CODE and data == self._prefix.netmask.packed:
            return {}  # told anyway
        else:
            return {code: data}
        return {}

    def _is_address_list(self, code: int) -> bool:
        definition = self._book.of_code("dhcp", code)
        return definition is not None and definition.kind == OptionType((Field.ADDRESS,), repeats_from=0)

    def _encapsulated(self, given: Mapping[int, bytes]) -> dict[int, bytes]:
        """Return the options that are made of the options of other spaces; note what goes into none."""
        homes = {each.kind.encapsulates: each.code for each in self._book.encapsulating() if each.space == "dhcp"}
        vendor = self._data(VENDOR_SPACE)
        if vendor:
            homes[vendor.decode("latin-1").lower()] = VENDOR_OPTIONS_CODE
        found: dict[int, bytes] = {}
        for (space, code), setting in sorted(self._settings.items(), key=_by_code):
            if space in ("dhcp", "server"):
                continue
            home = homes.get(space)
            packed = None
            if home is not None and home not in given and home not in SERVERS_OWN_OPTIONS and isinstance(code, int):
                packed = self._packed(space, code, setting)
            if packed is None or home is None or len(found.get(home, b"") + packed) > OPTION_BYTES_MAX:
                why = f"options of the space {space} go into no option that is sent"
                self._losses.add(setting.statement, why, "write the option that holds them as hexadecimal bytes")
            else:
                found[home] = found.get(home, b"") + packed
        return found

    def _packed(self, space: str, code: int, setting: Setting) -> bytes | None:
        if setting.value is None or setting.value.names:
            return None
        return self._book.spaces[space].pack(code, setting.value.data)


_NAMED_FIELDS: set[Key] = {ROUTERS, NAME_SERVERS, SERVER_ID}
_OWN = {
    51: "use default-lease-time",
    58: "nothing: it is half the lease time",
    59: "nothing: it is seven eighths of the lease time",
}


def _by_code(item: tuple[Key, Setting]) -> tuple[str, int]:
    (space, code), _ = item
    return space, code if isinstance(code, int) else 0
