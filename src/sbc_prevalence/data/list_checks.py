"""Checks of several rows of overlapping lists and of grouped codes."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.checked import Checked, bounds_of
from sbc_prevalence.data.histories import HistoryCells, history_cells
from sbc_prevalence.errors import Problem
from sbc_prevalence.grid import AS_OF, COUNT, COUNT_LOWER, COUNT_UPPER, HISTORY, YEAR_TO

SHOWN = 5


def last_years(frame: pd.DataFrame) -> "pd.Series[int]":
    """Last year of the period of each row; the year itself where it is one year."""
    return frame["year"] if YEAR_TO not in frame else frame[YEAR_TO].fillna(frame["year"])


def periods(table: Checked) -> list[Problem]:
    """Periods run forward, were over when the figures were extracted, and do not overlap."""
    if not table.sound("year") or YEAR_TO in table.faulty:
        return []
    first, last = table.frame["year"].astype("int64"), last_years(table.frame).astype("int64")
    found = table.problem("E-ORDER", first > last, column=YEAR_TO)
    if table.sound(AS_OF):
        found += table.problem("E-AS-OF", table.frame[AS_OF] < last.astype(str) + "-12-31", column=AS_OF)
    strata = table.strata("area_code", "sex", "presentation", "age_band", HISTORY)
    if found or not table.sound(*strata):
        return found
    order = first.sort_values(kind="stable").index
    names = [table.frame[name].loc[order] for name in strata]
    before = last.loc[order].groupby(names).shift()
    inside = (first.loc[order] <= before) & (first.loc[order] != first.loc[order].groupby(names).shift())
    return found + table.problem("E-PERIOD-OVERLAP", inside.reindex(first.index), column="year")


def cells(table: Checked) -> list[Problem]:
    """Histories of one length; every cell there, itself or by margins; margins are the sums of their cells."""
    keys = table.strata("area_code", "year", YEAR_TO, "presentation", "sex", "age_band")
    if not table.sound(HISTORY, *keys):
        return []
    signs = table.frame[HISTORY].str.len()
    if signs.nunique() > 1:
        return table.problem("E-HISTORY-LENGTH", signs != signs.max(), column=HISTORY)
    if table.faulty & {COUNT, COUNT_LOWER, COUNT_UPPER} or (not table.has(COUNT) and not table.has(COUNT_LOWER)):
        return []
    lower, upper, _ = bounds_of(table.frame)
    if lower.isna().any() or upper.isna().any() or table.frame.duplicated([*keys, HISTORY]).any():
        return []  # reported already
    known = history_cells(table.frame.assign(**{COUNT_LOWER: lower, COUNT_UPPER: upper}), keys)
    wrong = pd.Series(known.adrift[known.group], index=table.frame.index)
    found = table.problem("E-LISTS-SUM", wrong, column=HISTORY)
    lacking = known.missing & ~known.adrift
    if lacking.any():
        found += table.problem("E-LISTS-CELLS", column=HISTORY, detail=_lacking(known, lacking))
    return found


def _lacking(known: HistoryCells, lacking: NDArray[np.bool_]) -> str:
    """The first cells that groups lack, in words."""
    told = [name for name in ("area_code", "year") if name in known.keys]
    pairs = np.argwhere(np.isnan(known.lower) & lacking[:, None])
    texts = [
        " ".join([*(str(known.keys[name].iloc[g]) for name in told), known.words[c]]) for g, c in pairs[:SHOWN]
    ]
    more = len(pairs) - SHOWN
    return f"missing: {', '.join(texts)}" + (f" and {more} more" if more > 0 else "")


def validated(table: Checked) -> list[Problem]:
    """Metastatic cases are among those validated, these among those counted; both numbers or neither."""
    if table.faulty & {"n_validated", "n_metastatic"}:
        return []
    if not table.has("n_validated", "n_metastatic"):
        one = [name for name in ("n_validated", "n_metastatic") if table.has(name)]
        return table.problem("E-VALIDATED", column=one[0]) if one else []
    of, found = table.frame["n_validated"], table.frame["n_metastatic"]
    _, upper, _ = bounds_of(table.frame)
    wrong = (of.isna() != found.isna()) | (found > of).fillna(False) | (of > upper).fillna(False)
    return table.problem("E-VALIDATED", wrong, column="n_metastatic")
