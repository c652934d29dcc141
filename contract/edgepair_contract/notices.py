"""The catalogue of everything worth a log line: code, severity, text, what it means, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from edgepair_contract.value import value


class Severity(Enum):
    """How loud a notice is."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@value
class Notice:
    """One catalogue entry. `text` is a format string over the fields of the note."""

    severity: Severity
    text: str
    meaning: str
    action: str


class NoteCode(Enum):
    """Every notice the engine can give; the value is the code in the log."""

    STARTED = "started"
    STATE_CHANGED = "state-changed"
    PARTNER_STATE_HEARD = "partner-state-heard"
    LINK_UP = "link-up"
    LINK_DOWN = "link-down"
    LINK_REFUSED = "link-refused"
    UPDATE_REJECTED = "update-rejected"
    POOLS_BALANCED = "pools-balanced"
    RANGES_DIFFER = "ranges-differ"
    PARTNER_CONFIG_DIFFERS = "partner-config-differs"
    STORE_ROLLED_BACK = "store-rolled-back"
    CLOCK_SKEW = "clock-skew"
    CLOCK_STEPPED = "clock-stepped"
    ADDRESS_ABANDONED = "address-abandoned"
    POOL_EMPTY = "pool-empty"
    CONFIG_ACCEPTED = "config-accepted"
    CONFIG_REFUSED = "config-refused"
    INTERFACE_PROBLEM = "interface-problem"
    INTERFACE_RECOVERED = "interface-recovered"
    STORE_PROBLEM = "store-problem"
    STORE_RECOVERED = "store-recovered"
    DATAGRAMS_DROPPED = "datagrams-dropped"
    CLIENT_ANSWERED = "client-answered"
    CLIENT_IGNORED = "client-ignored"
    STOPPING = "stopping"


@value
class Note:
    """One occurrence of a notice: its code, the group it is about, and the fields its text names."""

    code: NoteCode
    group: str | None = None
    fields: Mapping[str, str | int] = field(default_factory=dict)


CATALOGUE: Mapping[NoteCode, Notice] = {
    NoteCode.STARTED: Notice(
        Severity.INFO,
        "edgepair-engine {version} serves {server}, revision {revision}: {groups} groups, {leases} stored leases",
        "The process has read its configuration and its store, and goes by the one of the higher revision.",
        "Nothing, unless another revision was meant: raise the file's `revision` above the one that is named.",
    ),
    NoteCode.STATE_CHANGED: Notice(
        Severity.INFO,
        "my state {from} -> {to}: {cause}",
        "The failover endpoint has moved; the new state is already stored.",
        "Nothing in Normal. Otherwise see the runbook of the state.",
    ),
    NoteCode.PARTNER_STATE_HEARD: Notice(
        Severity.INFO, "partner state {from} -> {to}", "The partner has told its state.", "Nothing."
    ),
    NoteCode.LINK_UP: Notice(
        Severity.INFO,
        "connected to the partner at {partner}",
        "CONNECT and CONNECTACK are exchanged.",
        "Nothing.",
    ),
    NoteCode.LINK_DOWN: Notice(
        Severity.WARNING,
        "link to the partner lost: {why}",
        "No message can be exchanged; a new connection is tried every 5 s.",
        "Look at the partner and at the network between the two servers.",
    ),
    NoteCode.LINK_REFUSED: Notice(
        Severity.WARNING,
        "connection with {partner} refused: {why}",
        "A connection did not become a failover link.",
        "Compare name, addresses, clocks and configuration of both servers.",
    ),
    NoteCode.UPDATE_REJECTED: Notice(
        Severity.WARNING,
        "binding update for {address} rejected ({reason}): {why}",
        "The two servers do not agree on this address.",
        "Compare the ranges of both servers; a few of these right after a reconnection are normal.",
    ),
    NoteCode.POOLS_BALANCED: Notice(
        Severity.INFO,
        "pool {pool} balanced: {given} addresses given, {free} free, {backup} backup",
        "Free addresses were moved so that each server has its share.",
        "Nothing.",
    ),
    NoteCode.RANGES_DIFFER: Notice(
        Severity.WARNING,
        "the ranges of the two servers differ: {how}",
        "An address that one server lacks is never shared: its lease is unknown to the other.",
        "Give both servers the same ranges.",
    ),
    NoteCode.PARTNER_CONFIG_DIFFERS: Notice(
        Severity.WARNING,
        "the partner is configured with other ranges, reservations or options",
        "Clients are told different things by the two servers.",
        "Nothing while a change is rolled out; otherwise give both servers the same scopes.",
    ),
    NoteCode.STORE_ROLLED_BACK: Notice(
        Severity.ERROR,
        "the lease store is older than what the partner knows of it",
        "It was put back from a snapshot or a backup. Everything is asked of the partner, and nobody is served until "
        "every lease that this server may have given since has ended.",
        "Nothing now. Remove the store instead of putting an old one back.",
    ),
    NoteCode.CLOCK_SKEW: Notice(
        Severity.WARNING,
        "the partner's clock differs by {skew_s} s",
        "Lease times depend on both clocks; above 60 s connections are refused.",
        "Check time synchronisation on both nodes.",
    ),
    NoteCode.CLOCK_STEPPED: Notice(
        Severity.WARNING,
        "this server's wall clock has jumped by {step_s} s",
        "Leases given before end that much earlier (+) or later (-) than their clients were told, and so does a wait.",
        "Look for address conflicts after a jump forward, and let the node's time service slew the clock, not step it.",
    ),
    NoteCode.ADDRESS_ABANDONED: Notice(
        Severity.WARNING,
        "address {address} abandoned: {why}",
        "A client found the address in use; it is kept back for a day.",
        "Look for a host with a fixed address inside the range.",
    ),
    NoteCode.POOL_EMPTY: Notice(
        Severity.WARNING,
        "no address for a new client on {prefix}: {why}",
        "A client was not answered because this server may not give any address. Told once a minute.",
        "Leased: enlarge the range, or shorten the lease time. The partner's: wait until it serves, or MCLT is over. "
        "Abandoned: find the hosts that use addresses of the range.",
    ),
    NoteCode.CONFIG_ACCEPTED: Notice(
        Severity.INFO,
        "configuration revision {revision} ({digest}) accepted",
        "It is in force from now on.",
        "Nothing.",
    ),
    NoteCode.CONFIG_REFUSED: Notice(
        Severity.ERROR,
        "configuration refused: {why}",
        "The configuration in force before stays.",
        "Mend the value that is named.",
    ),
    NoteCode.INTERFACE_PROBLEM: Notice(
        Severity.WARNING,
        "interface {interface} ({device}): {why}",
        "No client can be answered on it; the engine goes on looking for it.",
        "Check the device's name and address on the node.",
    ),
    NoteCode.INTERFACE_RECOVERED: Notice(
        Severity.INFO, "interface {interface} ({device}) is usable", "Clients on it are answered.", "Nothing."
    ),
    NoteCode.STORE_PROBLEM: Notice(
        Severity.ERROR,
        "lease store: {why}",
        "Nothing can be promised until a commit succeeds: clients are not answered.",
        "Free space on the volume, or restore it.",
    ),
    NoteCode.STORE_RECOVERED: Notice(
        Severity.INFO, "lease store works again", "Clients are answered again.", "Nothing."
    ),
    NoteCode.DATAGRAMS_DROPPED: Notice(
        Severity.WARNING,
        "{count} DHCP datagrams dropped: {why}",
        "More came than can be answered, or they were no DHCP.",
        "Look for a client or relay that floods.",
    ),
    NoteCode.CLIENT_ANSWERED: Notice(
        Severity.DEBUG, "{answer} {address} to {client}: {why}", "A client was answered.", "Nothing."
    ),
    NoteCode.CLIENT_IGNORED: Notice(
        Severity.DEBUG,
        "{message} from {client} not answered: {why}",
        "A client was left to silence.",
        "Nothing.",
    ),
    NoteCode.STOPPING: Notice(
        Severity.INFO, "stopping: {why}", "The process was asked to stop and ends in order.", "Nothing."
    ),
}
