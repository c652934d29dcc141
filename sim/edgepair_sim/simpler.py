"""What is simpler than a script: fewer deeds and clients, plainer deeds, usual settings, an earlier end.

Each way takes a script that fails and `still`, which tells whether a candidate fails too, and returns the simplest that
did. Every candidate is simpler than what it comes from (less of something, and nothing more), so all ways end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, Field, fields, replace
from typing import Any, TypeVar

from edgepair_sim.deeds import ClientDoes, Deed
from edgepair_sim.script import Script, Settings

Still = Callable[[Script], bool]
Way = Callable[[Script, Still], Script]
Item = TypeVar("Item")

HALVED = ("by_s", "count")  # whole numbers of which half is plainer
GAP_S = 10.0  # between two deeds: shorter is no simpler
CALM: dict[str, Any] = {"calm": True, "lost": 0.02, "doubled": 0.01, "chopped": 0.1}  # beside calm these say nothing
PLAIN: tuple[dict[str, Any], ...] = (
    CALM,
    {"lost": 0.0, "doubled": 0.0},
    {"lost": 0.0},
    {"doubled": 0.0},
    {"chopped": 0.0},
    {"primary_ppm": 0},
    {"secondary_ppm": 0},
    {"networks": 1},
    {"split": 128},
    {"load_balance_max_s": 3},
    {"max_unacked_updates": 10},
    {"auto_partner_down_s": 0},
    {"ours": True},
    {"quiet": False},
    {"max_response_delay_s": 60},
    {"mclt_s": 60},
    {"lease_s": 600},
    {"addresses": 4},
    {"addresses": 8},
)


def fewer_clients(script: Script, still: Still) -> Script:
    """Leave out all that a client does, for half of the clients, a quarter, and so on."""
    numbers = sorted({deed.client for deed in script.deeds if isinstance(deed, ClientDoes)})

    def with_only(kept: Sequence[int]) -> Script:
        return replace(
            script, deeds=tuple(d for d in script.deeds if not isinstance(d, ClientDoes) or d.client in kept)
        )

    return with_only(_fewest(numbers, lambda kept: still(with_only(kept))))


def fewer_deeds(script: Script, still: Still) -> Script:
    """Leave out half of the deeds, a quarter, and so on, down to single ones."""

    def with_only(kept: Sequence[Deed]) -> Script:
        return replace(script, deeds=tuple(kept))

    return with_only(_fewest(script.deeds, lambda kept: still(with_only(kept))))


def no_idle_clients(script: Script, still: Still) -> Script:
    """Leave out clients that do nothing: the last ones, or all, with those that are left numbered anew."""
    numbers = sorted({deed.client for deed in script.deeds if isinstance(deed, ClientDoes)})
    new = {number: place for place, number in enumerate(numbers, 1)}
    anew = tuple(replace(d, client=new[d.client]) if isinstance(d, ClientDoes) else d for d in script.deeds)
    for count, deeds in ((len(numbers), anew), (max(numbers, default=0), script.deeds)):
        candidate = replace(script, deeds=deeds, settings=replace(script.settings, clients=max(1, count)))
        if candidate != script and still(candidate):
            return candidate
    return script


def plainer_settings(script: Script, still: Still) -> Script:
    """Take each setting as it usually is."""
    for plain in PLAIN:
        settings = replace(script.settings, **plain)
        if settings != script.settings and _simpler(settings, script.settings):
            candidate = replace(script, settings=settings)
            script = candidate if still(candidate) else script
    return script


def plainer_deeds(script: Script, still: Still) -> Script:
    """Take each word of each deed as it usually is, and times shorter and in whole seconds."""
    for place in range(len(script.deeds)):
        for field in fields(script.deeds[place]):
            for value in _plainer(getattr(script.deeds[place], field.name), field):
                candidate = _with(script, place, _changed(script.deeds[place], field.name, value))
                if still(candidate):
                    script = candidate
                    break
    return script


def sooner(script: Script, still: Still) -> Script:
    """Wait less between two deeds, and before the first one: all that follows moves with it."""
    for place in range(len(script.deeds)):
        before_s = script.deeds[place - 1].at_s if place else 0.0
        gap_s = script.deeds[place].at_s - before_s
        for shorter_s in (GAP_S, gap_s // 8, gap_s // 2):
            if GAP_S <= shorter_s <= gap_s - 1:
                candidate = _moved(script, place, by_s=float(int(gap_s - shorter_s)))
                if still(candidate):
                    script = candidate
                    break
    return script


WAYS: tuple[Way, ...] = (
    fewer_clients,
    fewer_deeds,
    no_idle_clients,
    plainer_settings,
    sooner,
    plainer_deeds,
)


def _fewest(items: Sequence[Item], still: Callable[[Sequence[Item]], bool]) -> Sequence[Item]:
    """Return what is left when runs of items are left out, long ones first, as long as `still` holds."""
    size = len(items)
    while size:
        first = 0
        while first < len(items):
            fewer = [*items[:first], *items[first + size :]]
            if still(fewer):
                items = fewer
            else:
                first += size
        size //= 2
    return items


def _simpler(settings: Settings, than: Settings) -> bool:
    """Return whether settings are nearer to the usual: no more addresses, and nothing beside calm that says nothing."""
    return settings.addresses <= than.addresses and not (than.calm and _chances(settings) != _chances(than))


def _chances(settings: Settings) -> tuple[float, ...]:
    return settings.lost, settings.doubled, settings.chopped


def _moved(script: Script, place: int, *, by_s: float) -> Script:
    moved = tuple(replace(deed, at_s=round(deed.at_s - by_s, 3)) for deed in script.deeds[place:])
    return replace(script, deeds=(*script.deeds[:place], *moved), end_s=script.end_s - by_s)


def _with(script: Script, place: int, deed: Deed) -> Script:
    deeds = (*script.deeds[:place], deed, *script.deeds[place + 1 :])
    return replace(script, deeds=tuple(sorted(deeds, key=lambda deed: deed.at_s)))


def _changed(deed: Deed, name: str, value: Any) -> Deed:
    return replace(deed, **{name: value})


def _plainer(value: object, field: Field[Any]) -> Iterator[Any]:
    """Yield the plainer values that a word of a deed can have, the plainest first."""
    if value == field.default:
        return
    if field.default is not MISSING:
        yield field.default
    if isinstance(value, float):
        wholes = (int(value),) if field.name == "at_s" else (int(value) // 4, int(value) // 2, int(value))
        yield from (float(whole) for whole in wholes if 1 <= whole < value)
    elif isinstance(value, int) and field.name in HALVED and abs(value) > 1:
        yield int(value / 2)
