"""Mortality from causes other than breast cancer, by single year of age and calendar year.

Hazards are piecewise constant over single years of attained age; beyond the last age the last one holds.
Where no life table of the population exists, the shape of another one is scaled until its life expectancy
at birth is the published one (proportional hazards, a declared assumption), and breast-cancer deaths are
taken out.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from sbc_prevalence.errors import DataError, Problem

Array = NDArray[np.float64]
FLOOR_SHARE = 0.2
"""Other causes are never less than this share of all-cause mortality at any age."""


def hazard_from_qx(qx: ArrayLike) -> Array:
    """Yearly hazard from the probability of dying within the year of age, ``-log(1 - qx)``.

    Parameters
    ----------
    qx : array, shape (..., n_ages)
        Probabilities in [0, 1).
    """
    return np.asarray(-np.log1p(-np.asarray(qx, dtype=float)))


def life_expectancy(hazard: ArrayLike) -> NDArray[np.float64]:
    """Life expectancy at birth [years] under piecewise-constant hazards.

    Parameters
    ----------
    hazard : array, shape (..., n_ages)
        Yearly hazards at ages 0, 1, ...; positive. The last one holds at all later ages.

    Returns
    -------
    array, shape (...)
    """
    h = np.asarray(hazard, dtype=float)
    total = np.cumsum(h, axis=-1)
    alive = np.exp(-np.concatenate([np.zeros_like(total[..., :1]), total], axis=-1))
    within = -np.expm1(-h) / h
    return np.asarray((alive[..., :-1] * within).sum(axis=-1) + alive[..., -1] / h[..., -1])


def scale_to_life_expectancy(shape: ArrayLike, target: float) -> Array:
    """Multiply a hazard shape by the one number that gives a life expectancy at birth.

    Parameters
    ----------
    shape : array, shape (n_ages,)
        Yearly hazards.
    target : float
        Life expectancy at birth [years].

    Raises
    ------
    DataError
        If no multiplier between 0.05 and 20 gives the target.
    """
    base = np.asarray(shape, dtype=float)

    def gap(log_multiplier: float) -> float:
        return float(life_expectancy(base * np.exp(log_multiplier))) - target

    low, high = np.log(0.05), np.log(20.0)
    if not gap(low) > 0 > gap(high):
        raise DataError(Problem(
            "E-LIFE-TABLE", "life table", "no multiple of this table gives the life expectancy asked for",
            "Check that the life expectancy is in years, at birth."))
    return base * np.exp(float(brentq(gap, low, high, xtol=1e-12)))


def other_cause_table(
    shape: ArrayLike, expectancy: "pd.Series[float]", cause_rates: pd.DataFrame, years: ArrayLike,
) -> pd.DataFrame:
    """All-cause hazards scaled year by year to a life expectancy, minus one cause.

    Parameters
    ----------
    shape : array, shape (n_ages,)
        All-cause yearly hazards by single age, whose shape is used and whose level is not.
    expectancy : Series
        Life expectancy at birth [years], indexed by calendar year.
    cause_rates : DataFrame
        Death rates from the cause [per person-year]; index calendar year, columns single ages 0..n_ages-1.
    years : array of int
        Calendar years wanted. A year outside an input takes that input's nearest year.

    Returns
    -------
    DataFrame
        Columns ``age``, ``year``, ``hazard``, ``all_cause_hazard``; sorted by year and age. The hazard is
        never below ``FLOOR_SHARE`` of all causes.
    """
    base = np.asarray(shape, dtype=float)
    ages = np.arange(base.size)
    frames = []
    for year in np.asarray(years, dtype=int):
        everything = scale_to_life_expectancy(base, float(expectancy.loc[_nearest(expectancy.index, year)]))
        cause = cause_rates.loc[_nearest(cause_rates.index, year)].to_numpy(dtype=float)
        other = np.maximum(everything - cause, FLOOR_SHARE * everything)
        frames.append(pd.DataFrame(
            {"age": ages, "year": int(year), "hazard": other, "all_cause_hazard": everything}))
    return pd.concat(frames, ignore_index=True)


def rates_by_single_age(
    deaths: pd.DataFrame, population: pd.DataFrame, bands: dict[str, tuple[int, int]], window: int = 5,
) -> pd.DataFrame:
    """Death rates pooled over a moving window of years, spread evenly over the single ages of each band.

    Parameters
    ----------
    deaths, population : DataFrame
        Index calendar year, columns age bands; the years in both are used.
    bands : dict of str to (int, int)
        First and last single age of each band.
    window : int
        Number of years pooled, centred; at both ends the window moves inwards and keeps its width.

    Returns
    -------
    DataFrame
        Index calendar year, columns single ages, deaths per person-year.
    """
    years = sorted(set(deaths.index) & set(population.index))
    rows = {}
    for position, year in enumerate(years):
        start = min(max(position - window // 2, 0), max(len(years) - window, 0))
        pooled = years[start:start + window]
        rate = deaths.loc[pooled].sum() / population.loc[pooled].sum()
        rows[year] = {age: float(rate[band]) for band, (low, high) in bands.items()
                      for age in range(low, high + 1)}
    return pd.DataFrame.from_dict(rows, orient="index").sort_index(axis=1)


def other_cause_hazard(frame: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
    """Arrays from a tidy other-cause table.

    Parameters
    ----------
    frame : DataFrame
        Columns ``age``, ``year``, ``hazard`` (numbers or texts), one row per age and year.

    Returns
    -------
    ages : array of int, shape (n_ages,)
    years : array of int, shape (n_years,)
    hazard : array, shape (n_years, n_ages)
        Yearly hazard; rows are years.

    Raises
    ------
    DataError
        If ages do not run 0, 1, 2, ..., a year is skipped, an age and year is missing or repeated, or a
        hazard is not a positive finite number.
    """
    where, problems = "other_cause_mortality", []
    numbers = frame[["age", "year", "hazard"]].apply(pd.to_numeric, errors="coerce")
    bad = numbers.isna().any(axis=1) | ~np.isfinite(numbers["hazard"]) | (numbers["hazard"] <= 0)
    if bad.any():
        problems.append(Problem(
            "E-LIFE-TABLE", where, "age, year and hazard must be numbers, and hazards positive",
            "Correct the rows.", rows=tuple(int(i) + 2 for i in np.flatnonzero(bad)), n_rows=len(frame)))
    repeated = numbers.duplicated(["age", "year"])
    if repeated.any():
        problems.append(Problem(
            "E-DUPLICATE", where, "each age and year may occur once", "Remove the repeated rows.",
            rows=tuple(int(i) + 2 for i in np.flatnonzero(repeated)), n_rows=len(frame)))
    if problems:
        raise DataError(problems)
    grid = numbers.pivot(index="year", columns="age", values="hazard").sort_index().sort_index(axis=1)
    ages, years = grid.columns.to_numpy(dtype=np.int64), grid.index.to_numpy(dtype=np.int64)
    if not np.array_equal(ages, np.arange(ages.size)) or grid.isna().to_numpy().any():
        raise DataError(Problem(
            "E-LIFE-TABLE", where, "every year must hold every single age from 0 upwards",
            "Add the missing rows."))
    if not np.array_equal(years, np.arange(years[0], years[0] + years.size)):
        raise DataError(Problem("E-GAP", where, "years must follow one another", "Add the missing years."))
    return ages, years, grid.to_numpy(dtype=float)


def cumulative_hazard(hazard: ArrayLike, ages: ArrayLike) -> Array:
    """Hazard summed from birth to exact ages.

    Parameters
    ----------
    hazard : array, shape (..., n_ages)
        Piecewise-constant yearly hazards at ages 0, 1, ...; the last one holds beyond.
    ages : array, any shape
        Exact ages [years], 0 or more.

    Returns
    -------
    array, shape (..., *ages.shape)
    """
    h, x = np.asarray(hazard, dtype=float), np.asarray(ages, dtype=float)
    start = np.concatenate([np.zeros_like(h[..., :1]), np.cumsum(h, axis=-1)[..., :-1]], axis=-1)
    whole = np.minimum(np.floor(x).astype(int), h.shape[-1] - 1)
    return np.asarray(start[..., whole] + h[..., whole] * (x - whole))


def expected_survival(
    hazard: ArrayLike, ages: ArrayLike, age_weights: ArrayLike, durations: ArrayLike,
) -> Array:
    """Share of a mixture of ages still alive after given times: expected survival without the disease.

    ``sum_i w_i exp(-[H(a_i + u) - H(a_i)])``, everyone ageing with time; the old die first, so that the
    hazard of the mixture grows less than that of one person.

    Parameters
    ----------
    hazard : array, shape (..., n_ages)
        Piecewise-constant yearly hazards at attained ages 0, 1, ...; leading axes are kept (years, draws).
    ages : array, shape (n,)
        Exact ages at the start [years]; for a band take its middle, e.g. 52.5 for 50-54.
    age_weights : array, shape (n,)
        Weights of these ages, not negative; they are divided by their sum.
    durations : array, shape (m,)
        Times since the start [years].

    Returns
    -------
    array, shape (..., m)
        Survival, 1 at duration 0.

    Raises
    ------
    ValueError
        If weights are negative or sum to 0, or an age or duration is negative.
    """
    alive, _, weights = _mixture(hazard, ages, age_weights, durations)
    return np.asarray(np.einsum("...nm,n->...m", alive, weights))


def expected_hazard(
    hazard: ArrayLike, ages: ArrayLike, age_weights: ArrayLike, durations: ArrayLike,
) -> Array:
    """Hazard of the survivors of a mixture of ages, same arguments as :func:`expected_survival`.

    This is the floor below which all-cause mortality after a metastatic diagnosis never falls.

    Returns
    -------
    array, shape (..., m)
        Yearly hazard among those still alive.
    """
    alive, attained, weights = _mixture(hazard, ages, age_weights, durations)
    h = np.asarray(hazard, dtype=float)
    now = h[..., np.minimum(np.floor(attained).astype(int), h.shape[-1] - 1)]
    dying = np.einsum("...nm,...nm,n->...m", alive, now, weights)
    return np.asarray(dying / np.einsum("...nm,n->...m", alive, weights))


def _mixture(
    hazard: ArrayLike, ages: ArrayLike, age_weights: ArrayLike, durations: ArrayLike,
) -> tuple[Array, Array, Array]:
    a, w, u = (np.atleast_1d(np.asarray(x, dtype=float)) for x in (ages, age_weights, durations))
    if a.shape != w.shape or a.ndim != 1 or u.ndim != 1:
        raise ValueError("ages and age_weights must be of one length, and durations have one axis")
    if (w < 0).any() or not w.sum() > 0 or (a < 0).any() or (u < 0).any():
        raise ValueError("ages, weights and durations must not be negative, nor all weights 0")
    attained = a[:, None] + u[None, :]
    since = cumulative_hazard(hazard, attained) - cumulative_hazard(hazard, a)[..., None]
    return np.exp(-since), attained, w / w.sum()


def _nearest(index: Any, year: int) -> int:
    return int(min(max(int(year), int(min(index))), int(max(index))))
