"""From dhcpd.leases to what a journal holds: the newest lease of each address and the failover states.

dhcpd appends to this file and reads it to its end, passing over what it cannot read; so does this. Of an address the
newest entry counts that can be read: the last one of a file may be cut off, if dhcpd was killed while it wrote.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import replace

from edgepair_contract.config import MemberConfig
from edgepair_contract.value import value
from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.importing.lease_entries import LeaseEntry, PeerEntry, read_lease, read_peer
from edgepair_engine.importing.loss import Loss, Losses
from edgepair_engine.importing.refusal import ImportRefused
from edgepair_engine.importing.statements import Parser, Statement
from edgepair_engine.importing.tokens import Source
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.pool import NO_GROUP, pools_of
from edgepair_engine.leases.record import LeaseRecord, Restored, StateRecord

# An entry begins at the first column, where dhcpd writes nothing else but closing braces.
_HEAD = re.compile(
    rb"^(?:lease[ \t]+(?P<address>[0-9.]+)|failover[ \t]+peer[ \t]+\"(?P<peer>[^\"\n]*)\"[ \t]+state"
    rb"|(?P<other>lease|failover|host|group|subgroup|class|subclass|server-duid|authoring-byte-order|ia-[a-z]+))\b",
    re.MULTILINE,
)
TOLD_EVERY = 10_000  # leases between two words of progress

# The kinds of statements in a lease that are lost, each listed once: the first word, or why.
_UNUSED = {
    "set": ("variables, those of DNS updates among them, are not kept", "nothing, unless somebody reads them"),
    "on": ("events do not exist here", "remove stale DNS entries yourself"),
    "option": ("the relay's options are not kept with the lease", "nothing: relays send them with each packet"),
    "billing": ("classes do not exist here", "nothing"),
    "vendor-class-identifier": ("it is not kept with the lease", "nothing"),
}
_UNKNOWN_STATEMENT = "a lease has no place for it", "nothing, unless somebody reads it"
_OTHER_ENTRIES = {
    "server-duid": ("a DHCPv4 server has no DUID here", "nothing"),
    "host": ("it was made by OMAPI, which does not exist here", "write it into the configuration as a reservation"),
    "group": ("it was made by OMAPI, which does not exist here", "write it into the configuration"),
    "subgroup": ("it was made by OMAPI, which does not exist here", "write it into the configuration"),
    "class": ("classes do not exist here", "nothing"),
    "subclass": ("classes do not exist here", "nothing"),
}
_FOREIGN_ENTRY = "it is no lease of DHCPv4", "keep a server for it"

# dhcpd never starts in these; what it was before is not in the file.
_STARTS_AS = {
    FailoverState.PAUSED: FailoverState.COMMUNICATIONS_INTERRUPTED,
    FailoverState.SHUTDOWN: FailoverState.RECOVER,
    FailoverState.UNKNOWN: FailoverState.RECOVER,
}


@value
class ImportedLeases:
    """What goes into the journal, and what does not."""

    restored: Restored
    losses: tuple[Loss, ...]


class LeaseFile:
    """One lease file. It is read in two steps, for a secondary's configuration needs the MCLT that stands in it."""

    def __init__(self, text: bytes, *, name: str) -> None:
        self._source = Source.of(name, text)
        self._losses = Losses()
        self._leases: dict[bytes, list[tuple[int, int]]] = {}
        self._peers: dict[str, PeerEntry] = {}
        self._peer_statements: dict[str, Statement] = {}
        self._seen_unused: set[str] = set()
        self._look()

    @property
    def told_mclt_s(self) -> Mapping[str, int]:
        """Return the MCLT that primaries have told this server, by the names of the relationships."""
        return {name: peer.mclt_s for name, peer in self._peers.items() if peer.mclt_s}

    def restore(
        self,
        config: MemberConfig,
        *,
        split: Mapping[int, str],
        now_s: int,
        tell: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> ImportedLeases:
        """Return what the journal of this member holds from now on.

        `split`: addresses that are reserved now. `now_s`: for a state without a time. `tell` hears how many addresses
        of how many are done.
        """
        group_of = {address_range: pool.group for pool in pools_of(config) for address_range in pool.ranges}
        places = _Places(group_of)
        records = []
        for done, entries in enumerate(self._leases.values(), start=1):
            entry = self._newest(entries)
            if entry is not None:
                record = self._record(*entry, places=places, split=split)
                records += [record] if record is not None else []
            if done % TOLD_EVERY == 0:
                tell(done, len(self._leases))
        states = self._states(config, now_s)
        return ImportedLeases(Restored(tuple(records), states), self._losses.all())

    # entries

    def _look(self) -> None:
        """Find where the entries begin, and read those that are no leases."""
        heads = list(_HEAD.finditer(self._source.text))
        bounds = [*(head.start() for head in heads), len(self._source.text)]
        if (preface := self._entry(0, bounds[0])) is not None:
            self._losses.add(preface, "it belongs to no entry", "look at the file")
        for head, end in zip(heads, bounds[1:], strict=True):
            if head["address"] is not None:
                self._leases.setdefault(head["address"], []).append((head.start(), end))
            elif head["peer"] is not None:
                self._peer(head.start(), end)
            else:
                self._other(head, end)

    def _entry(self, start: int, end: int) -> Statement | None:
        """Return the statement that a part of the file holds; what cannot be read, and what follows it, is noted."""
        first: Statement | None = None
        try:
            for statement in Parser(self._source).statements(start, end):
                if first is None:
                    first = statement
                else:
                    self._losses.add(statement, "it belongs to no entry", "look at the file")
        except ImportRefused as refusal:
            self._unreadable(start, end, refusal)
        return first

    def _unreadable(self, start: int, end: int, refusal: ImportRefused) -> None:
        first = self._source.text[start:end].strip().split(b"\n")[0].decode(errors="replace")
        is_last = end == len(self._source.text)
        cut = ": the file ends within it" if is_last and not self._source.text.rstrip().endswith(b"}") else ""
        advice = "nothing if an older entry or the partner has it; look at the file if it is not the last entry"
        why = f"it cannot be read{cut} ({refusal.place}: {refusal.limit})"
        self._losses.note(self._source.place(start), first[:80], why, advice=advice)

    def _peer(self, start: int, end: int) -> None:
        statement = self._entry(start, end)
        if statement is None:
            return
        try:
            peer = read_peer(statement)
        except ImportRefused as refusal:
            self._unreadable(start, end, refusal)
            return
        self._peers[peer.name] = peer
        self._peer_statements[peer.name] = statement

    def _other(self, head: re.Match[bytes], end: int) -> None:
        kind = head["other"].decode()
        if kind == "authoring-byte-order":
            return  # how dhcpd reads its own numbers; none of ours is written so
        statement = self._entry(head.start(), end)
        if statement is not None:
            self._losses.add(statement, *_OTHER_ENTRIES.get(kind, _FOREIGN_ENTRY))

    def _newest(self, entries: list[tuple[int, int]]) -> tuple[Statement, LeaseEntry] | None:
        """Return the newest entry of an address that can be read."""
        for start, end in reversed(entries):
            statement = self._entry(start, end)
            if statement is None:
                continue
            try:
                return statement, read_lease(statement)
            except ImportRefused as refusal:
                self._unreadable(start, end, refusal)
        return None

    # records

    def _record(
        self, statement: Statement, entry: LeaseEntry, *, places: _Places, split: Mapping[int, str]
    ) -> LeaseRecord | None:
        for unused in entry.unused:
            self._note_once(unused)
        lease = entry.lease
        group = places.group_of(lease.address)
        if group is None:
            if lease.address in split:
                why = f"its address is reserved for {split[lease.address]} now"
                self._losses.add(statement, why, "nothing: that client keeps it without a lease")
            else:
                why = "its address is in no range that is carried"
                self._losses.add(statement, why, "nothing if the range was taken away on purpose")
            return None
        return LeaseRecord(group, _alone(lease) if group == NO_GROUP else lease)

    def _note_once(self, statement: Statement) -> None:
        kind = statement.keyword
        if kind not in self._seen_unused:
            self._seen_unused.add(kind)
            why, advice = _UNUSED.get(kind, _UNKNOWN_STATEMENT)
            self._losses.add(statement, f"{why} (listed once)", advice)

    # states

    def _states(self, config: MemberConfig, now_s: int) -> tuple[StateRecord, ...]:
        groups = {group.name: group for group in config.groups}
        found = []
        for name, peer in self._peers.items():
            statement = self._peer_statements[name]
            if name not in groups:
                self._losses.add(statement, "no group of the configuration has this name", "nothing if it was removed")
                continue
            my_state = _STARTS_AS.get(peer.my_state, peer.my_state)
            if my_state is not peer.my_state:
                why = f"no server starts in {peer.my_state.label}: it starts in {my_state.label}"
                self._losses.add(statement, why, "nothing: it hears from its partner what to do")
            is_primary = groups[name].role is Role.PRIMARY
            record = StateRecord(
                group=name,
                my_state=my_state,
                my_state_at=now_s if peer.my_state_at is None else peer.my_state_at,
                partner_state=peer.partner_state,
                partner_state_at=peer.partner_state_at or 0,
                mclt_s=groups[name].mclt_s if is_primary else peer.mclt_s,
                update_all_wanted=my_state is FailoverState.RECOVER,
            )
            found.append(record)
        return tuple(found)


class _Places:
    """Which group an address belongs to."""

    def __init__(self, group_of: Mapping[tuple[int, int], str]) -> None:
        self._spans = sorted((first, last, group) for (first, last), group in group_of.items())
        self._firsts = [first for first, _, _ in self._spans]

    def group_of(self, address: int) -> str | None:
        """Return the group of the range that holds an address; None when none does."""
        place = bisect_right(self._firsts, address) - 1
        if place < 0 or address > self._spans[place][1]:
            return None
        return self._spans[place][2]


def _alone(lease: Lease) -> Lease:
    """Return a lease of a subnet without failover: there is no partner who would have to hear of its end."""
    if lease.state in (BindingState.ACTIVE, BindingState.ABANDONED, BindingState.FREE):
        return lease
    return replace(lease, state=BindingState.FREE, rewind=BindingState.FREE)
