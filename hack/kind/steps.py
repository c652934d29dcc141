"""Steps of a set-up: each prints one line with its time, and says one clear reason when it fails."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

REASON_LINES_MAX = 12  # what a failed command said last; enough for a compiler's first error


class CannotContinue(Exception):
    """The set-up stops here; the text tells the user why and what to do."""


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print title at once, and the seconds that the block took when it ends."""
    started_at = time.monotonic()
    print(f"- {title} ...", end="", flush=True)
    try:
        yield
    except BaseException:
        print(f" failed after {time.monotonic() - started_at:.1f} s", flush=True)
        raise
    print(f" {time.monotonic() - started_at:.1f} s", flush=True)


def run(
    *command: str | Path, limit_s: float, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: str = ""
) -> str:
    """Return what the command printed on standard output.

    Raises: CannotContinue with the command's last words when it fails, is missing or takes longer than limit_s.
    """
    name = " ".join(str(word) for word in command[:3])
    try:
        done = subprocess.run(
            command, cwd=cwd, env=env, input=stdin, timeout=limit_s, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise CannotContinue(f"{command[0]} is not installed: `make setup` installs it") from error
    except subprocess.TimeoutExpired as error:
        raise CannotContinue(f"`{name}` was still running after {limit_s:.0f} s") from error
    if done.returncode == 0:
        return done.stdout
    words = [*done.stdout.splitlines()[-REASON_LINES_MAX:], *done.stderr.splitlines()[-REASON_LINES_MAX:]]
    raise CannotContinue("\n  ".join([f"`{name}` failed with exit code {done.returncode}:", *words]))


def succeeds(*command: str | Path, limit_s: float) -> bool:
    """Return whether the command ends well in time; a command that is not there does not."""
    try:
        run(*command, limit_s=limit_s)
    except CannotContinue:
        return False
    return True


def main_with_reason(main: Callable[[], None]) -> None:
    """Run main; print the reason and exit 1 where it cannot continue."""
    try:
        main()
    except CannotContinue as error:
        sys.exit(f"error: {error}")
