"""What a client would be answered now, and why: the rules themselves asked, with packets such as it would send."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from edgepair_contract.clock import Now
from edgepair_contract.value import value
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.dhcp.client import Client
from edgepair_engine.dhcp.desk import Ask, Desk
from edgepair_engine.dhcp.relay import BROADCAST, CLIENT_PORT, Arrival
from edgepair_engine.dhcp.responder import respond
from edgepair_engine.dhcp.terms import wanted_s
from edgepair_engine.dhcp.verdict import Ack, Offer, Silent, Verdict, Why
from edgepair_engine.failover.hashing import bucket_of
from edgepair_engine.leases.lease import Lease
from edgepair_engine.wire.dhcp4 import BOOTREQUEST, ETHERNET, Dhcp4Message, Dhcp4Packet, decode_dhcp4, encode_dhcp4
from edgepair_engine.wire.dhcp4_options import Dhcp4Option, Dhcp4Type, u8

MAC_LENGTH = 6
IDENTIFIER_LENGTH_MAX = 255


@value
class Answer:
    """What a message of the client would get. `lease_s` and `lease_why`: only where a time is given."""

    to: str  # DISCOVER, REQUEST
    answer: str  # OFFER, ACK, NAK, nothing
    why: str
    address: str | None = None
    lease_s: int | None = None
    lease_why: str | None = None


@value
class Explanation:
    """How one subnet stands to one client. Times are epoch seconds; `bucket` is the client's of RFC 3074's 256."""

    prefix: str
    interface: str
    group: str | None
    client: str
    bucket: int
    serving: str
    address: str | None  # that it holds, or had
    state: str | None
    ends_at: int | None
    answers: tuple[Answer, ...]


def clients_called(name: str) -> tuple[Client, ...]:
    """Return whom this can mean: a hardware address means a client without identifier, and one whose it is also.

    Raises:
        ValueError: it is neither a hardware address nor an identifier in hexadecimal digits.
    """
    digits = name.strip().replace(":", "").replace("-", "").lower()
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        raw = b""
    if not 0 < len(raw) <= IDENTIFIER_LENGTH_MAX:
        raise ValueError(f"{name!r} is neither a hardware address (02:00:00:00:00:01) nor a client identifier in hex")
    hardware = bytes([ETHERNET]) + raw
    if len(raw) == MAC_LENGTH:
        return Client(None, hardware), Client(hardware, hardware)
    of_mac = len(raw) == MAC_LENGTH + 1 and raw[0] == ETHERNET
    return (Client(raw, raw if of_mac else b""),)


def explain(clients: tuple[Client, ...], desk: Desk, now: Now) -> Explanation:
    """Return how this subnet stands to a client: as whom it is known here, else as the first of its names."""
    leases = [lease for client in clients if (lease := _former(client, desk)) is not None]
    lease = leases[0] if leases else None
    client = clients[0] if lease is None else Client(lease.client_id, lease.hardware or b"")
    return Explanation(
        prefix=desk.scope.prefix,
        interface=desk.scope.config.interface,
        group=desk.scope.group or None,
        client=_named(client),
        bucket=bucket_of(client.hash_key),
        serving=desk.rights.serving.value,
        address=None if lease is None else _dotted(lease.address),
        state=None if lease is None else lease.state.name.lower(),
        ends_at=None if lease is None else lease.ends_at,
        answers=tuple(_answers(client, lease, desk, now)),
    )


def _answers(client: Client, lease: Lease | None, desk: Desk, now: Now) -> Iterator[Answer]:
    discover = _packet(client, Dhcp4Type.DISCOVER)
    yield _answer("DISCOVER", _asked(discover, client, desk, now), discover, desk, now)
    held = desk.scope.reserved_for(client)
    if held is None and lease is not None and lease.state is BindingState.ACTIVE:
        held = lease.address
    if held is not None:
        renewal = _packet(client, Dhcp4Type.REQUEST, ciaddr=held)
        yield _answer("REQUEST", _asked(renewal, client, desk, now), renewal, desk, now)


def _asked(packet: Dhcp4Packet, client: Client, desk: Desk, now: Now) -> Verdict:
    assert client.key is not None
    here = Arrival(desk.scope.config.interface, desk.scope.first, packet.ciaddr, CLIENT_PORT, BROADCAST)
    return respond(Ask(packet, here, client, client.key), desk, now)


def _answer(to: str, verdict: Verdict, packet: Dhcp4Packet, desk: Desk, now: Now) -> Answer:
    if isinstance(verdict, Silent):
        detail = f" ({verdict.detail})" if verdict.detail else ""
        return Answer(to, "nothing", verdict.why.value + detail)
    if isinstance(verdict, Offer | Ack):
        return Answer(
            to,
            "OFFER" if isinstance(verdict, Offer) else "ACK",
            verdict.why.value,
            _dotted(verdict.address),
            verdict.lease_s,
            _why_so_long(verdict, wanted_s(packet, desk.scope), desk, now),
        )
    return Answer(to, "NAK", verdict.why.value)


def _why_so_long(verdict: Offer | Ack, usual_s: int, desk: Desk, now: Now) -> str:
    if verdict.why is Why.RENEWED_EARLY:
        return f"what is left of the lease: {desk.scope.config.cache_threshold_percent} % of it are not over"
    if verdict.lease_s >= usual_s or desk.rights.mclt_s is None:
        return "as configured"
    lease = desk.lease(verdict.address)
    known_s = 0 if lease is None else max(0, lease.tsfp - now.wall_s)
    knows = f"knows of {known_s} s more" if known_s else "knows of no lease yet"
    return f"MCLT ({desk.rights.mclt_s} s) beyond what the partner knows: it {knows}; {usual_s} s are configured"


def _packet(client: Client, kind: Dhcp4Type, *, ciaddr: int = 0) -> Dhcp4Packet:
    options: list[tuple[int, bytes]] = [(Dhcp4Option.MESSAGE_TYPE, u8(kind))]
    if client.client_id is not None:
        options.append((Dhcp4Option.CLIENT_ID, client.client_id))
    message = Dhcp4Message(op=BOOTREQUEST, xid=0, chaddr=client.hardware[1:], ciaddr=ciaddr, options=tuple(options))
    return decode_dhcp4(encode_dhcp4(message))


def _former(client: Client, desk: Desk) -> Lease | None:
    assert client.key is not None
    return desk.leases.of_client(client.key, desk.scope.pool)


def _named(client: Client) -> str:
    if client.client_id is None:
        return f"hardware address {client.hardware[1:].hex(':')}"
    return f"client identifier {client.client_id.hex(':')}"


def _dotted(address: int) -> str:
    return str(IPv4Address(address))
