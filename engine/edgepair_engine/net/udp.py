"""DHCP datagrams in and out, one port for each LAN interface.

A UDP socket bound to the device hears broadcasts and unicasts of that device alone, so tagged and untagged traffic
never mix. A client without an address is answered by a frame on a packet socket, everyone else through the kernel's
routing by a raw IP socket. NET_RAW and NET_BIND_SERVICE are all this needs; addresses and links are the node's affair.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address

from edgepair_contract.clock import Now
from edgepair_contract.config import InterfaceConfig
from edgepair_contract.report import InterfaceReport
from edgepair_contract.value import value
from edgepair_engine.core.events import DatagramsDropped, DhcpDatagram, Event, InterfacesChanged
from edgepair_engine.core.turn import DHCP_STALE_S
from edgepair_engine.dhcp.relay import Arrival, Destination
from edgepair_engine.net.devices import Device, addresses_by_index, look_up
from edgepair_engine.net.frames import SERVER_PORT, ethernet_frame, udp_packet

DRAIN_MAX = 256  # datagrams taken in one go; fewer lost packets under load, more would starve links and timers
DATAGRAM_BYTES_MAX = 4096  # a DHCP packet is bounded by the frame; what is longer arrives cut and will not decode
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024  # the kernel gives less where net.core.rmem_max says so
LOOK_EVERY_S = 3.0  # for devices that are late, gone, or without their address

WAITED_WHY = "they waited longer than their senders: this process stood still"

_IP_PKTINFO = 8  # ip(7); the socket module does not name it in every version
_PKTINFO_BYTES = 12


@value
class _Port:
    """The open sockets of one interface."""

    config: InterfaceConfig
    index: int
    udp: socket.socket
    packet: socket.socket
    hardware: bytes

    def close(self) -> None:
        self.udp.close()
        self.packet.close()


class DhcpPorts:
    """All interfaces' ports: opened when their devices are there, looked after while they are."""

    def __init__(self, offer: Callable[[Event], None], clock: Callable[[], Now]) -> None:
        self._offer = offer
        self._clock = clock
        self._looked_s = clock().mono_s
        self._wanted: tuple[InterfaceConfig, ...] = ()
        self._ports: dict[str, _Port] = {}
        self._routed: socket.socket | None = None
        self._reported: tuple[InterfaceReport, ...] | None = None
        self.unsent_total = 0

    def serve(self, interfaces: Sequence[InterfaceConfig]) -> None:
        """Serve these interfaces from now on and no others."""
        self._wanted = tuple(interfaces)
        for name, port in list(self._ports.items()):
            if port.config not in self._wanted:
                self._close(name)
        self.look()

    async def look_after(self) -> None:
        """Look at the devices every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._stood_still():  # a process that goes on can hear of its timers before its sockets
                for port in self._ports.values():
                    self._throw_away(port)
            self._looked_s = self._clock().mono_s
            self.look()

    def look(self) -> None:
        """Open what can be opened, close what is gone, and tell when that changed anything."""
        try:
            addresses = addresses_by_index()
        except OSError as error:
            reports = tuple(_report(interface, f"kernel: {error}") for interface in self._wanted)
        else:
            reports = tuple(_report(interface, self._mend(interface, addresses)) for interface in self._wanted)
        if reports != self._reported:
            self._reported = reports
            self._offer(InterfacesChanged(reports))

    def send(self, data: bytes, to: Destination) -> None:
        """Send an answer. One that cannot go is counted and forgotten as if lost on the way: clients ask again."""
        port = self._ports.get(to.interface)
        try:
            if port is None:
                raise OSError(f"no port on {to.interface}")
            packet = udp_packet(data, source=to.local, destination=to.address, port=to.port)
            if to.hardware is None:
                self._route(packet, to)
            else:
                port.packet.send(ethernet_frame(packet, source=port.hardware, destination=to.hardware))
        except OSError:
            self.unsent_total += 1

    def close(self) -> None:
        """Close all ports."""
        for name in list(self._ports):
            self._close(name)
        if self._routed is not None:
            self._routed.close()
            self._routed = None

    def _mend(self, interface: InterfaceConfig, addresses: dict[int, frozenset[IPv4Address]]) -> str | None:
        device = look_up(interface.device, addresses)
        problem = _problem(interface, device)
        port = self._ports.get(interface.name)
        if port is not None and (device is None or device.index != port.index or problem is not None):
            self._close(interface.name)
            port = None
        if problem is not None or device is None or port is not None:
            return problem
        try:
            self._open(interface, device)
        except OSError as error:
            return f"port {SERVER_PORT} on {interface.device}: {error.strerror or error}"
        return None

    def _open(self, interface: InterfaceConfig, device: Device) -> None:
        if self._routed is None:
            self._routed = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self._routed.setblocking(False)
        udp = _udp_socket(interface.device)
        try:
            packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # protocol 0: it hears nothing
        except OSError:
            udp.close()
            raise
        try:
            packet.setblocking(False)
            packet.bind((interface.device, 0))
            hardware: bytes = packet.getsockname()[4]
        except OSError:
            udp.close()
            packet.close()
            raise
        if len(hardware) != 6:
            udp.close()
            packet.close()
            raise OSError(f"{interface.device} is no Ethernet device")
        port = _Port(interface, device.index, udp, packet, hardware)
        self._ports[interface.name] = port
        asyncio.get_running_loop().add_reader(udp, self._drain, port)

    def _close(self, name: str) -> None:
        port = self._ports.pop(name)
        asyncio.get_running_loop().remove_reader(port.udp)
        port.close()

    def _drain(self, port: _Port) -> None:
        local = int(port.config.address.ip)
        receive = port.udp.recvmsg
        if self._stood_still():
            self._throw_away(port)
            return
        for _ in range(DRAIN_MAX):
            try:
                data, notes, _flags, source = receive(DATAGRAM_BYTES_MAX, socket.CMSG_SPACE(_PKTINFO_BYTES))
            except BlockingIOError:
                return
            except OSError:  # the device is going; the next look says so
                return
            arrival = Arrival(
                interface=port.config.name,
                local=local,
                source=int.from_bytes(socket.inet_aton(source[0]), "big"),
                source_port=source[1],
                destination=_destination(notes),
            )
            self._offer(DhcpDatagram(data, arrival))

    def _stood_still(self) -> bool:
        """Return whether the process was stopped until just now, by the latest look at the devices."""
        return self._clock().mono_s - self._looked_s > LOOK_EVERY_S + DHCP_STALE_S

    def _throw_away(self, port: _Port) -> None:
        """Drop what has waited in the kernel: its senders have gone on since, or ask again."""
        count = 0
        while True:
            try:
                port.udp.recv(1)
            except OSError:
                break
            count += 1
        if count:
            self._offer(DatagramsDropped(count, WAITED_WHY))

    def _route(self, packet: bytes, to: Destination) -> None:
        if self._routed is None:
            raise OSError("no raw socket")
        self._routed.sendto(packet, (socket.inet_ntoa(to.address.to_bytes(4, "big")), 0))


def _udp_socket(device: str) -> socket.socket:
    # No SO_REUSEADDR: a second DHCP server on this device must show as "address already in use".
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        udp.setblocking(False)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
        udp.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        udp.bind(("0.0.0.0", SERVER_PORT))
    except OSError:
        udp.close()
        raise
    return udp


def _destination(notes: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in notes:
        if level == socket.IPPROTO_IP and kind == _IP_PKTINFO:
            return int.from_bytes(data[8:12], "big")
    return 0


def _problem(interface: InterfaceConfig, device: Device | None) -> str | None:
    if device is None:
        return f"there is no device {interface.device}"
    if not device.up:
        return f"device {interface.device} is down"
    if not device.carrier:
        return f"device {interface.device} has no carrier"
    if interface.address.ip not in device.addresses:
        has = ", ".join(sorted(map(str, device.addresses))) or "none"
        return f"device {interface.device} lacks the address {interface.address.ip}; it has {has}"
    return None


def _report(interface: InterfaceConfig, problem: str | None) -> InterfaceReport:
    return InterfaceReport(
        name=interface.name, device=interface.device, address=str(interface.address), problem=problem
    )
