"""The page of the states says what the tables say."""

from __future__ import annotations

from edgepair_contract.vocabulary import FailoverState
from hack.states_page import page


def rows_of(section: str) -> dict[str, list[str]]:
    """Return the rows of the first table under a heading, by their first cell."""
    lines = page().split(f"## {section}\n", 1)[1].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| ---"))
    rows = []
    for line in lines[start + 1 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return {row[0].strip("*"): row[1:] for row in rows}


def test_every_state_is_explained_and_has_a_row_of_twelve_cells() -> None:
    grid = rows_of("What the partner says of itself")
    assert set(grid) == {state.label for state in FailoverState}
    assert {len(cells) for cells in grid.values()} == {12}
    assert all(f"| **{state.label}** | {state.wire} |" in page() for state in FailoverState)


def test_a_cell_that_is_not_dhcpds_is_marked() -> None:
    assert rows_of("What the partner says of itself")["Conflict-done"] == [
        *(
            "normal",
            "conflict *",
            "conflict *",
            "conflict *",
            "*",
            "conflict *",
            "",
            "",
            "conflict *",
            "*",
            "down *",
            "*",
        )
    ]


def test_guards_are_written_out() -> None:
    assert rows_of("When all that was asked for has come (UPDDONE)")["Potential-Conflict"] == [
        "nothing if the partner is in Conflict-done, else to **Normal** if the partner is in Recover-done, "
        "else to **Conflict-done**",
        "to **Normal** if the partner is in Conflict-done, else to **Normal** if the partner is in Recover-done, "
        "else nothing",
    ]
