"""The engine: every event of the outside goes in here, and all that it wants comes out as effects."""

from __future__ import annotations

from typing import assert_never

from edgepair_contract.clock import Chance, Now
from edgepair_contract.config import MemberConfig, parse_member_config
from edgepair_contract.control import ControlAnswer
from edgepair_contract.errors import ConfigError
from edgepair_contract.notices import Note, NoteCode
from edgepair_contract.report import InterfaceReport, MemberReport
from edgepair_engine.core.effects import AnswerControl, CloseLink, Effects, Tell
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
from edgepair_engine.core.report import Facts, Identity, Reporter
from edgepair_engine.leases.record import ConfigRecord, Restored

NOTHING = Effects()


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
    ) -> None:
        self._chance = chance
        self._reporter = Reporter(identity, now.wall_s)
        self._config_error: str | None = None
        self._store_error: str | None = None
        self._interfaces: tuple[InterfaceReport, ...] = ()
        self._restored = restored
        self._config = config
        self._digest = config.digest

    def handle(self, event: Event, now: Now) -> Effects:
        """Return what this event makes the engine want."""
        match event:
            case DhcpDatagram():
                return NOTHING
            case LinkUp():
                return Effects(outputs=(CloseLink(event.link, "no failover group expects this connection"),))
            case PartnerBytes() | LinkLost() | DialFailed() | Woken():
                return NOTHING
            case ControlAsked():
                return Effects(outputs=(AnswerControl(event.ask, ControlAnswer(done=False, text="no such group")),))
            case ConfigReplaced():
                return self._replace(event)
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
        return None

    def report(self, now: Now) -> MemberReport:
        """Return the report; the same object as long as nothing worth telling has changed."""
        facts = Facts(
            server=self._config.server,
            config_revision=self._config.revision,
            config_digest=self._digest,
            config_error=self._config_error,
            store_error=self._store_error,
            interfaces=self._interfaces,
        )
        return self._reporter.report(facts, now)

    def _replace(self, event: ConfigReplaced) -> Effects:
        config = event.config
        if config.revision < self._config.revision:
            self._config_error = f"revision {config.revision} is older than {self._config.revision}, which is in force"
            return _note(NoteCode.CONFIG_REFUSED, why=self._config_error)
        self._config_error = None
        if (config.revision, config.digest) == (self._config.revision, self._digest):
            return NOTHING
        self._config, self._digest = config, config.digest
        accepted = _note(NoteCode.CONFIG_ACCEPTED, revision=config.revision, digest=self._digest)
        return Effects((ConfigRecord(config.revision, event.text),)).then(accepted)

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
    try:
        return parse_member_config(stored.text)
    except ConfigError:
        return given


def _note(code: NoteCode, **fields: str | int) -> Effects:
    return Effects(outputs=(Tell(Note(code, None, fields)),))
