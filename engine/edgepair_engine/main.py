"""edgepair-engine: arguments in, an exit code out."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version

from edgepair_contract.errors import ConfigError
from edgepair_engine.cli import backup, check, check_store, decode, explain, import_dhcpd, leases, run, status
from edgepair_engine.cli.asking import EngineUnavailable
from edgepair_engine.cli.command import Command, Exit
from edgepair_engine.store.errors import StoreError

COMMANDS: tuple[Command, ...] = (
    run.COMMAND,
    check.COMMAND,
    leases.COMMAND,
    decode.COMMAND,
    status.COMMAND,
    explain.COMMAND,
    backup.COMMAND,
    check_store.COMMAND,
    import_dhcpd.COMMAND,
)

_EPILOGUE = """exit codes: 0 done or asked to stop, 2 wrong usage, 3 imported with losses, 69 the engine asked does not
answer, 70 a fault of this program, 74 the lease store cannot be used, 78 the configuration cannot be used"""


def main(words: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit code."""
    arguments = _parser().parse_args(words)
    command: Command = arguments.command
    try:
        code = int(command.run(arguments))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        return _read_no_further()
    except ConfigError as error:
        return _say(f"configuration: {error}", Exit.CONFIG)
    except EngineUnavailable as error:
        return _say(str(error), Exit.UNAVAILABLE)
    except StoreError as error:
        return _say(f"store: {error}", Exit.STORE)
    except BaseExceptionGroup as group:
        store, others = group.split(StoreError)
        if store is None or others is not None:
            return _bug(group)
        return _say(f"store: {_first(store)}", Exit.STORE)
    except Exception as error:  # noqa: BLE001 the last place where a fault of ours can get its exit code
        return _bug(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="edgepair-engine",
        description="DHCPv4 server and failover partner that speaks ISC dhcpd's failover protocol.",
        epilog=_EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"edgepair-engine {version('edgepair')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        own = commands.add_parser(command.name, help=command.summary, description=command.summary)
        command.arguments(own)
        own.set_defaults(command=command)
    return parser


def _first(group: BaseExceptionGroup[StoreError]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _bug(error: BaseException) -> int:
    traceback.print_exception(error)
    return _say("a fault of this program: please report the lines above", Exit.BUG)


def _read_no_further() -> int:
    """End well when the reader of our output has enough of it (`| head`), without a word at the closing of it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.OK


def _say(text: str, code: Exit) -> int:
    print(f"edgepair-engine: {text}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
