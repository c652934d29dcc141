"""What dhcpd does on a partner's word: the 528 cases of the protocol reference (3.5).

Row: its own state. `.`: no change. `?`: UPDREQ is sent, `*`: UPDREQALL. `exit`: the process ends.
"""

from __future__ import annotations

from edgepair_contract.vocabulary import FailoverState, Role
from edgepair_engine.failover import transitions as t

HEAD = ["NORMAL", "CI", "PD", "PC", "RI", "CD", "RECOVER", "RW", "RD", "SHUTDOWN", "PAUSED", "UNKNOWN"]

RUNNING = {
    Role.PRIMARY: """
NORMAL   .        .        PC?      SHUTDOWN SHUTDOWN SHUTDOWN PD       .        .        PD       CI       .
CI       NORMAL   NORMAL   PC?      PC?      PC?      PC?      PD       NORMAL   NORMAL   PD       .        .
PD       PC?      PC?      PC?      PC?      PC?      PC?      .        .        NORMAL   .        .        .
RECOVER  PC?      .*       .*       PC?      PC?      PC?      .*       .        .        PD       .        .
RW       .        .        .        .        .        .        .        .        .        .        .        .
RD       NORMAL   .        .        .        .        .        .        .        NORMAL   PD       .        .
PC       SHUTDOWN .        .        .        .        .?       RECOVER* .        .        PD       .        .
CD       NORMAL   exit     exit     .        .        exit     exit     exit     exit     SHUTDOWN exit     exit
RI       PC?      PC?      PC?      PC?      PC?      PC?      PC?      PC?      PC?      PD       .        .
SHUTDOWN .        .        .        .        .        .        .        .        .        .        .        .
PAUSED   .        .        .        .        .        .        .        .        .        .        .        .
""",
    Role.SECONDARY: """
NORMAL   .        .        PC       SHUTDOWN SHUTDOWN SHUTDOWN PD       .        .        PD       CI       .
CI       NORMAL   NORMAL   PC       PC       PC       PC?      PD       NORMAL   NORMAL   PD       .        .
PD       PC       PC       PC       PC       PC       PC?      .        .        NORMAL   .        .        .
RECOVER  PC       .*       .*       PC       PC       PC?      .*       .        .        PD       .        .
RW       .        .        .        .        .        .        .        .        .        .        .        .
RD       NORMAL   .        .        .        .        .        .        .        NORMAL   PD       .        .
PC       SHUTDOWN .        .        .        .        .?       RECOVER* .        .        PD       .        .
CD       NORMAL   exit     exit     .        .        exit     exit     exit     exit     SHUTDOWN exit     exit
RI       PC       PC       PC       PC       PC       PC?      PC       PC       PC       PD       .        .
SHUTDOWN .        .        .        .        .        .        .        .        .        .        .        .
PAUSED   .        .        .        .        .        .        .        .        .        .        .        .
""",
}
STARTING = {
    Role.PRIMARY: """
NORMAL   .        .        RECOVER* SHUTDOWN SHUTDOWN SHUTDOWN PD       .        .        PD       CI       .
CI       NORMAL   NORMAL   PC?      PC?      PC?      PC?      PD       NORMAL   NORMAL   PD       .        .
PD       PC?      PC?      PC?      PC?      PC?      PC?      .        .        NORMAL   .        .        .
RECOVER  PC?      .*       .*       PC?      PC?      PC?      .*       .*       .*       PD       .*       .*
RW       .        .        .        .        .        .        .        .        .        .        .        .
RD       NORMAL   .        .        .        .        .        .        .        NORMAL   PD       .        .
PC       SHUTDOWN .?       .?       .?       .?       .?       RECOVER* .?       .?       PD       .?       .?
CD       NORMAL   exit     exit     .        .        exit     exit     exit     exit     SHUTDOWN exit     exit
RI       PC?      PC?      PC?      PC?      PC?      PC?      PC?      PC?      PC?      PD       .        .
SHUTDOWN .        .        .        .        .        .        .        .        .        .        .        .
PAUSED   .        .        .        .        .        .        .        .        .        .        .        .
""",
    Role.SECONDARY: """
NORMAL   .        .        RECOVER* SHUTDOWN SHUTDOWN SHUTDOWN PD       .        .        PD       CI       .
CI       NORMAL   NORMAL   PC       PC       PC       PC?      PD       NORMAL   NORMAL   PD       .        .
PD       PC       PC       PC       PC       PC       PC?      .        .        NORMAL   .        .        .
RECOVER  PC       .*       .*       PC       PC       PC?      .*       .*       .*       PD       .*       .*
RW       .        .        .        .        .        .        .        .        .        .        .        .
RD       NORMAL   .        .        .        .        .        .        .        NORMAL   PD       .        .
PC       SHUTDOWN .        .        .        .        .?       RECOVER* .        .        PD       .        .
CD       NORMAL   exit     exit     .        .        exit     exit     exit     exit     SHUTDOWN exit     exit
RI       PC       PC       PC       PC       PC       PC?      PC       PC       PC       PD       .        .
SHUTDOWN .        .        .        .        .        .        .        .        .        .        .        .
PAUSED   .        .        .        .        .        .        .        .        .        .        .        .
""",
}

_SHORT = {"CI": t.CI, "PD": t.PD, "PC": t.PC, "RI": t.RI, "CD": t.CD, "RW": t.RW, "RD": t.RD}
_NAMES = {state: name for name, state in _SHORT.items()}


def state_called(name: str) -> FailoverState:
    """Return the state that a grid calls so."""
    return _SHORT.get(name) or FailoverState[name]


def name_of(state: FailoverState) -> str:
    """Return what the grids call a state."""
    return _NAMES.get(state, state.name)
