"""The engine: every event of the outside goes in here, and all that it wants comes out as effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from edgepair_contract.clock import Chance, Now
from edgepair_contract.config import MemberConfig, parse_member_config
from edgepair_contract.errors import ConfigError
from edgepair_contract.notices import Note, NoteCode
from edgepair_contract.report import InterfaceReport, MemberReport
from edgepair_engine.core.clients import Clients
from edgepair_engine.core.clock_watch import ClockWatch
from edgepair_engine.core.effects import NOTHING, AnswerControl, Effects, Tell, joined
from edgepair_engine.core.events import (
    ConfigRefused,
    ConfigReplaced,
    ControlAsked,
    DatagramsDropped,
    DhcpDatagram,
    DialFailed,
    Event,
    InterfacesChanged,
    LinkLost,
    LinkUp,
    PartnerBytes,
    StoreChanged,
    Woken,
)
from edgepair_engine.core.partners import Partners
from edgepair_engine.core.report import Facts, Identity, Reporter
from edgepair_engine.dhcp.explain import Explanation, clients_called
from edgepair_engine.dhcp.offers import Offers
from edgepair_engine.failover.tally import Origin
from edgepair_engine.leases.expiry import end_leases, next_end
from edgepair_engine.leases.pool import NO_GROUP, pools_of
from edgepair_engine.leases.record import ConfigRecord, Restored
from edgepair_engine.leases.table import LeaseTable


class Engine:
    """One server: its failover endpoints, its leases, its configuration."""

    def __init__(
        self,
        config: MemberConfig,
        restored: Restored,
        chance: Chance,
        *,
        now: Now,
        identity: Identity = Identity(),  # noqa: B008 - a frozen value
        tells_each_packet: bool = True,
    ) -> None:
        self._config_error: str | None = None
        self._store_error: str | None = None
        self._interfaces: tuple[InterfaceReport, ...] = ()
        self._config = config
        self._digest = config.digest
        self._leases = LeaseTable(pools_of(config), (record.lease for record in restored.leases))
        offers = Offers()
        origin = Origin(identity.version, restored.incarnation)
        self._partners = Partners(self._leases, restored, origin, chance=chance, on_offer=offers.is_held)
        self._reporter = Reporter(identity, self._leases, self._partners, now=now)
        self._clients = Clients(config, self._leases, self._partners, offers, tells_each=tells_each_packet)
        self._turn_at_s = now.mono_s
        self._clock = ClockWatch(now)
        # What starting the groups wants is handed out with the first turn.
        self._pending = self._partners.configured(config.groups, now)
        before = _config_of(restored)
        if before is not None:
            self._pending = self._pending.then(self._partners.started_with_other_ranges(pools_of(before), now))
        if before != config:  # the next start compares with it
            self._pending = Effects((_record_of(config),)).then(self._pending)

    def handle(self, event: Event, now: Now) -> Effects:
        """Return what this event makes the engine want."""
        match event:
            case Woken():
                return self._wake(now)
            case DhcpDatagram():
                return self._clients.answer(event, now)
            case LinkUp() | PartnerBytes() | LinkLost() | DialFailed():
                return self._partners.hear(event, now)
            case ControlAsked():
                effects, answer = self._partners.control(event.request, now)
                return effects.then(Effects(outputs=(AnswerControl(event.ask, answer),)))
            case ConfigReplaced():
                return self._replace(event, now)
            case ConfigRefused():
                self._config_error = event.why
                return _note(NoteCode.CONFIG_REFUSED, why=event.why)
            case InterfacesChanged():
                return self._look_at(event.interfaces)
            case StoreChanged():
                return self._hear_of_store(event.problem)
            case DatagramsDropped():
                return _note(NoteCode.DATAGRAMS_DROPPED, count=event.count, why=event.why)
            case _:
                assert_never(event)

    def next_wakeup(self, now: Now) -> float | None:
        """Return the monotonic moment by which the engine wants a turn; None when nothing is planned."""
        due = self._partners.moments(now)
        over_s = self._clients.next_wakeup(now)
        if over_s is not None:
            due.append(over_s)
        due += [self._turn_at_s + group.max_response_delay_s / 2 for group in self._config.groups]
        end_at = next_end(self._leases, NO_GROUP)
        if end_at is not None:
            due.append(now.mono_s + max(0, end_at - now.wall_s))
        return min(due, default=None)

    def report(self, now: Now) -> MemberReport:
        """Return the report; the same object as long as nothing worth telling has changed."""
        return self._reporter.report(self._facts(now), now)

    def _facts(self, now: Now) -> Facts:
        return Facts(
            config=self._config,
            config_digest=self._digest,
            config_error=self._config_error,
            store_error=self._store_error,
            clock_step=self._clock.latest,
            interfaces=self._interfaces,
            groups=self._partners.facts(now),
            shortages=self._clients.shortages(now),
        )

    def explain(self, client: str, now: Now) -> list[Explanation]:
        """Return what a client would be answered now in each subnet, and why. Nothing changes by it.

        Raises:
            ValueError: `client` is neither a hardware address nor an identifier in hexadecimal digits.
        """
        return self._clients.explain(clients_called(client), now)

    def sizes(self) -> Mapping[str, int]:
        """Return how much of each thing this engine keeps in memory now."""
        return {**self._clients.sizes(), **self._partners.sizes(), **self._leases.sizes()}

    def _wake(self, now: Now) -> Effects:
        """Do what is due. A group that was away for longer than its partner waits starts anew (statement I16)."""
        away_s, self._turn_at_s = now.mono_s - self._turn_at_s, now.mono_s
        parts, self._pending = [self._pending], NOTHING
        step = self._clock.look(now)
        if step is not None:
            parts.append(_note(NoteCode.CLOCK_STEPPED, step_s=f"{step.by_s:+d}"))
        for group in self._config.groups:
            if away_s > group.max_response_delay_s:
                why = f"this process was stopped for {away_s:.0f} s"
                parts.append(self._partners.restart(group.name, why, now))
        ended = end_leases(self._leases, now)
        return joined([*parts, *self._partners.wake(now), Effects(ended) if ended else NOTHING])

    def _replace(self, event: ConfigReplaced, now: Now) -> Effects:
        config = event.config
        if config.revision < self._config.revision:
            self._config_error = f"revision {config.revision} is older than {self._config.revision}, which is in force"
            return _note(NoteCode.CONFIG_REFUSED, why=self._config_error)
        self._config_error = None
        if (config.revision, config.digest) == (self._config.revision, self._digest):
            return NOTHING
        self._config, self._digest = config, config.digest
        self._leases.configure(pools_of(config))
        effects = Effects((_record_of(config),)).then(self._partners.configured(config.groups, now))
        self._clients.configured(config)
        return effects.then(_note(NoteCode.CONFIG_ACCEPTED, revision=config.revision, digest=self._digest))

    def _look_at(self, interfaces: tuple[InterfaceReport, ...]) -> Effects:
        before = {interface.name: interface.problem for interface in self._interfaces}
        self._interfaces = interfaces
        effects = NOTHING
        for interface in interfaces:
            if before.get(interface.name) == interface.problem:
                continue
            names = {"interface": interface.name, "device": interface.device}
            if interface.problem is None:
                effects = effects.then(_note(NoteCode.INTERFACE_RECOVERED, **names))
            else:
                effects = effects.then(_note(NoteCode.INTERFACE_PROBLEM, **names, why=interface.problem))
        return effects

    def _hear_of_store(self, problem: str | None) -> Effects:
        self._store_error = problem
        if problem is None:
            return _note(NoteCode.STORE_RECOVERED)
        return _note(NoteCode.STORE_PROBLEM, why=problem)


def newest_config(given: MemberConfig, restored: Restored) -> MemberConfig:
    """Return the configuration to start with: the stored one when its revision is higher than the given one's.

    A stored one that this version cannot read counts as absent: the given one was written for it.
    """
    stored = restored.config
    if stored is None or stored.revision <= given.revision:
        return given
    return _config_of(restored) or given


def _record_of(config: MemberConfig) -> ConfigRecord:
    # What nobody set is left out: a version that does not know such a field yet can read the rest.
    return ConfigRecord(config.revision, config.model_dump_json(exclude_unset=True))


def _config_of(restored: Restored) -> MemberConfig | None:
    try:
        return None if restored.config is None else parse_member_config(restored.config.text)
    except ConfigError:
        return None


def _note(code: NoteCode, **fields: str | int) -> Effects:
    return Effects(outputs=(Tell(Note(code, None, fields)),))
