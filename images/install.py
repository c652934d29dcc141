"""Install edgepair with one extra from /wheels into /opt/edgepair: runs in a build stage, without a network.

usage: install.py engine|operator
"""

import compileall
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

WHEELS = Path("/wheels")
TARGET = Path("/opt/edgepair")
PYTHON = TARGET / "bin" / "python3"
SITE = TARGET / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"

# What no running server reads: tests of packages, sources of extension modules, types, and the Kubernetes client's
# method for each path of the API (55 MB): the operator gives the paths to its ApiClient itself.
UNREAD = (
    "**/tests",
    "**/test",
    "**/*.pyi",
    "**/*.pyx",
    "**/*.pxd",
    "**/*.c",
    "**/*.h",
    "kubernetes/client/api/*_api.py",
    "kubernetes/aio/client/api/*_api.py",
)
# The Kubernetes client loads a model when it is first used, and we use none: compiling all would cost 15 MB.
LOADED_RARELY = re.compile(r"/kubernetes/(aio/)?client/models/")


def main(extra: str) -> None:
    """Make the environment and check that its program starts."""
    venv.create(TARGET, with_pip=False, symlinks=True)
    pip = next(WHEELS.glob("pip-*.whl")) / "pip"
    install = (
        "install",
        "--no-index",
        f"--find-links={WHEELS}",
        "--no-compile",
        "--no-cache-dir",
        f"edgepair[{extra}]",
    )
    subprocess.run([PYTHON, pip, *install], check=True)
    for pattern in UNREAD:
        for path in SITE.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    compileall.compile_dir(SITE, quiet=1, rx=LOADED_RARELY)
    subprocess.run([TARGET / "bin" / f"edgepair-{extra}", "--help"], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(sys.argv[1])
