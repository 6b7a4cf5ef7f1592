"""Patient records: from the dates or times of one person to times since metastatic diagnosis. No identifiers."""

import numpy as np
import pandas as pd

DAYS_PER_YEAR = 365.25
SAME_DAY = 0.5 / DAYS_PER_YEAR
"""Someone who dies on the day of diagnosis was at risk for half of it."""
BY_DATE = ("diagnosis_date", "entry_date", "exit_date")
BY_YEARS = ("diagnosis_year", "entry_years", "exit_years")
TIMES = ("presentation", "diagnosis_year", "entry_years", "exit_years", "died")


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
