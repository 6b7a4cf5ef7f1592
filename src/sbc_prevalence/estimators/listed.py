"""Counts by history, as the classical estimators read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.histories import MOST_LISTS, history_cells, history_fault
from sbc_prevalence.data.messages import problem
from sbc_prevalence.data.tables import row_numbers
from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.grid import COUNT, COUNT_LOWER, COUNT_UPPER, HISTORY
from sbc_prevalence.kernels.capture_histories import histories

MOST_OCCASIONS = 10
WHERE = "lists"


@dataclass(frozen=True, eq=False)
class ListedPeople:
    """How many people have each history.

    Parameters
    ----------
    lists : tuple of str
        Names, in the order of the signs of a history.
    counts : array, shape (2^n_lists - 1,)
        People by history, in the order 001, 010, 011, ...; those on no list are not among them.
    """

    lists: tuple[str, ...]
    counts: NDArray[np.float64]

    @property
    def n_lists(self) -> int:
        """Number of lists."""
        return len(self.lists)

    @property
    def histories(self) -> NDArray[np.int64]:
        """The histories of ``counts``, shape (n_cells, n_lists)."""
        return histories(self.n_lists)[1:]

    @property
    def total(self) -> float:
        """People on at least one list."""
        return float(self.counts.sum())

    def table(self) -> NDArray[np.float64]:
        """Counts with one axis of length 2 for each list; 0 where nobody can be counted."""
        return np.concatenate([[0.0], self.counts]).reshape((2,) * self.n_lists)


def listed_people(frame: Any, lists: Sequence[str] | None = None, *, most: int = MOST_LISTS) -> ListedPeople:
    """Read counts by history from a plain frame.

    Parameters
    ----------
    frame : DataFrame-like
        ``history`` (text: 1 on the list, 0 not on it, x whichever) and ``count``. Every cell is there, or follows
        from margins such as 1x and x1.
    lists : sequence of str, optional
        Names of the lists; "1", "2", ... without them.
    most : int
        Largest number of lists.

    Raises
    ------
    EvidenceError
        If a history is not one, somebody is counted on no list, cells are missing or do not add up.
    """
    rows = pd.DataFrame(frame.to_pandas() if hasattr(frame, "to_pandas") else frame).reset_index(drop=True)
    faults = [problem("E-COLUMN-MISSING", WHERE, column=name) for name in (HISTORY, COUNT) if name not in rows]
    if faults:
        raise EvidenceError(faults)
    if rows.empty:
        raise EvidenceError(problem("E-EMPTY", WHERE))
    words, counts = rows[HISTORY].astype(str).str.strip(), pd.to_numeric(rows[COUNT], errors="coerce")
    said = words.map(history_fault).where(~((words.str.len() <= most) & (words.str.len() > MOST_LISTS)), "")
    coded = [(code, said == code, HISTORY) for code in dict.fromkeys(said) if code]
    coded += [
        ("E-HISTORY-LENGTH", words.str.len() != words.str.len().max(), HISTORY),
        ("E-DUPLICATE", words.duplicated(keep=False), HISTORY),
        ("E-NOT-NUMBER", counts.isna(), COUNT),
        ("E-NEGATIVE", counts < 0, COUNT),
        ("E-FRACTION", counts != counts.round(), COUNT),
    ]
    faults = [
        problem(code, WHERE, column=column, rows=row_numbers(rows.index[bad]), n_rows=len(rows))
        for code, bad, column in coded if bad.any()
    ]
    names = tuple(lists) if lists is not None else tuple(str(j + 1) for j in range(int(words.str.len().max())))
    if lists is not None and len(names) != words.str.len().max():
        faults.append(problem("E-HISTORY-LENGTH", WHERE, key="lists"))
    if faults:
        raise EvidenceError(faults)
    cells = history_cells(pd.DataFrame({HISTORY: words, COUNT_LOWER: counts, COUNT_UPPER: counts}), [])
    if cells.adrift.any():
        raise EvidenceError(problem("E-LISTS-SUM", WHERE, column=HISTORY))
    if cells.missing.any():
        lacking = [word for word, known in zip(cells.words, ~np.isnan(cells.lower[0]), strict=True) if not known]
        raise EvidenceError(
            problem("E-LISTS-CELLS", WHERE, column=HISTORY, detail=f"missing: {', '.join(lacking[:8])}")
        )
    return ListedPeople(names, cells.lower[0])
