"""The DHCP side of the engine: a datagram in; the answer, the binding to store and the partner's update out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import assert_never

from edgepair_contract.clock import Now
from edgepair_contract.config import MemberConfig
from edgepair_contract.notices import Note, NoteCode
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.core.effects import NOTHING, Effects, SendDhcp, Tell
from edgepair_engine.core.events import DhcpDatagram
from edgepair_engine.core.partners import Partners
from edgepair_engine.dhcp.client import Client, client_of
from edgepair_engine.dhcp.desk import Ask, Desk
from edgepair_engine.dhcp.explain import Explanation, explain
from edgepair_engine.dhcp.offers import Offers
from edgepair_engine.dhcp.rate import RateLimit
from edgepair_engine.dhcp.replies import Replies
from edgepair_engine.dhcp.responder import is_partners, respond
from edgepair_engine.dhcp.rights import PlainRights, Rights
from edgepair_engine.dhcp.scopes import Scope, Scopes
from edgepair_engine.dhcp.shelf import Shelf
from edgepair_engine.dhcp.shortage import Shortages
from edgepair_engine.dhcp.verdict import Ack, Answering, BootReply, Freed, Inform, Nak, Offer, Silent, Verdict, Why
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.pool import NO_GROUP
from edgepair_engine.leases.record import LeaseRecord
from edgepair_engine.leases.table import LeaseTable
from edgepair_engine.wire.dhcp4 import decode_dhcp4
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_engine.wire.errors import WireError

UNREADABLE_INTERVAL_S = 10.0  # one notice for all unreadable datagrams in between: anybody can send them
_PLAIN = PlainRights()
_MESSAGE_NAMES: dict[int | None, str] = {kind.value: kind.name for kind in Dhcp4Type} | {None: "BOOTREQUEST"}
_ANSWER = {Offer: "OFFER", Ack: "ACK", Inform: "ACK", Nak: "NAK", BootReply: "BOOTREPLY", Freed: "nothing"}


class Clients:
    """Answers DHCP clients with the leases and the rights that the server has."""

    def __init__(
        self, config: MemberConfig, leases: LeaseTable, partners: Partners, offers: Offers, *, tells_each: bool
    ) -> None:
        self._tells_each = tells_each
        self._leases = leases
        self._partners = partners
        self._offers = offers
        self._shortages = Shortages()
        self._unreadable_count = 0
        self._unreadable_told_s = -UNREADABLE_INTERVAL_S
        self.configured(config)

    def configured(self, config: MemberConfig) -> None:
        """Answer by this configuration from now on. Offers that are pending stay."""
        self._scopes = Scopes(config)
        self._shelf = Shelf()
        self._replies = Replies()
        self._server_identifier = config.server_identifier
        self._server_ids = frozenset(_server_ids(config))
        self._per_client = RateLimit(config.per_client_per_second)
        self._per_relay = RateLimit(config.per_relay_per_second)

    def answer(self, event: DhcpDatagram, now: Now) -> Effects:
        """Return the answer to a datagram, and all that follows from it."""
        try:
            packet = decode_dhcp4(event.data)
        except WireError as error:
            return self._unreadable(str(error), now)
        client = client_of(packet)
        if client.key is None:
            return self._unreadable("the packet does not say who sent it", now)
        ask = Ask(packet, event.arrival, client, client.key)
        scope = self._scopes.of_packet(packet, event.arrival)
        desk = None if scope is None else self._desk(scope, now)
        if desk is not None and is_partners(ask, desk):  # half of a pair's packets: the limits are for what costs more
            return self._ignored(ask, Silent(Why.PARTNERS_CLIENT))
        if packet.giaddr and not self._per_relay.lets_through(packet.giaddr, now):
            return self._ignored(ask, Silent(Why.TOO_MANY, "relay"))
        if not self._per_client.lets_through(client.key, now):
            return self._ignored(ask, Silent(Why.TOO_MANY, "client"))
        if scope is None:
            return self._ignored(ask, Silent(Why.NO_SUBNET, event.arrival.interface))
        if desk is None:
            return self._ignored(ask, Silent(Why.NO_GROUP, scope.group))
        return self._carry_out(respond(ask, desk, now), ask, desk, now)

    def explain(self, clients: tuple[Client, ...], now: Now) -> list[Explanation]:
        """Return what these names of a client would be answered in each subnet, and why; nothing changes."""
        desks = (self._desk(scope, now) for scope in self._scopes.all)
        return [explain(clients, replace(desk, shelf=Shelf()), now) for desk in desks if desk is not None]

    def shortages(self, now: Now) -> tuple[tuple[str, str], ...]:
        """Return which prefixes had no address for a new client lately, each with the reason."""
        return self._shortages.told(now)

    def next_wakeup(self, now: Now) -> float | None:
        """Return the monotonic moment by which something of this changes by itself; None when nothing does."""
        return self._shortages.next_over_s(now)

    def sizes(self) -> Mapping[str, int]:
        """Return how much is kept in mind of clients."""
        return {
            "offers": len(self._offers),
            "senders_counted": len(self._per_client) + len(self._per_relay),
            "addresses_ahead": len(self._shelf),
        }

    def _desk(self, scope: Scope, now: Now) -> Desk | None:
        rights: Rights = _PLAIN
        if scope.group:
            group = self._partners.get(scope.group)
            if group is None:
                return None
            rights = group.endpoint.rights(now)
        return Desk(
            scope=scope,
            rights=rights,
            leases=self._leases,
            offers=self._offers,
            shelf=self._shelf,
            server_ids=self._server_ids,
        )

    def _carry_out(self, verdict: Verdict, ask: Ask, desk: Desk, now: Now) -> Effects:
        match verdict:
            case Offer():
                self._offers.hold(verdict.address, ask.key, now)
                return self._told(verdict, ask, desk)
            case Ack():
                self._offers.let_go(ask.key)
                kept = Effects() if verdict.lease is None else self._keep(verdict.lease, desk.scope, now)
                return kept.then(self._told(verdict, ask, desk))
            case Inform() | Nak() | BootReply():
                return self._told(verdict, ask, desk)
            case Freed():
                return self._keep(verdict.lease, desk.scope, now).then(self._freed(verdict, ask))
            case Silent():
                if verdict.why is Why.OTHER_SERVER:
                    self._offers.let_go(ask.key)
                ignored = self._ignored(ask, verdict)
                return ignored.then(self._short(desk, now)) if verdict.why is Why.NO_ADDRESS else ignored
            case _:
                assert_never(verdict)

    def _keep(self, lease: Lease, scope: Scope, now: Now) -> Effects:
        """Write a binding; with a partner its endpoint does so, and tells the partner in the same turn."""
        group = self._partners.get(scope.group)
        if group is not None:
            return self._partners.perform(scope.group, group.endpoint.lease_changed(lease, now))
        self._leases.put(lease)
        return Effects((LeaseRecord(NO_GROUP, lease),))

    def _told(self, verdict: Answering, ask: Ask, desk: Desk) -> Effects:
        server_id = self._server_id(ask)
        reply = self._replies.to(ask.packet, ask.arrival, verdict=verdict, scope=desk.scope, server_id=server_id)
        address = ask.packet.ciaddr if isinstance(verdict, Inform) else verdict.address
        send = SendDhcp(reply.data, reply.to, promise=isinstance(verdict, Ack))
        return Effects(outputs=(send, *self._answered(verdict, address, ask)))

    def _server_id(self, ask: Ask) -> int:
        """Return by which address this client shall know the server."""
        override = ask.packet.server_id_override
        if override is not None:
            return override
        return ask.arrival.local if self._server_identifier is None else int(self._server_identifier)

    def _unreadable(self, why: str, now: Now) -> Effects:
        """Count a datagram that cannot be read; the notice gives the latest reason."""
        self._unreadable_count += 1
        if now.mono_s - self._unreadable_told_s < UNREADABLE_INTERVAL_S:
            return Effects()
        fields: dict[str, str | int] = {"count": self._unreadable_count, "why": why}
        self._unreadable_count, self._unreadable_told_s = 0, now.mono_s
        return Effects(outputs=(Tell(Note(NoteCode.DATAGRAMS_DROPPED, None, fields)),))

    def _short(self, desk: Desk, now: Now) -> Effects:
        why = self._shortages.refused(desk, now)
        if why is None:
            return NOTHING
        fields = {"prefix": desk.scope.prefix, "why": why}
        return Effects(outputs=(Tell(Note(NoteCode.POOL_EMPTY, desk.scope.group or None, fields)),))

    # one notice for each packet: for who debugs, and for the stories of the simulator

    def _freed(self, verdict: Freed, ask: Ask) -> Effects:
        answered = self._answered(verdict, verdict.lease.address, ask)
        if verdict.lease.state is not BindingState.ABANDONED:
            return Effects(outputs=answered)
        fields = {"address": dotted(verdict.lease.address), "why": verdict.why.value}
        return Effects(outputs=(*answered, Tell(Note(NoteCode.ADDRESS_ABANDONED, None, fields))))

    def _answered(self, verdict: Answering | Freed, address: int, ask: Ask) -> tuple[Tell, ...]:
        if not self._tells_each:
            return ()
        fields = {
            "answer": _ANSWER[type(verdict)],
            "address": dotted(address),
            "client": ask.client.shortened,
            "why": verdict.why.value,
        }
        return (Tell(Note(NoteCode.CLIENT_ANSWERED, None, fields)),)

    def _ignored(self, ask: Ask, verdict: Silent) -> Effects:
        if not self._tells_each:
            return NOTHING
        kind = ask.packet.message_type
        why = f"{verdict.why.value} ({verdict.detail})" if verdict.detail else verdict.why.value
        fields = {"message": _MESSAGE_NAMES.get(kind, str(kind)), "client": ask.client.shortened, "why": why}
        return Effects(outputs=(Tell(Note(NoteCode.CLIENT_IGNORED, None, fields)),))


def _server_ids(config: MemberConfig) -> Iterator[int]:
    if config.server_identifier is not None:
        yield int(config.server_identifier)
    for interface in config.interfaces:
        yield int(interface.address.ip)
    for group in config.groups:
        yield int(group.my_address)


def dotted(address: int) -> str:
    """Return an address as people write it."""
    return ".".join(str(byte) for byte in address.to_bytes(4))
