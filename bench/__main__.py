"""`python -m bench`: everything on all pairs, and docs/benchmarks.md; or one thing by hand."""

from __future__ import annotations

import argparse
import io
import os
import pstats
import sys
import tempfile
import time
from pathlib import Path

from bench.dhcpd import Dhcpd
from bench.kea import Kea
from bench.load import TRIAL_S, Load
from bench.network import Network
from bench.ours import Ours
from bench.page import write
from bench.pair import Pair, Terms
from bench.rows import POOL, Bench

PAIRS: dict[str, type[Pair]] = {"ours": Ours, "dhcpd": Dhcpd, "kea": Kea}
ROUNDS = 3


def main() -> int:
    """Run what the words say."""
    arguments = _parser().parse_args()
    if os.geteuid():
        print("network namespaces and port 67 need root: sudo make bench", file=sys.stderr)
        return 2
    network = Network()
    try:
        with tempfile.TemporaryDirectory(prefix="edgepair-bench-", dir="/var/tmp") as folder:  # a disk, not memory
            if arguments.command == "all":
                _all(network, Path(folder), arguments)
            else:
                _try(network, Path(folder), arguments)
    finally:
        network.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    everything = commands.add_parser("all", help="measure everything, round by round, and write docs/benchmarks.md")
    everything.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help="(%(default)s)")
    one = commands.add_parser("try", help="one load on one pair")
    one.add_argument("pair", choices=PAIRS)
    one.add_argument("kind", choices=("dora", "renew"))
    one.add_argument("rate", type=float, nargs="+", help="exchanges begun in a second; each on a pair that begins anew")
    one.add_argument("--seconds", type=float, default=TRIAL_S, metavar="S", help="(%(default)s)")
    one.add_argument("--pool", type=int, default=POOL, metavar="N", help="addresses (%(default)s)")
    one.add_argument("--leases", type=int, default=0, metavar="N", help="leases that there are already (%(default)s)")
    one.add_argument("--profile", action="store_true", help="profile both of ours, which slows them down")
    return parser


def _all(network: Network, folder: Path, arguments: argparse.Namespace) -> None:
    began_s = time.monotonic()

    def tell(words: str) -> None:
        minutes, seconds = divmod(time.monotonic() - began_s, 60)
        print(f"{minutes:3.0f}:{seconds:02.0f}  {words}", flush=True)

    bench = Bench(network, folder, tell)
    for number in range(1, arguments.rounds + 1):
        tell(f"round {number} of {arguments.rounds}")
        bench.round()
        write(bench.figures, number)


def _try(network: Network, folder: Path, arguments: argparse.Namespace) -> None:
    load = Load(folder)
    pair = PAIRS[arguments.pair](network, folder, Terms(pool_size=arguments.pool, leases=arguments.leases))
    if isinstance(pair, Ours):
        pair.profiled = arguments.profile
    try:
        for rate in arguments.rate:
            pair.begin()
            run = load.dora if arguments.kind == "dora" else load.renew
            print(run(pair, rate, seconds=arguments.seconds), f"{pair.rss_mb():.0f} MB", flush=True)
    finally:
        pair.stop()
    if arguments.profile:
        for server in (0, 1):
            text = io.StringIO()
            stats = pstats.Stats(str(pair.folder(server) / "profile"), stream=text)
            stats.sort_stats("tottime").print_stats(45)
            print(text.getvalue())


if __name__ == "__main__":
    raise SystemExit(main())
