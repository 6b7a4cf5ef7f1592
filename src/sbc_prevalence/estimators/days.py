"""Days of the classical estimators: an index date is the end of its day, an event happens at noon of its day.

Times are counted in days since 1 January of year 1, so that differences are exact whatever the leap years.
"""

import datetime
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sbc_prevalence.data.patient_records import DAYS_PER_YEAR
from sbc_prevalence.errors import EvidenceError, Problem

Floats = NDArray[np.float64]

NOON = 0.5
SECOND = 1.0 / 86_400.0
DECIMAL_MARGIN = 1.25
"""Decimal years and times in years of 365.25 days do not meet to the day: so much is allowed to somebody alive [days]."""
DATES = ("diagnosis_date", "exit_date")
TIMES = ("diagnosed", "exit_years")


def end_of_day(date: datetime.date) -> float:
    """Days from the start of year 1 to the end of a day. 29 February is a day like any other."""
    return float(date.toordinal())


def years_before(date: datetime.date, years: float) -> float:
    """End of the day of the same name some years before; 28 February stands for 29 February where there is none.

    Parts of a year are days of a 365.25th each. Limited-duration prevalence of L years on an index date counts those
    diagnosed after this moment and not after the index date: the window is open at its start and closed at its end.
    """
    whole = int(np.floor(years))
    year = date.year - whole
    if year < 1:
        return 0.0
    try:
        day = date.replace(year=year)
    except ValueError:
        day = date.replace(year=year, day=28)
    return end_of_day(day) - (years - whole) * DAYS_PER_YEAR


def days_of(years: ArrayLike) -> Floats:
    """Days of decimal calendar years: 2020.5 is half of the 366 days after the start of 2020."""
    given = np.asarray(years, dtype=float)
    if not np.isfinite(given).all():
        raise _refused("times", "decimal years must be numbers", "Fill the gaps, or leave the people out.")
    whole = np.floor(given)
    start, after = _new_year(whole), _new_year(whole + 1)
    return np.asarray(start + (given - whole) * (after - start), dtype=float)


def _new_year(years: Floats) -> Floats:
    day = (years.astype(np.int64) - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    return np.asarray((day - np.datetime64("0001-01-01", "D")).astype(float), dtype=float)


def decimal_year(days: ArrayLike) -> Floats:
    """Decimal calendar years of days since the start of year 1, the inverse of `days_of`."""
    given = np.atleast_1d(np.asarray(days, dtype=float))
    year = np.array([datetime.date.fromordinal(int(d) + 1).year for d in given.ravel()], dtype=float).reshape(given.shape)
    start, after = days_of(year), days_of(year + 1)
    return np.asarray((year + (given - start) / (after - start)).reshape(np.shape(days)), dtype=float)


def lives(people: pd.DataFrame, where: str = "people") -> pd.DataFrame:
    """When people were diagnosed, watched from, and last known, in days.

    Parameters
    ----------
    people : DataFrame
        One row a person: ``diagnosis_date``, ``exit_date`` and, where people came under observation later,
        ``entry_date`` (dates); or ``diagnosed`` [decimal calendar years], ``exit_years`` and ``entry_years`` [years of
        365.25 days since diagnosis] as `estimators.survival.records` gives them. ``died``: 1 if the exit is a death.

    Returns
    -------
    DataFrame
        ``diagnosis``, ``entry``, ``exit`` [days; events at noon], ``died``; ``margin``: days by which an exit may lie
        before the end of an index date on which the person still counts as known alive. The index is that of the people.

    Raises
    ------
    EvidenceError
        If columns or values are missing, a person leaves before being diagnosed, or ``died`` is not 0 or 1.
    """
    dated = set(DATES) <= set(people.columns)
    if not dated and not set(TIMES) <= set(people.columns):
        raise _refused(where, "needs diagnosis_date and exit_date, or diagnosed and exit_years",
                       "Rename the columns; see docs/how-to/the-classical-answers.md.")
    if "died" not in people.columns:
        raise _refused(where, "needs died: 1 if the exit is a death, 0 if it is not", "Add the column.")
    if dated:
        start, end = (_noon(people[c]) for c in DATES)
        entry = _noon(people["entry_date"]) if "entry_date" in people.columns else start
    else:
        start = days_of(people["diagnosed"].to_numpy(float)) if len(people) else np.zeros(0)
        end = start + people["exit_years"].to_numpy(float) * DAYS_PER_YEAR
        later = people["entry_years"].to_numpy(float) if "entry_years" in people.columns else np.zeros(len(people))
        entry = start + later * DAYS_PER_YEAR
    died = people["died"].to_numpy(float)
    found = pd.DataFrame({"diagnosis": start, "entry": entry, "exit": end, "died": died,
                          "margin": NOON if dated else DECIMAL_MARGIN}, index=people.index)
    if not np.isfinite(found.to_numpy()).all():
        raise _refused(where, "dates, times and died must be given for everybody",
                       "Fill the gaps, or leave the people out.")
    faults = {"nobody may leave before being diagnosed or before being watched": (end < start) | (end < entry),
              "died must be 0 or 1": ~np.isin(died, (0.0, 1.0))}
    wrong = [(words, np.flatnonzero(bad)) for words, bad in faults.items() if bad.any()]
    if wrong:
        raise EvidenceError([Problem("E-LIVES", where, words, "Correct the rows.", rows=tuple(int(r) + 2 for r in rows),
                                     n_rows=len(people)) for words, rows in wrong])
    return found


def known_alive(days: pd.DataFrame, moment: float) -> NDArray[np.bool_]:
    """Whether people diagnosed by a moment are known to live at it: followed to it or beyond, or died after it.

    Parameters
    ----------
    days : DataFrame
        From `lives`.
    moment : float
        End of an index date [days].
    """
    end, died = days["exit"].to_numpy(float), days["died"].to_numpy(float)
    reach = np.where(died == 1, 0.0, days["margin"].to_numpy(float)) + SECOND
    return np.asarray((days["diagnosis"].to_numpy(float) <= moment) & (end + reach >= moment), dtype=bool)


def index_days(dates: Sequence[datetime.date]) -> Floats:
    """Ends of index dates, in days."""
    wrong = [d for d in dates if not isinstance(d, datetime.date)]
    if wrong or not len(dates):
        raise _refused("index dates", "must be dates (datetime.date), at least one", "datetime.date(2024, 2, 29), say.")
    return np.array([end_of_day(d) for d in dates])


def _noon(dates: pd.Series) -> Floats:
    days = pd.to_datetime(dates).to_numpy().astype("datetime64[D]")
    count = (days - np.datetime64("0001-01-01", "D")).astype(float)
    return np.asarray(np.where(np.isnat(days), np.nan, count + NOON), dtype=float)


def _refused(where: str, requirement: str, remedy: str) -> EvidenceError:
    return EvidenceError(Problem("E-LIVES", where, requirement, remedy))
