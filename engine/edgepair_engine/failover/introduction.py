"""What two servers of ours say of themselves at CONNECT and CONNECTACK, in option 29, which dhcpd skips (I17)."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from edgepair_contract.value import value

MARK = b"edgepair "  # whose vendor-specific options these are
TEXT_MAX = 64  # characters of a field; ours have at most 20
NUMBER_MAX = 2**52  # half of what JSON carries without loss and the store believes: there is room to count on


@value(kw_only=True)
class Introduction:
    """One server as it introduces itself.

    `store` names its lease store, `partner` the store that it counts binding updates with (empty: none yet), `count`
    numbers the counting that the two agreed on; `sent`, `acked` and `received` are how many updates it sent to,
    had answered by, and has answered to that partner. `config` digests what both must be configured with alike.
    `behind`: the one who reads this knows less than it must, by the secondary's judgement: its store was rolled back.
    """

    version: str = ""
    store: str = ""
    partner: str = ""
    count: int = 0
    sent: int = 0
    acked: int = 0
    received: int = 0
    config: str = ""
    behind: bool = False


_KINDS: dict[str, type] = {field.name: type(field.default) for field in fields(Introduction)}


def encode_introduction(introduction: Introduction) -> bytes:
    """Return the data of option 29."""
    return MARK + json.dumps(asdict(introduction), separators=(",", ":")).encode()


def decode_introduction(data: bytes | None) -> Introduction | None:
    """Return what a partner of ours says of itself; None when it says nothing that can be understood.

    A field that is not known is of a newer version and is passed over; one that is absent has its default.
    """
    if data is None or not data.startswith(MARK):
        return None
    try:
        said = json.loads(data[len(MARK) :])
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    known = {name: value for name, value in said.items() if name in _KINDS}
    if not all(_fits(value, _KINDS[name]) for name, value in known.items()):
        return None
    return Introduction(**known)


def _fits(value: Any, kind: Any) -> bool:
    if type(value) is not kind:
        return False
    if isinstance(value, str):
        # JSON can spell halves of characters, which neither the store nor a report can hold.
        return len(value) <= TEXT_MAX and value.isascii() and value.isprintable()
    return bool(0 <= value <= NUMBER_MAX)
