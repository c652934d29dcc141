"""How many binding updates went each way: by it two of ours find out that a store was rolled back (I17).

A store put back from a snapshot or a backup looks sound, and its server would serve by what it holds. But its partner
has acknowledged updates that the store does not know to have been sent, or has acknowledgements of updates that it
does not know to have received. In true history, for the same counting,

    what I sent  >=  what my partner answered  >=  what I saw answered,

and each number is durable before what rests on it leaves. Updates and answers that are lost with a connection would
open a gap in which a rollback hides, so whoever hears the partner's counts raises its own to them: `received` to what
the partner has sent, `acked` to what it has answered. The secondary compares both ways at CONNECT; the primary is told
in CONNECTACK. When the two cannot compare (another store, another partner in between, a rollback) the secondary
begins a new counting, with a number above all that either knows of. It begins with one update as if answered when the
primary is to hear that it is behind: until it has taken that counting over, it is behind on every link.
"""

from __future__ import annotations

from dataclasses import replace

from edgepair_contract.value import value
from edgepair_engine.failover.introduction import Introduction
from edgepair_engine.failover.standing import Standing
from edgepair_engine.leases.record import CountsRecord


@value
class Origin:
    """Which program and which store this server runs on, and what it counted there for the group."""

    version: str = "0"
    store: str = ""
    counts: CountsRecord | None = None


@value
class Verdict:
    """Whose store is older than what the other knows of it."""

    mine_is_behind: bool = False
    partners_is_behind: bool = False


class Tally:
    """The counts of one endpoint. With a partner that is not ours it counts nothing."""

    def __init__(self, standing: Standing, origin: Origin) -> None:
        self.partner: Introduction | None = None  # as it introduced itself last
        self._standing = standing
        self._origin = origin
        self._counts = origin.counts or CountsRecord(group=standing.config.name)
        self._unsaved = False

    @property
    def forgot_leases(self) -> bool:
        """Return whether this server has lost its store, or runs on an old one, after it served with this partner.

        The counting of a first meeting is the first; a later one is of two that have known each other.
        """
        return self._standing.record.update_all_wanted and self._counts.count > 1

    def sent(self) -> None:
        """Count an update that is sent."""
        if self._is_on:
            self._take(replace(self._counts, sent=self._counts.sent + 1))

    def acked(self) -> None:
        """Count an answer to an update of ours, whatever it says."""
        if self._is_on:
            self._take(replace(self._counts, acked=self._counts.acked + 1))

    def received(self) -> None:
        """Count an update of the partner that is about to be answered."""
        if self._is_on:
            self._take(replace(self._counts, received=self._counts.received + 1))

    def introduction(self, *, behind: bool = False) -> Introduction | None:
        """Return how this server introduces itself; None to a partner that is not ours."""
        if not self._is_on:
            return None
        return Introduction(
            version=self._origin.version,
            store=self._origin.store,
            partner=self._counts.partner,
            count=self._counts.count,
            sent=self._counts.sent,
            acked=self._counts.acked,
            received=self._counts.received,
            config=self._standing.config.shared_digest,
            behind=behind,
        )

    def judge(self, primary: Introduction | None) -> Verdict:
        """Return, as the secondary, what the primary's introduction shows, and count from now on as it must be."""
        self.partner = primary
        if primary is None or not self._is_on:
            return Verdict()
        mine = self._counts
        i_know_it = primary.store == mine.partner
        it_knows_me = primary.partner == self._origin.store
        if i_know_it and it_knows_me and primary.count == mine.count:
            verdict = Verdict(
                mine_is_behind=primary.received > mine.sent or primary.acked > mine.received,
                partners_is_behind=mine.received > primary.sent or mine.acked > primary.received,
            )
            if verdict == Verdict():
                self._catch_up(primary)
                return verdict
        else:
            met = i_know_it or it_knows_me  # if only one knows the other, a store of before came back
            verdict = Verdict(
                mine_is_behind=met and primary.count > mine.count and primary.received + primary.acked > 0,
                partners_is_behind=met and primary.count < mine.count and mine.received + mine.acked > 0,
            )
        if i_know_it and primary.count < mine.count and not mine.sent + mine.acked + mine.received:
            return verdict  # the CONNECTACK that told of my counting was lost: it is told again
        count = max(primary.count, mine.count) + 1
        received = 1 if verdict.partners_is_behind else 0
        self._take(replace(self._new, partner=primary.store, count=count, received=received))
        return verdict

    def agree(self, secondary: Introduction | None) -> Verdict:
        """Return, as the primary, what the secondary has found, and count as it says."""
        self.partner = secondary
        if secondary is None or not self._is_on:
            return Verdict()
        if (secondary.store, secondary.count) != (self._counts.partner, self._counts.count):
            self._take(replace(self._new, partner=secondary.store, count=secondary.count, sent=secondary.received))
        else:
            self._catch_up(secondary)
        return Verdict(mine_is_behind=secondary.behind)

    def _catch_up(self, partner: Introduction) -> None:
        received, acked = max(self._counts.received, partner.sent), max(self._counts.acked, partner.received)
        if (received, acked) != (self._counts.received, self._counts.acked):
            self._take(replace(self._counts, received=received, acked=acked))

    def take_unsaved(self) -> tuple[CountsRecord, ...]:
        """Return the counts if they must be stored now."""
        if not self._unsaved:
            return ()
        self._unsaved = False
        return (self._counts,)

    @property
    def _is_on(self) -> bool:
        return self._standing.config.partner_is_ours

    @property
    def _new(self) -> CountsRecord:
        return CountsRecord(group=self._counts.group)

    def _take(self, counts: CountsRecord) -> None:
        self._counts = counts
        self._unsaved = True
