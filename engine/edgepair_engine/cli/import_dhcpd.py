"""`edgepair-engine import-dhcpd`: a configuration and a store of ours from those of an ISC dhcpd."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from edgepair_contract.config import MemberConfig
from edgepair_contract.errors import ConfigError
from edgepair_engine.cli.command import Command, Exit
from edgepair_engine.importing.dhcpd_conf import Attachment, ImportedConfig, Wishes, import_config
from edgepair_engine.importing.dhcpd_leases import LeaseFile
from edgepair_engine.importing.loss import Loss
from edgepair_engine.leases.record import LeaseRecord, Restored, StateRecord
from edgepair_engine.shell.clock import read_clock
from edgepair_engine.store.journal import DATABASE, SqliteJournal

RELAY = "relay"
CONFIG_FILE, STORE_FOLDER, UNFINISHED = "member.json", "store", "store.unfinished"
COMMITTED_AT_ONCE = 50_000  # records of one transaction: some 20 MB


def _attachment(text: str) -> tuple[IPv4Network, Attachment]:
    prefix, _, what = text.partition("=")
    device, _, address = what.partition(",")
    try:
        if not device or (device == RELAY and address):
            raise ValueError("no device")
        known = IPv4Address(address) if address else None
        return IPv4Network(prefix), Attachment(None if device == RELAY else device, known)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} must be PREFIX=DEVICE, PREFIX=DEVICE,ADDRESS or PREFIX=relay") from error


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("conf", type=Path, metavar="dhcpd.conf", help="the configuration of the dhcpd")
    parser.add_argument("--leases", type=Path, metavar="dhcpd.leases", help="its lease file, once it has stopped")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where member.json and store are written"
    )
    parser.add_argument(
        "--interface",
        type=_attachment,
        action="append",
        default=[],
        metavar="PREFIX=DEVICE[,ADDRESS]",
        help="the device on the LAN of a subnet, and this server's address there; PREFIX=relay: reached by relays only",
    )
    parser.add_argument("--server", default=platform.node() or "edgepair", help="this server's name (%(default)s)")
    parser.add_argument("--partner-is-ours", action="store_true", help="the partner has been migrated before")
    parser.add_argument("--force", action="store_true", help="write over what DIR holds already")
    parser.add_argument("--json", action="store_true", help="the losses and figures as one JSON object")


def _run(arguments: Namespace) -> int:
    there = [name for name in (CONFIG_FILE, STORE_FOLDER) if (arguments.out / name).exists()]
    if there and not arguments.force:
        print(f"{arguments.out} holds {' and '.join(there)} already: --force writes over it", file=sys.stderr)
        return Exit.USAGE
    lease_file = LeaseFile(_read(arguments.leases), name=str(arguments.leases)) if arguments.leases else None
    wishes = Wishes(
        server=arguments.server,
        attachments=dict(arguments.interface),
        partner_is_ours=arguments.partner_is_ours,
        told_mclt_s={} if lease_file is None else lease_file.told_mclt_s,
    )
    beside = arguments.conf.parent
    imported = import_config(
        _read(arguments.conf),
        name=str(arguments.conf),
        wishes=wishes,
        include=lambda name: (beside / name).read_bytes(),
    )
    restored, losses = _leases(lease_file, imported)
    _write(arguments.out, imported.config, restored)
    _tell(arguments, imported.config, restored, losses=[*imported.losses, *losses])
    return Exit.LOSSES if imported.losses or losses else Exit.OK


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(str(path), error.strerror, "must be a readable file") from error


def _leases(lease_file: LeaseFile | None, imported: ImportedConfig) -> tuple[Restored, Sequence[Loss]]:
    if lease_file is None:
        return Restored(), ()
    now = read_clock()
    leases = lease_file.restore(imported.config, split=imported.split, now_s=now.wall_s, tell=_progress)
    return leases.restored, leases.losses


def _progress(done: int, of: int) -> None:
    print(f"{done} of {of} addresses read", file=sys.stderr)


def _write(out: Path, config: MemberConfig, restored: Restored) -> None:
    """Write the store first and the configuration last, so that what is there is always whole.

    Raises:
        StoreError: the store cannot be written, or an engine runs on the one that is there.
        ConfigError: the folder cannot be written.
    """
    store, unfinished = out / STORE_FOLDER, out / UNFINISHED
    try:
        out.mkdir(parents=True, exist_ok=True)
        if (store / DATABASE).exists():
            SqliteJournal(store).close()  # it has a lock: nobody uses what is removed now
        shutil.rmtree(unfinished, ignore_errors=True)
        journal = SqliteJournal(unfinished)
        try:
            records: list[LeaseRecord | StateRecord] = [*restored.leases, *restored.states]
            for start in range(0, len(records), COMMITTED_AT_ONCE):
                journal.commit_now(records[start : start + COMMITTED_AT_ONCE])
        finally:
            journal.close()
        (out / CONFIG_FILE).unlink(missing_ok=True)
        shutil.rmtree(store, ignore_errors=True)
        unfinished.rename(store)
        draft = out / f"{CONFIG_FILE}.unfinished"
        with draft.open("w", encoding="utf-8") as file:
            file.write(config.model_dump_json(indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())  # before the name is: a power loss leaves the whole file or none
        draft.rename(out / CONFIG_FILE)
        handle = os.open(out, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    except OSError as error:
        raise ConfigError(str(out), error.strerror, "must be a folder that can be written") from error


def _tell(arguments: Namespace, config: MemberConfig, restored: Restored, *, losses: Sequence[Loss]) -> None:
    if arguments.json:
        print(json.dumps({"losses": [asdict(loss) for loss in losses], "carried": _figures(config, restored)}))
        return
    for loss in losses:
        print(f"{loss.file}:{loss.line}: {loss.statement}\n    {loss.why}\n    -> {loss.advice}")
    print(_summary(arguments.out, config, restored, lost=len(losses)))


def _figures(config: MemberConfig, restored: Restored) -> dict[str, Any]:
    subnets = [*config.subnets, *(subnet for group in config.groups for subnet in group.subnets)]
    states = Counter(record.lease.state.name.lower() for record in restored.leases)
    return {
        "groups": [
            {"name": group.name, "role": group.role.value, "state": _state(group.name, restored)}
            for group in config.groups
        ],
        "subnets": len(subnets),
        "addresses": sum(int(pool.end) - int(pool.start) + 1 for subnet in subnets for pool in subnet.pools),
        "reservations": sum(len(subnet.reservations) for subnet in subnets),
        "leases": len(restored.leases),
        "leases_by_state": dict(sorted(states.items())),
    }


def _state(group: str, restored: Restored) -> str | None:
    return next((record.my_state.label for record in restored.states if record.group == group), None)


def _summary(out: Path, config: MemberConfig, restored: Restored, *, lost: int) -> str:
    figures = _figures(config, restored)
    by_state = ", ".join(f"{count} {state}" for state, count in figures["leases_by_state"].items())
    lines = [
        f"{out}: {figures['subnets']} subnets, {figures['addresses']} addresses, "
        f"{figures['reservations']} reservations, {figures['leases']} leases{f' ({by_state})' if by_state else ''}"
    ]
    for group in figures["groups"]:
        first = "no state: it starts as a new server, learns every lease from its partner and waits MCLT"
        starts = f"starts in {group['state']}" if group["state"] else first
        lines.append(f"group {group['name']} ({group['role']}): {starts}")
    lines.append(f"{lost} losses, listed above" if lost else "everything was carried over")
    return "\n".join(lines)


COMMAND = Command("import-dhcpd", "make a configuration and a store from those of an ISC dhcpd", _arguments, _run)
