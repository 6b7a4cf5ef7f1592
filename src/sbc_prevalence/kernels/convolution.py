"""Living and deaths from incidence and survivorship: one matrix product, never a loop."""

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace


def diagonal_index(n_years: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Index that lays survivorship by duration onto the grid of diagnosis year x calendar year.

    Returns
    -------
    index : int array, shape (n_years, n_years)
        Duration t - s where t >= s, else 0.
    mask : array, shape (n_years, n_years)
        1 where t >= s, else 0.
    """
    lag = np.arange(n_years)[None, :] - np.arange(n_years)[:, None]
    return np.maximum(lag, 0), (lag >= 0).astype(float)


def alive_on_grid(survivorship: Array, n_years: int) -> Array:
    """Survivorship A[s](t - s) on the grid of diagnosis year s x calendar year t.

    Parameters
    ----------
    survivorship : array, shape (..., n_years, n_durations)
        ``n_durations == n_years``.
    n_years : int

    Returns
    -------
    array, shape (..., n_years, n_years)
        Zero where t < s.
    """
    index, mask = diagonal_index(n_years)
    return survivorship[..., np.arange(n_years)[:, None], index] * mask


def dying_on_grid(alive: Array, n_years: int, xp: Namespace = NUMPY) -> Array:
    """Share of year-s diagnoses that die in year t: A[s](t - s - 1) - A[s](t - s), with A(-1) = 1.

    Parameters
    ----------
    alive : array, shape (..., n_years, n_years)
        From `alive_on_grid`.
    """
    before = xp.concatenate([xp.zeros_like(alive[..., :1]), alive[..., :-1]], axis=-1) + np.eye(n_years)
    return before - alive


def living(incidence: Array, alive: Array) -> Array:
    """Persons alive at the end of each year, all durations together (limited by the grid).

    Parameters
    ----------
    incidence : array, shape (..., n_areas, n_years)
        True new diagnoses [persons / year].
    alive : array, shape (..., n_years, n_years)
        From `alive_on_grid`; shared by the areas.

    Returns
    -------
    array, shape (..., n_areas, n_years)
    """
    return incidence @ alive


def deaths(incidence: Array, dying: Array) -> Array:
    """All-cause deaths during each year of people with metastatic disease; shapes as in `living`."""
    return incidence @ dying


def _same_years(incidence: NDArray[np.float64], survivorship: NDArray[np.float64]) -> None:
    if survivorship.ndim >= 2 and survivorship.shape[-2] not in (1, incidence.shape[-1]):
        raise EvidenceError(
            f"incidence has {incidence.shape[-1]} years, survivorship {survivorship.shape[-2]}. "
            "Give survivorship for every diagnosis year, or one row for all."
        )


def living_by_duration(
    incidence: NDArray[np.float64], survivorship: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Persons alive at the end of each year, by time since diagnosis.

    Lays true incidence along the diagonals of the Lexis diagram. Deterministic: no count noise is added.

    Parameters
    ----------
    incidence : array, shape (..., n_years)
        True new diagnoses [persons / year], registered or not. A year is the whole calendar year.
    survivorship : array, shape (..., n_years, n_durations)
        Share of year-s diagnoses alive at the end of year s + m, all-cause, diagnoses uniform within the
        year (`survivorship`). Must not be relative or net survival. One row serves all years.

    Returns
    -------
    array, shape (..., n_years, n_durations)
        Living persons at 31 December of year t whose diagnosis was in year t - m; sums over durations to
        complete prevalence if the durations cover the whole history.

    Raises
    ------
    EvidenceError
        If survivorship rises with duration, leaves [0, 1], or its years differ from incidence.

    References
    ----------
    Verdecchia et al. (1989), Statistics in Medicine 8, 201-216.
    """
    incidence = np.asarray(incidence, dtype=float)
    survivorship = np.asarray(survivorship, dtype=float)
    _same_years(incidence, survivorship)
    if np.any(survivorship < 0) or np.any(survivorship > 1 + 1e-12):
        raise EvidenceError("survivorship must lie between 0 and 1. Is it in percent?")
    if np.any(np.diff(survivorship, axis=-1) > 1e-9):
        raise EvidenceError("survivorship must not rise with duration. Is the column a hazard?")
    n_years, n_durations = incidence.shape[-1], survivorship.shape[-1]
    year_of_diagnosis = np.arange(n_years)[:, None] - np.arange(n_durations)[None, :]
    inside = year_of_diagnosis >= 0
    rows = np.maximum(year_of_diagnosis, 0)
    columns = np.broadcast_to(np.arange(n_durations), rows.shape)
    if survivorship.shape[-2:-1] == (1,) or survivorship.ndim == 1:
        share = (
            survivorship.reshape(*survivorship.shape[:-2], n_durations)[..., None, :]
            if survivorship.ndim > 1
            else survivorship[None, :]
        )
    else:
        share = survivorship[..., rows, columns]
    return np.where(inside, incidence[..., rows] * share, 0.0)


def deaths_by_year(incidence: NDArray[np.float64], survivorship: NDArray[np.float64]) -> NDArray[np.float64]:
    """All-cause deaths during each year; arguments as in `living_by_duration`.

    Returns
    -------
    array, shape (..., n_years)
        I(t) + N(t - 1) - N(t), cohort by cohort, so that the balance holds exactly.
    """
    alive = living_by_duration(incidence, survivorship).sum(-1)
    before = np.concatenate([np.zeros_like(alive[..., :1]), alive[..., :-1]], axis=-1)
    survivorship = np.asarray(survivorship, dtype=float)
    beyond = _leaving_the_grid(np.asarray(incidence, dtype=float), survivorship)
    return np.asarray(incidence, dtype=float) + before - alive - beyond


def _leaving_the_grid(
    incidence: NDArray[np.float64], survivorship: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Living people who pass beyond the last duration: they leave the table, they do not die."""
    n_years, n_durations = incidence.shape[-1], survivorship.shape[-1]
    last = living_by_duration(incidence, survivorship)[..., -1]
    if n_durations >= n_years:
        return np.zeros_like(last)
    return np.concatenate([np.zeros_like(last[..., :1]), last[..., :-1]], axis=-1)


def incidence_from_deaths(
    deaths: NDArray[np.float64], survivorship: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Incidence that reproduces yearly deaths exactly: back-calculation without smoothing.

    Solves the triangular system of `deaths_by_year`. Ill-posed: noise in deaths is amplified. It is here
    as a check and a warning, not as an estimator.

    Parameters
    ----------
    deaths : array, shape (n_years,)
    survivorship : array, shape (n_durations,), n_durations >= n_years

    Returns
    -------
    array, shape (n_years,)
    """
    deaths = np.asarray(deaths, dtype=float)
    n = deaths.size
    alive = alive_on_grid(np.broadcast_to(np.asarray(survivorship, dtype=float)[:n], (n, n)), n)
    return np.asarray(np.linalg.solve(dying_on_grid(alive, n).T, deaths))


def band_matrix(n_durations: int, edges: tuple[int, ...]) -> NDArray[np.float64]:
    """Matrix that sums whole years since diagnosis into duration bands.

    A person diagnosed in year t - m and alive at the end of year t has had the disease for m to m + 1
    years. Band [from, to) therefore takes m = from, ..., to - 1; the last band is open.

    Returns
    -------
    array, shape (n_durations, n_bands)
    """
    m = np.arange(n_durations)
    band = np.searchsorted(np.asarray(edges), m, side="right") - 1
    return (band[:, None] == np.arange(len(edges))[None, :]).astype(float)
