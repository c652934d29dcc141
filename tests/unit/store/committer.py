"""A process that commits one lease after the other and says so after each; the test kills it."""

from __future__ import annotations

import sys
from pathlib import Path

from edgepair_contract.vocabulary import BindingState
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.record import LeaseRecord
from edgepair_engine.store.journal import SqliteJournal

journal = SqliteJournal(Path(sys.argv[1]))
for number in range(1, 100_000):
    lease = Lease(address=number % 50, state=BindingState.ACTIVE, ends_at=number)
    journal.commit_now([LeaseRecord("lan0", lease)])
    print(number, flush=True)
