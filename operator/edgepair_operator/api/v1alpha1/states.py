"""Failover states in a status: in manifests the tab's labels, in Python the dictionary's states."""

from __future__ import annotations

from typing import Annotated

from pydantic import PlainSerializer, PlainValidator

from edgepair_contract.vocabulary import FailoverState
from edgepair_operator.api.markers import WordForm


def _read(value: object) -> FailoverState:
    if isinstance(value, FailoverState):
        return value
    for state in FailoverState:
        if state.label == value:
            return state
    raise ValueError(f"{value!r} is no failover state")


def _label(state: FailoverState) -> str:
    return state.label


State = Annotated[
    FailoverState,
    PlainValidator(_read),
    PlainSerializer(_label, return_type=str),
    WordForm(tuple(state.label for state in FailoverState)),
]
