"""A pair of ISC dhcpd, as Debian ships it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.network import FIRST_LEASE, NETMASK, RELAY, SERVERS, Network, dotted
from bench.pair import Pair, Terms, hardware_of, here

# ping-check would hold each OFFER for a second; the cache threshold would leave renewals unwritten.
CONFIGURATION = """
authoritative;
ping-check false;
dhcp-cache-threshold 0;
default-lease-time {lease_s};
max-lease-time {lease_s};
failover peer "bench" {{
  {role};
  address {mine}; port 647;
  peer address {partners}; peer port 647;
  max-response-delay {max_response_delay_s};
  max-unacked-updates {max_unacked_updates};
  load balance max seconds 3;
  {of_primary}
}}
subnet 10.64.0.0 netmask {netmask} {{
  option routers {relay};
  pool {{ failover peer "bench"; range {first} {last}; }}
}}
"""


FAILOVER_PORT, ESTABLISHED = 647, "01"
MOMENT = "%w %Y/%m/%d %H:%M:%S"  # in UTC, as dhcpd writes it


class Dhcpd(Pair):
    """Both in NORMAL with a lease file each in which the pool is balanced already."""

    name = "dhcpd"

    def __init__(self, network: Network, folder: Path, terms: Terms) -> None:
        super().__init__(network, folder, terms)
        self._read: dict[int, tuple[int, dict[str, str]]] = {}  # by server: bytes of the lease file, and its states

    def prepare(self, server: int) -> None:
        """Write dhcpd.conf and the lease file."""
        self._read.pop(server, None)
        terms = self.terms
        text = CONFIGURATION.format(
            lease_s=terms.lease_s,
            role=("primary", "secondary")[server],
            mine=SERVERS[server],
            partners=SERVERS[1 - server],
            max_response_delay_s=terms.max_response_delay_s,
            max_unacked_updates=terms.max_unacked_updates,
            of_primary=f"mclt {terms.mclt_s}; split 128;" if server == 0 else "",
            netmask=NETMASK,
            relay=RELAY,
            first=dotted(FIRST_LEASE),
            last=dotted(FIRST_LEASE + terms.pool_size - 1),
        )
        (self.folder(server) / "dhcpd.conf").write_text(text)
        with self._leases(server).open("w") as file:
            file.writelines(self._entries(int(time.time())))

    def command(self, server: int) -> Sequence[str]:
        """Return dhcpd in the foreground, without a word for each packet: it has no syslog here."""
        files = ["-cf", str(self.folder(server) / "dhcpd.conf"), "-lf", str(self._leases(server))]
        return [here("dhcpd"), "-f", "-4", "--no-pid", *files, "eth0"]

    def is_ready(self) -> bool:
        """Return whether the newest states in both lease files are normal, and the two are connected.

        One that starts in normal says so before it has its partner, and writes nothing more when it has.
        """
        return all(self.state(server) == ("normal", "normal") and self._is_connected(server) for server in (0, 1))

    def state(self, server: int) -> tuple[str, ...]:
        """Return a server's newest state and its partner's, as its lease file says. Only what is new is read."""
        path = self._leases(server)
        read_bytes, states = self._read.get(server, (0, {}))
        if path.stat().st_size < read_bytes:  # written anew
            read_bytes, states = 0, {}
        with path.open("rb") as file:
            file.seek(read_bytes)
            fresh = file.read()
        fresh = fresh[: fresh.rfind(b"\n") + 1]
        states |= dict(re.findall(r"^  (my|partner) state (\S+)", fresh.decode(), re.M))
        self._read[server] = read_bytes + len(fresh), states
        return states.get("my", ""), states.get("partner", "")

    def lose_store(self, server: int) -> None:
        """Empty the lease file, and the copy that dhcpd keeps beside it."""
        self._leases(server).write_text("")
        self._read.pop(server, None)
        self._leases(server).with_suffix(".leases~").unlink(missing_ok=True)

    def _is_connected(self, server: int) -> bool:
        table = Path(f"/proc/{self.pid(server)}/net/tcp").read_text()
        return re.search(rf":{FAILOVER_PORT:04X}(?: \S+)? {ESTABLISHED} ", table) is not None

    def _leases(self, server: int) -> Path:
        return self.folder(server) / "dhcpd.leases"

    def _entries(self, at: int) -> Iterator[str]:
        before = _moment(at - 600)
        states = "".join(f"  {who} state normal at {before};\n" for who in ("my", "partner"))
        yield f'authoring-byte-order little-endian;\nfailover peer "bench" state {{\n{states}}}\n'
        told = _moment(at + self.terms.mclt_s)
        for client in range(self.terms.leases):
            yield (
                f"lease {dotted(FIRST_LEASE + client)} {{\n"
                f"  starts {_moment(at - 60)};\n  ends {_moment(at + self.terms.lease_s - 60)};\n"
                f"  tstp {told};\n  tsfp {told};\n  atsfp {told};\n  cltt {_moment(at - 60)};\n"
                "  binding state active;\n  next binding state expired;\n  rewind binding state free;\n"
                f"  hardware ethernet {hardware_of(client)};\n}}\n"
            )
        for number in range(self.terms.leases, self.terms.pool_size):
            state = ("free", "backup")[number % 2]
            yield (
                f"lease {dotted(FIRST_LEASE + number)} {{\n  tstp {before};\n  tsfp {before};\n  atsfp {before};\n"
                f"  binding state {state};\n}}\n"
            )


def _moment(at: int) -> str:
    return time.strftime(MOMENT, time.gmtime(at))
