"""Counts that are possible but look like a slip of the pen: told as warnings, which stop nothing."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.checked import bounds_of
from sbc_prevalence.data.messages import problem
from sbc_prevalence.data.tables import row_numbers
from sbc_prevalence.errors import Problem
from sbc_prevalence.grid import AGE_BAND, AREA_CODE, COUNT, COUNT_LOWER, SEX, YEAR

KINDS = frozenset({"deaths", "primary_registrations", "population"})
"""Kinds whose counts change slowly from year to year."""
FACTOR = 4.0
FEWEST_PEOPLE = 40
"""Below this both the count and its neighbours are too small for their ratio to say anything."""
NEIGHBOURS = 4
FEWEST_NEIGHBOURS = 3
"""With fewer, a slip in a neighbour would cast doubt on a sound year."""


def jumps(kind: str, where: str, frame: pd.DataFrame) -> list[Problem]:
    """Counts more than four times, or less than a quarter of, the median of their neighbouring years.

    Parameters
    ----------
    kind, where : str
        Kind of table; its name in messages.
    frame : DataFrame
        Typed cells; the index tells the row of the file. Missing cells are passed over.

    Returns
    -------
    list of Problem
        One warning with the rows, or none. Neighbours are the nearest four years of the same area, sex and age;
        an interval is judged by the end that is nearer to them.
    """
    people = "population" if kind == "population" else COUNT
    if kind not in KINDS or not {AREA_CODE, YEAR} <= set(frame.columns):
        return []
    if people not in frame.columns and COUNT_LOWER not in frame.columns:
        return []
    lower, upper = (frame[people], frame[people]) if kind == "population" else bounds_of(frame)[:2]
    strata = [name for name in (AREA_CODE, SEX, AGE_BAND) if name in frame.columns]
    rows = frame[[*strata, YEAR]].assign(_lower=lower, _upper=upper).dropna()
    odd: list[Any] = []
    for _, series in rows.groupby(strata, sort=False):
        if series[YEAR].is_unique:
            series = series.sort_values(YEAR)
            found = _odd(*(series[name].to_numpy(np.float64) for name in (YEAR, "_lower", "_upper")))
            odd += list(series.index[found])
    if not odd:
        return []
    return [problem(
        "W-JUMP", where, severity="warning", column=people if people in frame.columns else COUNT_LOWER,
        rows=row_numbers(sorted(odd)), n_rows=len(frame),
        detail=f"more than {FACTOR:g} times, or less than a quarter of, the median of the nearest years")]


def _odd(
    years: NDArray[np.float64], lower: NDArray[np.float64], upper: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which years of one series are far from their neighbours."""
    middle = (lower + upper) / 2
    found = np.zeros(years.size, dtype=bool)
    for i, year in enumerate(years):
        others = np.delete(np.arange(years.size), i)
        nearest = others[np.argsort(np.abs(years[others] - year), kind="stable")][:NEIGHBOURS]
        if nearest.size < FEWEST_NEIGHBOURS:
            continue
        typical = float(np.median(middle[nearest]))
        enough = max(upper[i], typical) >= FEWEST_PEOPLE
        found[i] = enough and (lower[i] > FACTOR * typical or upper[i] < typical / FACTOR)
    return found
