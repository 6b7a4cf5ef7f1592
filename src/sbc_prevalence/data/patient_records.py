"""Patient records: from the dates or times of one person to times since metastatic diagnosis. No identifiers."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DAYS_PER_YEAR = 365.25
SAME_DAY = 0.5 / DAYS_PER_YEAR
"""Someone who dies on the day of diagnosis was at risk for half of it."""
BY_DATE = ("diagnosis_date", "entry_date", "exit_date")
BY_YEARS = ("diagnosis_year", "entry_years", "exit_years")
TIMES = ("presentation", "diagnosis_year", "entry_years", "exit_years", "died")
CELL_EDGES: NDArray[np.float64] = np.concatenate([
    np.arange(4) / 48.0, np.arange(2, 6) / 24.0, np.arange(3, 12) / 12.0, np.arange(8, 24) / 8.0, np.arange(12, 20) / 4.0,
    np.arange(10, 20) / 2.0, np.arange(10.0, 61.0)])
"""Weeks at first, half-months to a quarter, months to a year, eighths to 3 years, quarters to 5, halves to 10, years."""


def times_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Times since metastatic diagnosis, one row a person.

    Parameters
    ----------
    frame : DataFrame
        Columns of `BY_DATE` (ISO dates) or of `BY_YEARS`; others are passed over.

    Returns
    -------
    DataFrame
        ``diagnosis_year``, ``entry_years``, ``exit_years`` [years of 365.25 days]; the index is kept.
    """
    if set(BY_YEARS) <= set(frame.columns):
        return frame[list(BY_YEARS)].astype(float)
    day, entry, end = (pd.to_datetime(frame[name]) for name in BY_DATE)
    return pd.DataFrame({
        "diagnosis_year": day.dt.year.astype(float), "entry_years": (entry - day).dt.days / DAYS_PER_YEAR,
        "exit_years": (end - day).dt.days / DAYS_PER_YEAR}, index=frame.index)


def at_risk(frame: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Records as a survival analysis reads them, and which were changed or left out.

    Parameters
    ----------
    frame : DataFrame
        A checked table of kind ``patient_survival``.

    Returns
    -------
    times : DataFrame
        Columns of `TIMES`, one row for each person who was at risk while in the records.
    same_day : int array
        Rows (positions) of people whose exit is the day of diagnosis: half a day at risk.
    never : int array
        Rows of people who left on the very day on which they entered later: they were never at risk, and are left out.
    """
    times = times_of(frame).reset_index(drop=True)
    times = times.assign(presentation=frame["presentation"].to_numpy(), died=frame["died"].to_numpy(np.int64))
    entry, end = times["entry_years"].to_numpy(), times["exit_years"].to_numpy()
    same, never = end <= 0, (entry >= end) & (end > 0)
    times["exit_years"] = np.where(same, SAME_DAY, end)
    return times.loc[~never, list(TIMES)], np.flatnonzero(same), np.flatnonzero(never)
