"""`edgepair-engine run`: be a DHCP server and failover partner until asked to stop."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sys
from argparse import ArgumentParser, Namespace
from importlib.metadata import version
from ipaddress import IPv4Address
from pathlib import Path

from edgepair_contract.config import AdminConfig, MemberConfig, parse_member_config
from edgepair_contract.errors import ConfigError
from edgepair_contract.notices import Note, NoteCode, Severity
from edgepair_engine.cli.asking import ADMIN_ADDRESS
from edgepair_engine.cli.command import Command, Exit, store_argument
from edgepair_engine.core.engine import Engine, newest_config
from edgepair_engine.core.events import ConfigRefused
from edgepair_engine.core.report import Identity
from edgepair_engine.leases.record import Restored
from edgepair_engine.shell.clock import read_clock, time_stamp
from edgepair_engine.shell.config_watch import read_config
from edgepair_engine.shell.logs import Log
from edgepair_engine.shell.member import Member, Parts
from edgepair_engine.store.journal import SqliteJournal

# What only the pod knows of itself: the downward API hands it in.
POD_UID = "EDGEPAIR_POD_UID"
LOG_LEVEL = "EDGEPAIR_LOG_LEVEL"


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        type=Path,
        required=True,
        metavar="FILE",
        help="the server's configuration, a JSON document; read again on SIGHUP and when it changes",
    )
    store_argument(parser)
    parser.add_argument(
        "--log-level",
        choices=[severity.value for severity in Severity],
        default=os.environ.get(LOG_LEVEL, Severity.INFO.value),
        help="the quietest notice that is written (%(default)s)",
    )


def _run(arguments: Namespace) -> int:
    gc.disable()  # nothing of what is loaded now is garbage; a collection in between would only look at all of it
    journal = SqliteJournal(arguments.store)
    try:
        restored = journal.recover()
        config, refused = _choose(arguments.config, restored)
        log = Log(sys.stdout, member=config.server, quietest=Severity(arguments.log_level), stamp=time_stamp)
        identity = _identity()
        log.tell(_started(config, restored, identity))
        engine = Engine(
            config,
            restored,
            random.Random(),
            now=read_clock(),
            identity=identity,
            tells_each_packet=arguments.log_level == Severity.DEBUG.value,
        )
        parts = Parts(
            engine=engine,
            explain=engine.explain,
            config=config,
            config_path=arguments.config,
            admin=_admin(config),
            journal=journal,
            store=arguments.store,
            clock=read_clock,
            tell=log.tell,
        )
        del restored
        gc.collect()
        gc.freeze()  # a full collection over a million leases would stop the loop for a third of a second
        gc.enable()
        asyncio.run(_serve(parts, refused))
    finally:
        journal.close()
    return Exit.OK


def _choose(path: Path, restored: Restored) -> tuple[MemberConfig, ConfigError | None]:
    """Return the configuration to start with, and the error of the file if it had to be the stored one."""
    try:
        given = read_config(path)
    except ConfigError as error:
        if restored.config is None:
            raise
        return parse_member_config(restored.config.text), error
    return newest_config(given, restored), None


async def _serve(parts: Parts, refused: ConfigError | None) -> None:
    member = Member(parts)
    if refused is not None:
        member.offer(ConfigRefused(str(refused)))
    await member.run()


def _admin(config: MemberConfig) -> AdminConfig:
    """Return where the admin interface listens: in a pod at the node's address, which no configuration can know."""
    try:
        address = IPv4Address(os.environ.get(ADMIN_ADDRESS, config.admin.address))
    except ValueError as error:
        raise ConfigError(ADMIN_ADDRESS, os.environ[ADMIN_ADDRESS], "must be an IPv4 address") from error
    return AdminConfig(address=address, port=config.admin.port)


def _identity() -> Identity:
    return Identity(boot=os.urandom(8).hex(), version=version("edgepair"), pod_uid=os.environ.get(POD_UID))


def _started(config: MemberConfig, restored: Restored, identity: Identity) -> Note:
    return Note(
        NoteCode.STARTED,
        None,
        {
            "version": identity.version,
            "server": config.server,
            "revision": config.revision,
            "groups": len(config.groups),
            "leases": len(restored.leases),
        },
    )


COMMAND = Command("run", "serve DHCP clients and the failover partner until asked to stop", _arguments, _run)
