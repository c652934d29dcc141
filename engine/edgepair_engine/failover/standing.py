"""Where an endpoint stands: its state and its partner's as recorded, what it was told to be, what it may serve."""

from __future__ import annotations

from dataclasses import replace

from edgepair_contract.clock import Now
from edgepair_contract.config import GroupConfig
from edgepair_contract.report import TRANSITIONS_KEPT
from edgepair_contract.vocabulary import FailoverState, Role, Serving
from edgepair_engine.failover.hashing import hba_of_split
from edgepair_engine.failover.serving import ServingRights, serving_of
from edgepair_engine.leases.record import StateRecord, TransitionEntry

ALIVE_EVERY_MIN_S = 10  # how exactly a restarted server knows when it stopped giving leases: a sync each time


class Standing:
    """The durable record of one endpoint and the few facts beside it that end with the process.

    The record changes only by what is worth telling; the two times that go on by themselves, of the last contact and of
    being alive, are written into what is handed out to be stored.
    `starting`: no partner's word since the process began. `announced`: PAUSED or SHUTDOWN, told and shown but never
    recorded. `unsaved`: the record has changed since it was last handed out. `last_contact_at`: when the partner was
    heard last.
    """

    def __init__(self, config: GroupConfig, restored: StateRecord | None, now: Now) -> None:
        self.config = config
        self.starting = True
        self.announced: FailoverState | None = None
        self.hba = hba_of_split(config.split) if config.role is Role.PRIMARY else None
        self.skew_s = 0
        self.unsaved = True
        self.distrusted = False  # the store is known to be older than what was told from it, and not made good yet
        self.record = restored or StateRecord(
            group=config.name,
            my_state=FailoverState.RECOVER,
            my_state_at=now.wall_s,
            partner_state_at=now.wall_s,
            mclt_s=config.mclt_s,
            update_all_wanted=True,
        )
        self.last_contact_at = self.record.last_contact_at
        self._stopped_at = self.record.alive_until_at or None
        self._wait_from = self.record.my_state_at
        self._rights: ServingRights | None = None
        self._rights_rest_on: tuple[object, ...] = ()
        if not self._is_agreed:
            self.agree()

    @property
    def role(self) -> Role:
        """Return which of the two servers this is."""
        return self.config.role

    @property
    def mine(self) -> FailoverState:
        """Return my recorded state: while starting, the one that will be resumed."""
        return self.record.my_state

    @property
    def told(self) -> FailoverState:
        """Return the state that the partner and people are told."""
        return self.announced or self.record.my_state

    @property
    def fenced(self) -> bool:
        """Return whether this server was told to answer nobody and to talk to nobody."""
        return self.record.fenced

    @property
    def mclt_wait_s(self) -> int:
        """Return how far past what both know a promise may run, of either server."""
        return max(self.record.mclt_s, self.record.mclt_wait_s)

    @property
    def alive_every_s(self) -> int:
        """Return how often it is written down that this server lives: as often as it says so, or every 10 s.

        A server that can be silent for minutes before its partner minds need not know to the second when it stopped.
        """
        return max(ALIVE_EVERY_MIN_S, self.config.max_response_delay_s // 3)

    @property
    def wait_ends_at(self) -> int:
        """Return when every lease that this server may have given before RECOVER has ended."""
        return self._wait_from + self.mclt_wait_s

    def begin_wait(self, now: Now) -> None:
        """Wait from now at the latest: the moment of before was written by a clock that ran ahead, if it is to come."""
        self._wait_from = min(self._wait_from, now.wall_s)

    def enter(self, state: FailoverState, *, cause: str, now: Now) -> None:
        """Take a new state. RECOVER-WAIT keeps RECOVER's time: it is the same stay, as dhcpd counts it."""
        before = self.record
        entry = TransitionEntry(at=now.wall_s, from_state=before.my_state, to_state=state, cause=cause)
        at = before.my_state_at if state is FailoverState.RECOVER_WAIT else now.wall_s
        if state is FailoverState.RECOVER:
            # Coming back from a stop, leases were given until then, not until now (I1).
            self._wait_from = min(self._stopped_at or now.wall_s, now.wall_s) if self.starting else now.wall_s
        else:
            self.distrusted = False
        self.change(
            replace(
                before,
                my_state=state,
                my_state_at=at,
                partner_gone_at=0,
                transitions=(*before.transitions, entry)[-TRANSITIONS_KEPT:],
            )
        )

    def distrust(self, now: Now) -> None:
        """Hear that the store is older than what was told from it: nothing that it says of its own end is true."""
        self.distrusted = True
        self._stopped_at = None
        self._wait_from = now.wall_s
        self.change(replace(self.record, update_all_wanted=True))
        if self.mine is FailoverState.RECOVER:
            self.change(replace(self.record, my_state_at=now.wall_s))

    def hear(self, partner: FailoverState, now: Now) -> None:
        """Record the partner's state and when it was heard."""
        self.change(replace(self.record, partner_state=partner, partner_state_at=now.wall_s))

    def date_partners_end(self, last_alive_at: int) -> None:
        """Take a word on when a partner that is down was last alive. The latest one counts."""
        if self.mine is FailoverState.PARTNER_DOWN and self.record.partner_gone_at != last_alive_at:
            self.change(replace(self.record, partner_gone_at=last_alive_at))

    def learn(self, *, mclt_s: int, hba: bytes) -> None:
        """Take what the primary dictates at CONNECT. MCLT is durable, the buckets come again with every CONNECT.

        A server that is new, or lost its store, has promised nothing by what it is configured with: dhcpd's secondary
        has no MCLT of its own at all, and waits by the one it learns (capture d4).
        """
        self.hba = hba
        if self.mine is FailoverState.RECOVER and self.record.partner_state is FailoverState.UNKNOWN:
            self.change(replace(self.record, mclt_s=mclt_s, mclt_wait_s=0))
        self._promise_by(mclt_s)

    def offer(self) -> None:
        """Note that the partner is about to be told the configured MCLT, and may never say that it was.

        Until it does, the smaller one is promised by and the larger one waited by: it promises, and takes this server's
        addresses, by one or the other.
        """
        before, wanted_s = self.record.mclt_s, self.config.mclt_s
        self._promise_by(min(before, wanted_s), heard_of=wanted_s)

    def agree(self) -> None:
        """Let the configured MCLT count: the partner has heard of it, or there is none that could rest on another."""
        self._promise_by(self.config.mclt_s)

    def settle_mclt(self) -> None:
        """Forget a larger MCLT of before: the partner has told all that it promised by it."""
        if self.record.mclt_wait_s:
            self.change(replace(self.record, mclt_wait_s=0))

    def configure(self, config: GroupConfig) -> None:
        """Take another configuration of the same role."""
        self.config = config
        if config.role is Role.PRIMARY:
            self.hba = hba_of_split(config.split)
            if not self._is_agreed:
                self.agree()

    def touch(self, now: Now) -> None:
        """Note that the partner was heard just now; stored with the next record."""
        self.last_contact_at = now.wall_s

    def change(self, record: StateRecord) -> None:
        """Take another record, to be stored with this outcome."""
        self.record = record
        self.unsaved = True

    def take_unsaved(self, now: Now) -> tuple[StateRecord, ...]:
        """Return the record if it must be stored now."""
        if not self.unsaved:
            return ()
        self.unsaved = False
        alive_until_at = now.wall_s + self.alive_every_s
        return (replace(self.record, last_contact_at=self.last_contact_at, alive_until_at=alive_until_at),)

    def rights(self) -> ServingRights:
        """Return what this server may answer."""
        rests_on = self.record, self.config, self.announced, self.starting, self.hba
        if rests_on == self._rights_rest_on and self._rights is not None:
            return self._rights  # for most packets
        serving, why = serving_now(self.record, announced=self.announced, starting=self.starting)
        self._rights_rest_on = rests_on
        self._rights = ServingRights(
            role=self.role,
            state=self.mine,
            claims_from_at=self.record.claims_from_at,
            mclt_s=self.record.mclt_s,
            mclt_wait_s=self.mclt_wait_s,
            serving=serving,
            why=why,
            hba=self.hba,
            load_balance_max_s=self.config.load_balance_max_s,
        )
        return self._rights

    def _promise_by(self, mclt_s: int, *, heard_of: int = 0) -> None:
        wait_s = max(self.mclt_wait_s, heard_of)
        wait_s = wait_s if wait_s > mclt_s else 0
        if (self.record.mclt_s, self.record.mclt_wait_s) != (mclt_s, wait_s):
            self.change(replace(self.record, mclt_s=mclt_s, mclt_wait_s=wait_s))

    @property
    def _is_agreed(self) -> bool:
        met = self.record.partner_state is not FailoverState.UNKNOWN or self.role is Role.SECONDARY
        return met and self.record.mclt_s != 0


def serving_now(record: StateRecord, *, announced: FailoverState | None, starting: bool) -> tuple[Serving, str]:
    """Return whom a server of which this is known may answer, and why not all."""
    if record.fenced:
        return Serving.NONE, "fenced"
    if starting:
        return Serving.NONE, "starting"
    return serving_of(announced or record.my_state, record.partner_state)
