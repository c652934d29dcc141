"""The dictionary: every word of the failover protocol with its wire number and its spellings.

Standard library only, so that every room may use it. Wire numbers are those dhcpd 4.4 uses.
"""

from __future__ import annotations

from enum import Enum, IntEnum


class FailoverState(Enum):
    """A failover endpoint's state: wire number (option 24), label people see, EdgeConnect's JSON spelling.

    STARTUP is no member: it is a flag beside the state that will be resumed.
    """

    UNKNOWN = (0, "Unknown", "unknown-state")
    NORMAL = (2, "Normal", "normal")
    COMMUNICATIONS_INTERRUPTED = (3, "Communications-Interrupted", "communications-interrupted")
    PARTNER_DOWN = (4, "Partner-Down", "partner-down")
    POTENTIAL_CONFLICT = (5, "Potential-Conflict", "potential-conflict")
    RECOVER = (6, "Recover", "recover")
    PAUSED = (7, "Paused", "paused")
    SHUTDOWN = (8, "Shutdown", "shutdown")
    RECOVER_DONE = (9, "Recover-done", "recover-done")
    RESOLUTION_INTERRUPTED = (10, "Resolution-Interrupted", "resolution-interrupted")
    CONFLICT_DONE = (11, "Conflict-done", "conflict-done")
    RECOVER_WAIT = (254, "Recover-wait", "recover-wait")  # no number in the draft; dhcpd's own

    def __init__(self, wire: int, label: str, edgeconnect: str) -> None:
        self.wire = wire
        self.label = label
        self.edgeconnect = edgeconnect

    @classmethod
    def from_wire(cls, number: int) -> FailoverState | None:
        """Return the state option 24 names; 1 (STARTUP) counts as UNKNOWN, any other number is None."""
        if number == 1:
            return cls.UNKNOWN
        return _STATE_BY_WIRE.get(number)

    @classmethod
    def from_label(cls, label: str) -> FailoverState:
        """Return the state with this label.

        Raises:
            KeyError: no state is called so.
        """
        return _STATE_BY_LABEL[label]


_STATE_BY_WIRE = {state.wire: state for state in FailoverState}
_STATE_BY_LABEL = {state.label: state for state in FailoverState}


class BindingState(IntEnum):
    """An address's binding state: the number of option 3."""

    FREE = 1
    ACTIVE = 2
    EXPIRED = 3
    RELEASED = 4
    ABANDONED = 5
    RESET = 6
    BACKUP = 7


class Role(Enum):
    """Which of the two servers of a failover group this one is."""

    PRIMARY = "primary"
    SECONDARY = "secondary"

    @property
    def partner(self) -> Role:
        """Return the role of the other server."""
        return Role.SECONDARY if self is Role.PRIMARY else Role.PRIMARY


class Serving(Enum):
    """Which clients a server answers: all of them, its half by load balancing, or none."""

    ALL = "All"
    HALF = "Half"
    NONE = "None"


class MessageType(IntEnum):
    """A failover message's type: byte 2 of its header."""

    POOLREQ = 1
    POOLRESP = 2
    BNDUPD = 3
    BNDACK = 4
    CONNECT = 5
    CONNECTACK = 6
    UPDREQALL = 7
    UPDDONE = 8
    UPDREQ = 9
    STATE = 10
    CONTACT = 11
    DISCONNECT = 12


class RejectReason(IntEnum):
    """Why a message was refused: the number of option 21."""

    ILLEGAL_ADDRESS = 1
    FATAL_CONFLICT = 2
    MISSING_BINDING_INFORMATION = 3
    TIME_MISMATCH = 4
    INVALID_MCLT = 5
    OTHER = 6
    DUPLICATE_CONNECTION = 7
    INVALID_PARTNER = 8
    TLS_UNSUPPORTED = 9
    TLS_NOT_CONFIGURED = 10
    TLS_REQUIRED = 11
    DIGEST_UNSUPPORTED = 12
    DIGEST_NOT_CONFIGURED = 13
    PROTOCOL_VERSION_MISMATCH = 14
    OUTDATED_BINDING_INFORMATION = 15
    LESS_CRITICAL_BINDING_INFORMATION = 16
    NO_TRAFFIC = 17
    HBA_CONFLICT = 18
    ADDRESS_NOT_RESERVED = 19
    DIGEST_WRONG = 20
    DIGEST_MISSING = 21
    UNKNOWN = 254
