"""A typed table on its way through the checks of several cells or rows, and the two forms of a count."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sbc_prevalence.data.messages import problem
from sbc_prevalence.data.tables import row_numbers
from sbc_prevalence.errors import Problem
from sbc_prevalence.grid import COUNT, COUNT_LOWER, COUNT_STATUS, COUNT_UPPER


@dataclass(frozen=True)
class Checked:
    """A typed table on its way through the checks.

    Parameters
    ----------
    kind, where : str
        Kind of table; its name in messages.
    frame : pandas.DataFrame
        Typed cells, index 0..n-1; faulty cells are empty.
    faults : mapping of str to Series
        Fault code of every cell by column, ``""`` where it is sound.
    """

    kind: str
    where: str
    frame: pd.DataFrame
    faults: "Mapping[str, pd.Series[Any]]"

    @property
    def faulty(self) -> frozenset[str]:
        """Columns in which single cells were faulty."""
        return frozenset(name for name, codes in self.faults.items() if (codes != "").any())

    def faulty_rows(self, *columns: str) -> "pd.Series[bool]":
        """Rows in which a cell of these columns is faulty."""
        found = pd.Series(False, index=self.frame.index)
        for name in columns:
            found |= self.faults[name] != ""
        return found

    def has(self, *columns: str) -> bool:
        """Whether all these columns are there."""
        return set(columns) <= set(self.frame.columns)

    def sound(self, *columns: str) -> bool:
        """Whether all these columns are there and hold no faulty cell."""
        return self.has(*columns) and not self.faulty & set(columns)

    def strata(self, *wanted: str) -> list[str]:
        """Those of the wanted columns that are there."""
        return [name for name in wanted if name in self.frame.columns]

    def problem(
        self,
        code: str,
        bad: "pd.Series[bool] | None" = None,
        *,
        column: str | None = None,
        detail: str | None = None,
    ) -> list[Problem]:
        """A list of one problem with the rows where ``bad`` holds; empty if it holds nowhere."""
        if bad is None:
            return [problem(code, self.where, column=column, detail=detail)]
        bad = bad.fillna(False).astype(bool)
        if not bad.any():
            return []
        rows = row_numbers(self.frame.index[bad])
        return [problem(code, self.where, column=column, rows=rows, n_rows=len(self.frame), detail=detail)]


def bounds_of(frame: pd.DataFrame) -> "tuple[pd.Series[Any], pd.Series[Any], pd.Series[Any]]":
    """Lower bound, upper bound and status of every count; a value has equal bounds and is ``exact``."""
    blank = pd.Series(pd.NA, index=frame.index, dtype="Int64")
    value = frame.get(COUNT, blank)
    lower, upper = frame.get(COUNT_LOWER, blank), frame.get(COUNT_UPPER, blank)
    status = frame.get(COUNT_STATUS, pd.Series("", index=frame.index, dtype=object))
    interval = lower.notna()
    return (
        lower.where(interval, value),
        upper.where(interval, value),
        status.where(interval & (status != ""), "exact").astype(object),
    )
