"""One column of a tidy table: what its cells may hold and which type they become."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from sbc_prevalence.data import cells
from sbc_prevalence.data.histories import history_fault


@dataclass(frozen=True)
class ColumnSpec:
    """One column of a tidy table.

    Parameters
    ----------
    check : callable
        Text of a cell to a fault code, ``""`` when sound.
    as_type : {"Int64", "float64", "str"}
        Type of the column in the typed frame. Integers are nullable until the table is sound.
    required : bool
        Whether the column must be there.
    blank : bool
        Whether single cells may be empty.
    says : str
        What is allowed, in words, for messages about ranges and choices.
    allowed : tuple of str
        Listed words, in the spelling that the typed frame uses.
    """

    check: cells.CellCheck
    as_type: str
    required: bool = True
    blank: bool = False
    says: str = ""
    allowed: tuple[str, ...] = ()

    def fault(self, text: str) -> str:
        """Fault code of one cell."""
        return "" if self.blank and not text.strip() else self.check(text)

    def typed(self, column: "pd.Series[Any]") -> "pd.Series[Any]":
        """Column of sound cells (others emptied) in its type."""
        stripped = column.str.strip()
        if self.as_type == "str":
            spelling = {word.lower(): word for word in self.allowed}
            return stripped.map(lambda t: spelling.get(t.lower(), t)).astype(object)
        numbers = pd.to_numeric(stripped.where(stripped != "", None), errors="coerce").astype("float64")
        return numbers.round().astype("Int64") if self.as_type == "Int64" else numbers


def area(required: bool = True) -> ColumnSpec:
    return ColumnSpec(cells.area_code, "str", required)


def year(required: bool = True, blank: bool = False) -> ColumnSpec:
    return ColumnSpec(cells.calendar_year, "Int64", required, blank)


def whole(
    required: bool = True, blank: bool = False, low: int = 0, high: int = cells.MAX_COUNT
) -> ColumnSpec:
    return ColumnSpec(
        cells.whole_number(low=low, high=high),
        "Int64",
        required,
        blank,
        says=f"a whole number from {low:,} to {high:,}",
    )


def number(
    low: float,
    high: float,
    *,
    required: bool = True,
    blank: bool = False,
    open_low: bool = False,
    open_high: bool = False,
    proportion: bool = False,
) -> ColumnSpec:
    left, right = ("above" if open_low else "from"), ("below" if open_high else "up to")
    return ColumnSpec(
        cells.number_between(low, high, open_low=open_low, open_high=open_high, proportion=proportion),
        "float64",
        required,
        blank,
        says=f"{left} {low:g}, {right} {high:g}",
    )


def choice(*allowed: str, required: bool = True, blank: bool = False) -> ColumnSpec:
    return ColumnSpec(
        cells.choice(allowed), "str", required, blank, says="one of " + ", ".join(allowed), allowed=allowed
    )


def words(required: bool = True, blank: bool = False) -> ColumnSpec:
    return ColumnSpec(cells.words, "str", required, blank)


def history() -> ColumnSpec:
    return ColumnSpec(history_fault, "str", says="one sign for each list: 1, 0 or x")
