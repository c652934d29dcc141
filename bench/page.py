"""docs/benchmarks.md and its picture, from the figures of one run."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.pair import here
from bench.rows import Figures
from edgepair_contract.value import value

OURS = "Edgepair"
PAGE, PICTURE = Path("docs/benchmarks.md"), Path("docs/benchmarks.svg")
COLOURS = {OURS: "#2a6f97", "dhcpd": "#b0b0b0", "Kea": "#d9a441"}
BAR, GAP, LEFT, WIDE = 18, 6, 190, 460


@value
class Row:
    """One line of the table: our figure beside the peer's, and what the ratio has to be."""

    work: str
    what: str
    peer: str
    needed: float
    higher_is_better: bool = False
    digits: int = 0
    peers_what: str = ""  # when the peer is measured by another name


ROWS = (
    Row("new clients (DORA/s), pool of 32,768", "DORA/s", "dhcpd", 5.0, higher_is_better=True),
    Row("the same", "DORA/s", "Kea", 2.5, higher_is_better=True),
    Row("renewals/s, 100,000 clients", "renewals/s", "dhcpd", 5.0, higher_is_better=True),
    Row(
        "DORA/s with a pool of 450,000, beside ours with 32,768",
        "DORA/s of a large pool",
        OURS,
        0.9,
        higher_is_better=True,
        peers_what="DORA/s",
    ),
    Row("processor time of both servers for a DORA at 500/s, us", "CPU us at 500/s", "dhcpd", 0.8),
    Row("the same at each one's most", "CPU us at the most", "dhcpd", 0.2),
    Row("DISCOVER to OFFER at 500/s, p50 ms", "OFFER p50 ms", "dhcpd", 0.6, digits=2),
    Row("the same, p99 ms", "OFFER p99 ms", "dhcpd", 1.0, digits=2),
    Row("REQUEST to ACK at 500/s, p50 ms", "ACK p50 ms", "dhcpd", 1.2, digits=2),
    Row("the same, p99 ms", "ACK p99 ms", "dhcpd", 1.0, digits=2),
    Row("100,000 leases told again after a lost store, s", "resync s", "dhcpd", 0.25, digits=1),
    Row("the same", "resync s", "Kea", 1.0, digits=1),
    Row("resident memory with 100,000 leases, MB", "RSS MB", "Kea", 1.2),
)

HEAD = """# Benchmarks

What a pair of ours does beside a pair of ISC dhcpd and a pair of Kea: the same work in turn, on one machine, in one
run. `make bench` does it all again and writes this page ({rounds} rounds, interleaved; each figure is the median). The
machine is shared and noisy: take the ratios, not the figures.

Ours makes every binding durable before the ACK, as dhcpd does; Kea's memfile never syncs. In every pair both servers
hear every broadcast. The rates are the highest of a search with at most 0.1 % of the packets lost; latencies and
processor time at 500/s are those of ten seconds. dhcpd begins with balanced pools; renewals are written by both (no
cache threshold). `bench/` holds the configurations; the clients are `bench/load.c`, one core, many clients behind one
relay: perfdhcp's own limit is near 12,000 DORA/s.

| work | Edgepair | peer | ratio | needed | |
|---|---|---|---|---|---|
"""


def write(figures: Figures, rounds: int) -> None:
    """Write both files."""
    PAGE.write_text(HEAD.format(rounds=rounds) + "\n".join((*_lines(figures), "", *_tail())) + "\n")
    PICTURE.write_text(_picture(figures))


def _lines(figures: Figures) -> Iterator[str]:
    for row in ROWS:
        ours = figures.median(row.what, OURS)
        peers = figures.median(row.peers_what or row.what, row.peer)
        if ours is None or peers is None:
            yield f"| {row.work} | {_number(ours, row)} | {row.peer}: {_number(peers, row)} | | | not measured |"
            continue
        ratio = ours / peers
        held = ratio >= row.needed if row.higher_is_better else ratio <= row.needed
        sign = "≥" if row.higher_is_better else "≤"
        yield (
            f"| {row.work} | {_number(ours, row)} | {row.peer}: {_number(peers, row)} | {ratio:.2f} × "
            f"| {sign} {row.needed:g} × | {'held' if held else '**missed**'} |"
        )


def _number(number: float | None, row: Row) -> str:
    return "-" if number is None else f"{number:,.{row.digits}f}"


def _tail() -> Iterator[str]:
    yield "![rates of new clients](benchmarks.svg)"
    yield ""
    yield "Not measured yet: stalls of the loop with a million leases; how long clients wait when a server is lost."
    yield ""
    kernel = platform.release().split("-")[0]
    yield f"- machine: {os.cpu_count()} cores, Linux {kernel}, Python {platform.python_version()}"
    yield f"- ISC dhcpd {_version('dhcpd', '--version')}; Kea {_version('kea-dhcp4', '-v')}"


def _version(program: str, option: str) -> str:
    done = subprocess.run([here(program), option], check=False, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip().splitlines()[0].removeprefix("isc-dhcpd-")


def _picture(figures: Figures) -> str:
    bars = [(f"{what}: {who}", who, figures.median(what, who)) for what in ("DORA/s", "renewals/s") for who in COLOURS]
    shown = [(label, who, number) for label, who, number in bars if number is not None]
    most = max((number for _, _, number in shown), default=1.0)
    lines = []
    for place, (label, who, number) in enumerate(shown):
        top, wide = GAP + place * (BAR + GAP), WIDE * number / most
        lines.append(f'<text x="{LEFT - 8}" y="{top + 13}" text-anchor="end">{label}</text>')
        lines.append(f'<rect x="{LEFT}" y="{top}" width="{wide:.0f}" height="{BAR}" fill="{COLOURS[who]}"/>')
        lines.append(f'<text x="{LEFT + wide + 6:.0f}" y="{top + 13}">{number:,.0f}</text>')
    high = GAP + len(shown) * (BAR + GAP)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDE + 80}" height="{high}" '
    return "\n".join((head + 'font-family="sans-serif" font-size="12">', *lines, "</svg>")) + "\n"
