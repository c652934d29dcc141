"""Where a packet came in, and where its answer must go (RFC 2131 4.1, RFC 1542)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a DHCP packet reached this server. Addresses are 32-bit numbers.

    `interface` is the configured name (lan0, lan0.10); `local` that interface's address, which the answer leaves from.
    """

    interface: str
    local: int
    source: int
    source_port: int
    destination: int


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an answer goes: by UDP to `address`:`port`, or, with `hardware`, in a frame to that link address.

    `hardware` ff:ff:ff:ff:ff:ff is a broadcast on the wire. `local` is the address it leaves from.
    """

    interface: str
    local: int
    address: int
    port: int
    hardware: bytes | None = None
