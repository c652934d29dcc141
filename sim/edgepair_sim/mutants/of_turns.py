"""Defects in what is durable before it is seen, and in the order of a turn."""

from __future__ import annotations

from edgepair_sim.mutants.mutant import Mutant

_PROMISELESS = "_PROMISELESS = {MessageType.CONTACT, MessageType.DISCONNECT}"
_PIPELINE, _PARTNERS, _ENGINE = "core/pipeline.py", "core/partners.py", "core/engine.py"

OF_TURNS = (
    Mutant(
        "ack-before-durable",
        "an ACK leaves before its binding is stored",
        _PIPELINE,
        "return output.promise\n",
        "return False\n",
    ),
    Mutant(
        "bndack-before-durable",
        "a BNDACK leaves before the update that it answers is stored",
        _PARTNERS,
        _PROMISELESS,
        _PROMISELESS[:-1] + ", MessageType.BNDACK}",
    ),
    Mutant(
        "state-before-recorded",
        "a STATE leaves before the state is stored",
        _PARTNERS,
        _PROMISELESS,
        _PROMISELESS[:-1] + ", MessageType.STATE}",
    ),
    Mutant(
        "report-before-durable",
        "a report tells of a turn that is not stored yet",
        _PIPELINE,
        "        if newest is None:\n            return report",
        "        if True:\n            return report",
    ),
    Mutant(
        "failed-commit-dropped",
        "the records of a commit that failed are forgotten",
        _PIPELINE,
        "self._forming = failed | self._forming",
        "self._forming = dict(self._forming)",
    ),
    Mutant(
        "failed-commit-over-newer",
        "the records of a commit that failed replace newer ones of the same address",
        _PIPELINE,
        "self._forming = failed | self._forming",
        "self._forming = self._forming | failed",
    ),
    Mutant(
        "released-a-batch-early",
        "a commit releases what waits for the next one",
        _PIPELINE,
        "self._held[0].batch <= batch:",
        "self._held[0].batch <= batch + 1:",
    ),
    Mutant(
        "stopped-process-goes-on",
        "a process that was stopped for longer than its partner waits serves on when it is continued",
        _ENGINE,
        "if away_s > group.max_response_delay_s:",
        "if away_s > group.max_response_delay_s * 1000:",
    ),
)
