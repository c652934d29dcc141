"""Defects in the failover states: who serves when, who waits how long, and how the two find each other again."""

from __future__ import annotations

from edgepair_sim.mutants.mutant import Mutant

_STANDING, _MACHINE, _TABLES = "failover/standing.py", "failover/machine.py", "failover/transitions.py"
_ENDPOINT, _LINKS, _SERVING = "failover/endpoint.py", "failover/links.py", "failover/serving.py"

OF_STATES = (
    Mutant(
        "startup-serves-at-once",
        "a starting server serves clients before it has heard its partner",
        _STANDING,
        '    if starting:\n        return Serving.NONE, "starting"\n',
        "",
    ),
    Mutant(
        "recover-wait-skipped",
        "a server that recovers does not wait for the end of what it may have promised and forgotten",
        _TABLES,
        "_RECOVERED = When(Guard.WAIT_IS_OVER, Go(RD), When(Guard.PARTNER_RECOVERS_TOO, Go(RD), Go(RW)))",
        "_RECOVERED = Go(RD)",
    ),
    Mutant(
        "recover-wait-from-last-contact",
        "the wait counts from the last contact with the partner; a store that was lost knows of none",
        _STANDING,
        "self._wait_from = self.record.my_state_at",
        "self._wait_from = self.record.last_contact_at",
    ),
    Mutant(
        "recover-wait-from-the-state-before",
        "the wait of a server that was stopped counts from when it came into the state that it was stopped in",
        _STANDING,
        "min(self._stopped_at or now.wall_s, now.wall_s) if self.starting else now.wall_s",
        "before.my_state_at",
    ),
    Mutant(
        "last-alive-not-refreshed",
        "a server stores only with a change until when it was alive",
        _ENDPOINT,
        "            self._standing.unsaved = True\n",
        "",
    ),
    Mutant(
        "no-wait-when-both-recover",
        "a server that lost its store does not wait if its partner recovers, too",
        _MACHINE,
        " and not self._exchange.forgot_leases",
        "",
    ),
    Mutant(
        "lost-store-asks-for-the-rest",
        "a server that lost its store asks only for what its partner holds for untold",
        _MACHINE,
        "kind = UpdReqAll if record.update_all_wanted else UpdReq",
        "kind = UpdReq",
    ),
    Mutant(
        "rolled-back-store-trusted",
        "a server does not act on it when its store is older than what its partner knows of it",
        _ENDPOINT,
        "if verdict.mine_is_behind:",
        "if verdict.mine_is_behind and self._standing.mine is FailoverState.RECOVER:",
    ),
    Mutant(
        "serves-beside-partner-down",
        "a server serves on though its partner has said that it takes it for down",
        _SERVING,
        "if partner in _PARTNER_SETTLES and my is not FailoverState.PARTNER_DOWN:",
        "if partner in _PARTNER_SETTLES - {FailoverState.PARTNER_DOWN} and my is not FailoverState.PARTNER_DOWN:",
    ),
    Mutant(
        "joins-partner-down",
        "two that served alone, one of them in Partner-down, go to Normal without settling their bindings",
        _TABLES,
        "CI       join      join      conflict  conflict",
        "CI       join      join      join      conflict",
    ),
    Mutant(
        "partner-down-by-itself",
        "without auto-partner-down a server takes its partner for down as soon as their link breaks",
        _MACHINE,
        "if self._standing.config.auto_partner_down_s:",
        "if self._standing.config.auto_partner_down_s is not None:",
    ),
    Mutant(
        "silence-is-borne",
        "a partner that says nothing any more counts as connected",
        _LINKS,
        "return link.heard_at + self.config.max_response_delay_s",
        "return link.heard_at + self.config.max_response_delay_s * 1000",
    ),
    Mutant(
        "contact-too-rare",
        "CONTACT is said when the partner has given up already",
        "failover/link.py",
        "max(1, terms.receive_timer_s // 3)",
        "max(1, terms.receive_timer_s * 3)",
    ),
    Mutant(
        "dials-once",
        "after an attempt to connect in vain there is no other",
        _LINKS,
        "self.redial(now, REDIAL_LOCAL_S if local else REDIAL_S)",
        "self.redial(now, REDIAL_LOCAL_S) if local else None",
    ),
    Mutant(
        "promises-by-the-larger-mclt",
        "while two MCLT count, leases are promised by the larger one",
        _STANDING,
        "            mclt_s=self.record.mclt_s,\n            mclt_wait_s=self.mclt_wait_s,",
        "            mclt_s=self.mclt_wait_s,\n            mclt_wait_s=self.mclt_wait_s,",
    ),
    Mutant(
        "mclt-not-learned",
        "the secondary keeps to the MCLT that it heard first",
        _STANDING,
        "        self._promise_by(mclt_s)\n",
        "        self._promise_by(self.record.mclt_s or mclt_s)\n",
    ),
    Mutant(
        "larger-mclt-not-waited",
        "the primary does not reckon with a partner that promises by a larger MCLT that it was just told",
        _STANDING,
        "heard_of=wanted_s",
        "heard_of=0",
    ),
)
