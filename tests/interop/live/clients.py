"""Light DHCP clients: as many as a scenario wants, behind one device, with a history of all they were told."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from functools import partial
from itertools import count

from edgepair_engine.failover.hashing import bucket_of
from edgepair_engine.wire.dhcp4_options import Dhcp4Option, Dhcp4Type
from edgepair_engine.wire.errors import WireError
from tests.interop.live.frames import BROADCAST, arp_answer, client_frame, dhcp_payload, who_is_sought
from tests.interop.live.history import Event, History, Promise
from tests.interop.netns import inside
from tests.unit.dhcp.packets import Answer, Terminal, address, read

ANSWER_LIMIT_S = 60.0  # a server may have to notice first that its partner is gone, on a busy machine
ASK_AGAIN_S = 1.0  # and twice as long each time, up to
ASK_AGAIN_S_MAX = 4.0
TOGETHER_MAX = 50  # so many ask at a time: no queue overflows
NO_ADDRESS = "0.0.0.0"
EVERYBODY = "255.255.255.255"
WITNESS = "10.77.15.250"

_ETH_P_ALL = 3
_OUTGOING = 4  # PACKET_OUTGOING: what this machine sends itself
_FRAME_BYTES_MAX = 2048
_RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024
_POLL_S = 0.1


class Phase(Enum):
    """What a client waits for."""

    IDLE = "idle"
    SELECTING = "selecting"  # takes the first offer
    LISTENING = "listening"  # keeps offers, takes none
    REQUESTING = "requesting"


class Client:
    """One client. Its methods send; what comes back is heard in the crowd's thread and kept here."""

    def __init__(self, crowd: Crowd, number: int, *, wish_s: int | None, client_id: bytes | None) -> None:
        self.hardware = bytes.fromhex(f"0277{number:08x}")
        self.mac = self.hardware.hex(":")
        self.lease: Promise | None = None
        self.offers: list[Answer] = []  # to the latest DISCOVER
        self.refused: list[str] = []  # servers that sent it a NAK
        self.crowd = crowd
        self._wish_s = wish_s
        self._terminal = Terminal(mac=self.hardware, client_id=client_id)
        self._phase = Phase.IDLE
        self._wanted: str | None = None  # the server whose offer it takes; None: anyone's
        self._xids = count(number << 12)
        self._asked_at = 0.0

    @property
    def address(self) -> str:
        """Return the address it holds."""
        assert self.lease is not None, f"{self.mac} holds nothing"
        return self.lease.address

    def takes(self, *, secs: int = 0, at: str | None = None, within_s: float = ANSWER_LIMIT_S) -> Promise:
        """Get a lease by DISCOVER and REQUEST.

        `secs` does not grow: while both are NORMAL only its own server answers, however slow the machine is.
        """
        return self._until_bound(lambda: self.discovers(secs=secs, at=at), "takes", within_s)

    def renews(self, *, at: str | None = None, within_s: float = ANSWER_LIMIT_S) -> Promise:
        """Get its lease renewed by unicast, at the server that granted it or at the address `at`."""
        return self._until_bound(lambda: self.asks_to_renew(at=at), "renews", within_s)

    def rebinds(self, *, within_s: float = ANSWER_LIMIT_S) -> Promise:
        """Get its lease renewed by broadcast."""
        return self._until_bound(self.asks_to_rebind, "rebinds", within_s)

    def reboots(self, *, within_s: float = ANSWER_LIMIT_S) -> Promise:
        """Get its old address again by INIT-REBOOT."""
        return self._until_bound(self.asks_for_its_old, "reboots", within_s)

    def discovers(self, *, secs: int = 0, at: str | None = None) -> None:
        """Send a DISCOVER, and take the first offer that comes, or that the server at the address `at` makes."""
        with self.crowd.heard:
            self.offers = []
            self._wanted = at
            self._send(Dhcp4Type.DISCOVER, Phase.SELECTING, secs=secs)

    def asks_around(self, *, secs: int = 0) -> None:
        """Send a DISCOVER, and only keep the offers."""
        with self.crowd.heard:
            self.offers = []
            self._send(Dhcp4Type.DISCOVER, Phase.LISTENING, secs=secs)

    def asks_to_renew(self, *, at: str | None = None) -> None:
        """Send a unicast REQUEST for the lease it holds."""
        assert self.lease is not None, self.mac
        self._send(Dhcp4Type.REQUEST, Phase.REQUESTING, held=self.lease.address, to=at or self.lease.server)

    def asks_to_rebind(self) -> None:
        """Send a broadcast REQUEST for the lease it holds."""
        self._send(Dhcp4Type.REQUEST, Phase.REQUESTING, held=self.address)

    def asks_for_its_old(self) -> None:
        """Send an INIT-REBOOT REQUEST for the address of its last lease."""
        wanted: dict[int, bytes] = {Dhcp4Option.REQUESTED_ADDRESS: address(self.address).to_bytes(4)}
        self._send(Dhcp4Type.REQUEST, Phase.REQUESTING, options=wanted)

    def releases(self) -> None:
        """Give the lease back to the server that granted it."""
        with self.crowd.heard:
            assert self.lease is not None, self.mac
            lease = self._gives_up()
            server: dict[int, bytes] = {Dhcp4Option.SERVER_ID: address(lease.server).to_bytes(4)}
            self._send(Dhcp4Type.RELEASE, Phase.IDLE, held=lease.address, to=lease.server, options=server)

    def declines(self) -> None:
        """Say to everybody that somebody else uses the address."""
        with self.crowd.heard:
            lease = self._gives_up()
            said: dict[int, bytes] = {
                Dhcp4Option.REQUESTED_ADDRESS: address(lease.address).to_bytes(4),
                Dhcp4Option.SERVER_ID: address(lease.server).to_bytes(4),
            }
            self._send(Dhcp4Type.DECLINE, Phase.IDLE, options=said)

    def informs(self, held: str) -> None:
        """Ask everybody for options alone, from a fixed address."""
        self._send(Dhcp4Type.INFORM, Phase.LISTENING, held=held)

    def hears(self, data: bytes, at: float) -> None:
        """Take an answer, if it is to what was asked last."""
        try:
            answer = read(data, xid=self._terminal.xid)
        except (AssertionError, WireError):
            return
        if answer.kind == "NAK":
            self._is_refused(answer, at)
        elif self._phase is Phase.IDLE:
            return
        elif answer.kind == "OFFER" or self._phase is Phase.LISTENING:
            self.offers.append(answer)
            if self._phase is Phase.SELECTING and self._wanted in {None, answer.server}:
                self._selects(answer)
        elif answer.kind == "ACK" and self._phase is Phase.REQUESTING:
            self._accepts(answer, at)

    def _until_bound(self, ask: Callable[[], None], what: str, within_s: float) -> Promise:
        deadline_s = time.monotonic() + within_s
        pause_s = ASK_AGAIN_S
        before, refused = self.lease, len(self.refused)
        while time.monotonic() < deadline_s:
            with self.crowd.heard:
                ask()
                self.crowd.heard.wait_for(
                    lambda: self._bound_anew(before) or len(self.refused) > refused, min(pause_s, ASK_AGAIN_S_MAX)
                )
                if self.lease is not None and self._bound_anew(before):
                    return self.lease
                if len(self.refused) > refused and what != "takes":
                    raise AssertionError(f"{self.mac} {what} and is refused by {self.refused[-1]}")
            pause_s *= 2
        raise AssertionError(f"{self.mac} {what}: no answer within {within_s} s")

    def _bound_anew(self, before: Promise | None) -> bool:
        return self.lease is not None and self.lease is not before

    def _selects(self, offer: Answer) -> None:
        chosen: dict[int, bytes] = {
            Dhcp4Option.REQUESTED_ADDRESS: address(offer.yiaddr).to_bytes(4),
            Dhcp4Option.SERVER_ID: address(offer.server).to_bytes(4),
        }
        self._send(Dhcp4Type.REQUEST, Phase.REQUESTING, options=chosen, same_xid=True)

    def _accepts(self, ack: Answer, at: float) -> None:
        assert ack.lease_s is not None, ack
        self._phase = Phase.IDLE
        if self.lease is not None and self.lease.address != ack.yiaddr and self.lease.until > at:
            self._gives_up()
        self.lease = Promise(
            mac=self.mac,
            address=ack.yiaddr,
            server=ack.server,
            at=at,
            until=int(self._asked_at) + ack.lease_s,
            lease_s=ack.lease_s,
        )
        self.crowd.promised(self, self.lease)

    def _is_refused(self, nak: Answer, at: float) -> None:
        """Note a NAK, and go by it unless another server was quicker to say yes."""
        self.refused.append(nak.server)
        if self.lease is not None:
            refusal = Event(mac=self.mac, address=self.lease.address, at=at, server=nak.server)
            self.crowd.history.refusals.append(refusal)
            if self._phase is not Phase.IDLE:
                self._gives_up()
        self._phase = Phase.IDLE

    def _gives_up(self) -> Promise:
        assert self.lease is not None, self.mac
        lease, self.lease = self.lease, None
        self.crowd.history.given_up.append(Event(mac=self.mac, address=lease.address, at=time.time()))
        return lease

    def _send(
        self,
        kind: Dhcp4Type,
        phase: Phase,
        *,
        held: str = NO_ADDRESS,
        to: str = EVERYBODY,
        options: Mapping[int, bytes] | None = None,
        secs: int = 0,
        same_xid: bool = False,
    ) -> None:
        with self.crowd.heard:
            self._phase = phase
            self._asked_at = time.time()
            if not same_xid:
                self._terminal = replace(self._terminal, xid=next(self._xids), secs=secs)
            said = dict(options or {})
            if self._wish_s is not None and kind in {Dhcp4Type.DISCOVER, Dhcp4Type.REQUEST}:
                said[Dhcp4Option.LEASE_TIME] = self._wish_s.to_bytes(4)
            payload = self._terminal.says(kind, ciaddr=held, options=said)
            self.crowd.send(payload, hardware=self.hardware, source=held, to=to)


class Crowd:
    """The clients of a scenario, and the packet socket that sends and hears for all of them."""

    def __init__(self, namespace: str, servers: Mapping[str, bytes], *, split: int) -> None:
        self.history = History()
        self.heard = threading.Condition(threading.RLock())
        self._servers = servers  # LAN address -> hardware address
        self._split = split
        self._numbers = count(1)
        self._clients: dict[bytes, Client] = {}
        self._owners: dict[str, Client] = {}  # who answers ARP for an address
        self._socket = inside(namespace, _packet_socket)
        self._witness = self._client(0xFFFF, None, None)
        self._owners[WITNESS] = self._witness
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="crowd")
        self._thread.start()

    def client(self, *, of: str | None = None, wish_s: int | None = None, client_id: bytes | None = None) -> Client:
        """Return a new client, one that the load balancing gives to the server `of` if that is named."""
        for number in self._numbers:
            key = client_id or bytes.fromhex(f"0277{number:08x}")
            owner = "primary" if bucket_of(key) < self._split else "secondary"
            if of in {None, owner}:
                return self._client(number, wish_s, client_id)
        raise AssertionError("count() ended")

    def clients(self, many: int, *, of: str | None = None, wish_s: int | None = None) -> list[Client]:
        """Return so many new clients."""
        return [self.client(of=of, wish_s=wish_s) for _ in range(many)]

    def promised(self, client: Client, promise: Promise) -> None:
        """Note a promise, and find the client at its address from now on."""
        self.history.promises.append(promise)
        self._owners[promise.address] = client

    def all_take(self, clients: Sequence[Client], *, secs: int = 0, within_s: float = ANSWER_LIMIT_S) -> None:
        """Get a lease for each of these clients that has none, some at a time."""
        deadline_s = time.monotonic() + within_s
        while waiting := [client for client in clients if client.lease is None][:TOGETHER_MAX]:
            assert time.monotonic() < deadline_s, f"no lease within {within_s} s for {waiting[0].mac} and others"
            for client in waiting:
                client.discovers(secs=secs)
            with self.heard:
                self.heard.wait_for(partial(_all_bound, waiting), ASK_AGAIN_S)

    def wait(self, what: str, condition: Callable[[], bool], *, within_s: float = ANSWER_LIMIT_S) -> None:
        """Wait until what the clients hear makes a condition true."""
        with self.heard:
            assert self.heard.wait_for(condition, within_s), f"not within {within_s} s: {what}"

    def all_answered(self, servers: Iterable[str], *, within_s: float = ANSWER_LIMIT_S) -> None:
        """Return when these servers have dealt with every packet sent so far.

        Servers take packets in order and answer an INFORM in every state: once they have, who was silent, stays so.
        """
        wanted, seen = set(servers), set[str]()
        deadline_s = time.monotonic() + within_s
        while not wanted <= seen:
            assert time.monotonic() < deadline_s, f"no answer to an INFORM from {wanted - seen} within {within_s} s"
            with self.heard:
                self._witness.offers = []
                self._witness.informs(WITNESS)
                self.heard.wait_for(lambda: wanted <= {answer.server for answer in self._witness.offers}, ASK_AGAIN_S)
                seen |= {answer.server for answer in self._witness.offers}

    def send(self, payload: bytes, *, hardware: bytes, source: str, to: str) -> None:
        """Send a DHCP packet as the machine with that hardware address."""
        to_hardware = BROADCAST if to == EVERYBODY else self._servers[to]
        frame = client_frame(payload, hardware=hardware, source=source, to_hardware=to_hardware, to=to)
        with suppress(BlockingIOError):  # lost on the way
            self._socket.send(frame)

    def close(self) -> None:
        """Hear nothing any more."""
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def _client(self, number: int, wish_s: int | None, client_id: bytes | None) -> Client:
        client = Client(self, number, wish_s=wish_s, client_id=client_id)
        self._clients[client.hardware] = client
        return client

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                frame, (_device, _protocol, kind, *_rest) = self._socket.recvfrom(_FRAME_BYTES_MAX)
            except TimeoutError:
                continue
            if kind != _OUTGOING:
                self._hear(frame, time.time())

    def _hear(self, frame: bytes, at: float) -> None:
        sought = who_is_sought(frame)
        if sought is not None:
            owner = self._owners.get(sought)
            if owner is not None:
                self._socket.send(arp_answer(frame, owner.hardware))
            return
        payload = dhcp_payload(frame)
        if payload is None or len(payload) < 240:
            return
        client = self._clients.get(payload[28:34])
        if client is not None:
            with self.heard:
                client.hears(payload, at)
                self.heard.notify_all()


def _all_bound(clients: Sequence[Client]) -> bool:
    return all(client.lease is not None for client in clients)


def _packet_socket() -> socket.socket:
    found = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
    found.bind(("eth0", 0))
    found.settimeout(_POLL_S)
    return found
