"""A life as a script: what the pair is like, and what is done to it and when. One seed draws one script.

The text form is what `make sim` prints, what a shrunk life is kept as, and what the scenarios are written in:

    seed=17 mclt_s=60 clients=3
    at 30.000 client client=1 act=join
    at 95.000 kill node=east-1 point=after-commit
    end 600
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_type_hints

from edgepair_contract.value import value
from edgepair_sim.deeds import BadLine, ClientDoes, Deed, deed_of, line_of


@value(kw_only=True)
class Settings:
    """What a pair and its surroundings are like. `seed` decides every delay, loss and jitter."""

    seed: int = 0
    mclt_s: int = 600
    lease_s: int = 3600
    max_response_delay_s: int = 60
    max_unacked_updates: int = 10
    load_balance_max_s: int = 3
    split: int = 128
    auto_partner_down_s: int = 0
    ours: bool = True  # both are told that the partner is one of ours
    quiet: bool = False  # the servers tell nothing of single packets, so that no commit is hastened by such a word
    clients: int = 20
    networks: int = 2  # prefixes: the servers' own one, the others behind relays
    addresses: int = 16  # of each prefix
    lost: float = 0.02  # parts of the clients' packets
    doubled: float = 0.01
    chopped: float = 0.1  # which part of the partner's writes comes in pieces
    primary_ppm: int = 0  # how much too fast the clocks are
    secondary_ppm: int = 0
    calm: bool = False  # every delay is the middle one: for stories that people read


@value
class Script:
    """One life, from the beginning to `end_s`."""

    settings: Settings
    deeds: tuple[Deed, ...]
    end_s: float

    @property
    def healed_s(self) -> float:
        """Return from when on everything is whole and nothing more is broken: only clients go on living."""
        return max((deed.whole_at_s for deed in self.deeds if not isinstance(deed, ClientDoes)), default=0.0)


_TYPES = get_type_hints(Settings)


def text_of(script: Script) -> str:
    """Return a script as text."""
    plain = Settings()
    said = [
        f"{field.name}={int(value) if isinstance(value, bool) else value}"
        for field in fields(Settings)
        if (value := getattr(script.settings, field.name)) != getattr(plain, field.name) or field.name == "seed"
    ]
    return "\n".join([" ".join(said), *(line_of(deed) for deed in script.deeds), f"end {script.end_s:.0f}"]) + "\n"


def script_of(text: str) -> Script:
    """Return the script that a text holds; empty lines and those that begin with # are for people.

    Raises:
        BadLine: which line is wrong, and why.
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) < 2 or not lines[-1].startswith("end "):
        raise BadLine("a script has a line of settings first and 'end SECONDS' last")
    return Script(_settings_of(lines[0]), tuple(deed_of(line) for line in lines[1:-1]), float(lines[-1].split()[1]))


def _settings_of(line: str) -> Settings:
    said = dict(word.partition("=")[::2] for word in line.split())
    unknown = said.keys() - _TYPES.keys()
    if unknown:
        raise BadLine(f"there is no setting {', '.join(sorted(unknown))}; there are {', '.join(_TYPES)}")
    try:
        return Settings(**{name: _value(_TYPES[name], text) for name, text in said.items()})
    except ValueError as error:
        raise BadLine(f"{line!r}: {error}") from error


def _value(kind: type, text: str) -> Any:
    return bool(int(text)) if kind is bool else kind(text)
