"""One target under atheris until it fails or its time is over: `python -m tests.fuzz.loop TARGET [OPTION...]`.

libFuzzer ends the process itself and tells what it did on stderr; `python -m tests.fuzz` starts it and reads that.
"""

from __future__ import annotations

import sys

import atheris

# What is imported in here counts its branches; so it must not have been imported before.
with atheris.instrument_imports(include=["edgepair_engine"], enable_loader_override=False):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Run a target for ever, or as the options say."""
    name, options = sys.argv[1], sys.argv[2:]
    target = TARGETS[name]
    again = f"{sys.executable} -m tests.fuzz.loop {name}"  # how libFuzzer starts itself to merge
    atheris.Setup([again, f"-max_len={target.size_max}", *options], target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
