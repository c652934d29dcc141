"""Defects in the bindings on their way between the two, and in how long a promise may run."""

from __future__ import annotations

from edgepair_sim.mutants.mutant import Mutant

_BINDINGS, _SERVING, _UPDATES = "failover/bindings.py", "failover/serving.py", "failover/updates.py"
_ENDINGS = "failover/endings.py"

OF_BINDINGS = (
    Mutant(
        "mclt-ignored",
        "a client gets the lease that it wants, whatever the partner knows",
        _SERVING,
        "    if wanted_s <= mclt_s:\n",
        "    if wanted_s:\n",
    ),
    Mutant(
        "tsfp-not-updated",
        "what the partner has acknowledged is not kept, so every lease stays as short as the first one",
        _BINDINGS,
        "in_step = replace(lease, tsfp=told_at, atsfp=told_at)",
        "in_step = replace(lease, atsfp=told_at)",
    ),
    Mutant(
        "potential-expiry-not-told",
        "the partner is told the end of the lease for the potential expiry, and the other is counted as acknowledged",
        _UPDATES,
        "potential_expires_at=known_until(lease),",
        "potential_expires_at=lease.ends_at,",
    ),
    Mutant(
        "potential-expiry-not-kept",
        "the potential expiry that the partner tells is not kept",
        _BINDINGS,
        "tsfp = ours.tsfp if theirs.potential_expires_at is None else theirs.potential_expires_at",
        "tsfp = ours.tsfp",
    ),
    Mutant(
        "older-end-accepted",
        "an end of a lease that is older than our promise frees the address under its client",
        _BINDINGS,
        "    if promised and _is_older(ours, theirs, state, now):\n        return _illegal(ours, state)\n",
        "",
    ),
    Mutant(
        "duel-won-by-both",
        "in a duel each server keeps its own word",
        _BINDINGS,
        "    return role is Role.PRIMARY\n",
        "    return True\n",
    ),
    Mutant(
        "duel-lost-by-both",
        "in a duel each server takes the other one's word",
        _BINDINGS,
        "    return role is Role.PRIMARY\n",
        "    return False\n",
    ),
    Mutant(
        "shorter-answer-counts",
        "of two answers to one client the shorter one is kept",
        _BINDINGS,
        "if promised and merged.state is ACTIVE and merged.client == ours.client and merged.ends_at < ours.ends_at:",
        "if merged.ends_at < 0:",
    ),
    Mutant(
        "own-change-not-told",
        "what this server itself does with an address counts as told to the partner",
        "failover/endpoint.py",
        "changed = replace(lease, tsfp=tsfp, atsfp=0, rewind=before.rewind)",
        "changed = replace(lease, tsfp=tsfp, atsfp=lease.tstp, rewind=before.rewind)",
    ),
    Mutant(
        "unacked-not-requeued",
        "updates that were under way when the link broke are not sent again",
        _UPDATES,
        "        self._queue = OrderedDict.fromkeys((*self._unacked, *self._queue))\n        self._unacked = {}\n",
        "        return\n",
    ),
    Mutant(
        "window-off-by-one",
        "one update more is under way than the partner takes",
        _UPDATES,
        "if len(self._unacked) >= window",
        "if len(self._unacked) > window",
    ),
    Mutant(
        "upddone-at-once",
        "UPDDONE is said before the partner has acknowledged what it asked for",
        _UPDATES,
        "if self._request is None or self._owed:",
        "if self._request is None:",
    ),
    Mutant(
        "ack-of-an-older-update",
        "the ack of an update that was withdrawn counts for the one that replaced it",
        _UPDATES,
        "return self._unacked.get(address) == xid",
        "return address in self._unacked",
    ),
    Mutant(
        "sent-state-forgotten",
        "a binding that was sent, and not acknowledged, counts as one that the partner cannot know",
        "failover/exchange.py",
        "if lease.rewind is not lease.state:",
        "if lease.rewind is lease.state:",
    ),
    Mutant(
        "rewind-ignored",
        "a lease that ends while the two are apart is free at once, though the partner knows of it",
        _ENDINGS,
        "if self._standing.mine is FailoverState.NORMAL or lease.rewind is not own:",
        "if self._standing.mine is FailoverState.NORMAL:",
    ),
    Mutant(
        "ended-is-free-at-once",
        "the primary frees an ended lease before its partner has acknowledged the end",
        _ENDINGS,
        "self._exchange.changed(self.out_of_touch(expired(lease)), draft)",
        "self._exchange.changed(freed(expired(lease)), draft)",
    ),
    Mutant(
        "secondary-ends-leases",
        "in Normal the secondary ends leases, too",
        _ENDINGS,
        "            return (ABANDONED,)\n",
        "            return (BindingState.ACTIVE, ABANDONED)\n",
    ),
    Mutant(
        "returned-range-not-told",
        "bindings of a range that was taken out and came back are not told again",
        "failover/endpoint.py",
        "            self._exchange.ranges.changed()\n            self._tell_returned(known, draft, now)\n",
        "            self._exchange.ranges.changed()\n",
    ),
)
