"""Ageing along the Lexis diagonal: from age at diagnosis to attained age of the living."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.errors import EvidenceError

Floats = NDArray[np.float64]


def ageing_matrix(starts: Sequence[float], n_durations: int) -> Floats:
    """Share of each age band at diagnosis that has reached each age band at a year's end.

    Ages at diagnosis are uniform within their band and diagnoses uniform within their year, so that someone
    diagnosed m calendar years before has had the disease for m to m + 1 years. The share is then exact: the
    sum of two uniform variables. Survival within one band and one year of diagnosis is taken as equal; use
    narrower bands where it is not. The last band is open, and nobody leaves it.

    Parameters
    ----------
    starts : sequence of float
        Starts of the age bands [years], ascending.
    n_durations : int
        Whole calendar years since diagnosis, m = 0, ..., n_durations - 1.

    Returns
    -------
    array, shape (n_bands, n_durations, n_bands)
        Age band at diagnosis, duration, attained age band; sums to 1 over the last axis.

    Raises
    ------
    EvidenceError
        If the starts do not ascend.
    """
    low = np.asarray(starts, dtype=float)
    if low.ndim != 1 or low.size == 0 or np.any(np.diff(low) <= 0):
        raise EvidenceError("age bands must ascend. Sort them by age and give each once.")
    m = np.arange(n_durations, dtype=float)
    ends = np.append(low[1:], np.inf)
    beyond = np.ones((low.size, n_durations, low.size + 1))
    beyond[..., -1] = 0.0
    for band, (start, end) in enumerate(zip(low[:-1], ends[:-1], strict=True)):
        reached = low[None, 1:] - m[:, None]
        below = (_ramp(reached - start) - _ramp(reached - end)) / (end - start)
        beyond[band, :, 1:-1] = 1.0 - below
    beyond[-1, :, :-1] = 1.0
    return beyond[..., :-1] - beyond[..., 1:]


def _ramp(z: Floats) -> Floats:
    """Integral of clip(w, 0, 1) over w up to z."""
    return np.where(z <= 0, 0.0, np.where(z < 1, 0.5 * z**2, z - 0.5))


def living_by_attained_age(living: Floats, starts: Sequence[float]) -> Floats:
    """The living by attained age, from the living by age at diagnosis.

    Parameters
    ----------
    living : array, shape (..., n_bands, n_years, n_durations)
        Persons alive at the end of year t who were diagnosed in year t - m, by age band at diagnosis.
    starts : sequence of float
        Starts of the age bands [years]; the same bands are used for attained age.

    Returns
    -------
    array, shape (..., n_bands, n_years, n_durations)
        The same persons by attained age band at the end of year t. Sums over bands are unchanged.

    Raises
    ------
    EvidenceError
        If the number of bands differs from the axis.
    """
    living = np.asarray(living, dtype=float)
    if living.ndim < 3 or living.shape[-3] != len(starts):
        raise EvidenceError(
            f"{len(starts)} age bands are given; the living must have as many on their third axis from the end.")
    return np.einsum("...atm,amb->...btm", living, ageing_matrix(starts, living.shape[-1]))


def bands_after(weights: Floats, starts: Sequence[int], n_durations: int) -> Floats:
    """Share of people in each band after they have grown older by whole years.

    Parameters
    ----------
    weights : array, shape (..., n_ages)
        Share of people at each single year of age at diagnosis, in any group of them.
    starts : sequence of int
        First ages of the attained bands, the first 0, the last open.
    n_durations : int

    Returns
    -------
    array, shape (..., n_durations + 2, n_bands)
        After 0, 1, ..., n_durations + 1 whole years; sums to 1 over the last axis.
    """
    weights = np.asarray(weights, dtype=float)
    reached = np.arange(weights.shape[-1])[:, None] + np.arange(n_durations + 2)[None, :]
    band = np.searchsorted(np.asarray(starts), reached, side="right") - 1
    member = (band[..., None] == np.arange(len(starts))).astype(float)
    return np.einsum("...x,xob->...ob", weights / weights.sum(-1, keepdims=True), member)


def living_at_year_end(after: Floats) -> Floats:
    """Attained bands of those diagnosed m calendar years before the end of a year, m = 0, 1, ...

    Someone of completed age x at diagnosis is x + m or x + m + 1 by then, each with probability 1/2: ages are
    uniform within their single year, and diagnoses within theirs. Deaths do not choose within one group.

    Parameters
    ----------
    after : array, shape (..., n_durations + 2, n_bands)
        From `bands_after`.

    Returns
    -------
    array, shape (..., n_durations, n_bands)
    """
    return 0.5 * (after[..., :-2, :] + after[..., 1:-1, :])


def dying_in_year(after: Floats) -> Floats:
    """Attained bands at death of those who die in the m-th calendar year after that of diagnosis.

    Deaths are uniform within their year. The completed age at death is that at diagnosis plus m - 1, m or m + 1 with
    probabilities 1/6, 2/3 and 1/6; in the year of diagnosis itself, in which death follows diagnosis, plus 0 or 1
    with 2/3 and 1/3. Arguments and shapes as in `living_at_year_end`.
    """
    first = (2.0 * after[..., :1, :] + after[..., 1:2, :]) / 3.0
    later = (after[..., :-3, :] + 4.0 * after[..., 1:-2, :] + after[..., 2:-1, :]) / 6.0
    return np.concatenate([first, later], axis=-2)


def living_inside_year(after: Floats, fraction: float) -> tuple[Floats, Floats]:
    """Attained bands on a date inside a year, of those diagnosed m calendar years before that year.

    Parameters
    ----------
    after : array, shape (..., n_durations + 2, n_bands)
        From `bands_after`.
    fraction : float
        Share of the year gone at the end of the date, in (0, 1].

    Returns
    -------
    early, late : arrays, shape (..., n_durations, n_bands)
        Of those who have had the disease for m to m + fraction years, and for m - 1 + fraction to m years (of
        nobody at m = 0).
    """
    now, next_age = after[..., :-2, :], after[..., 1:-1, :]
    early = (1.0 - 0.5 * fraction) * now + 0.5 * fraction * next_age
    before = np.concatenate([now[..., :1, :], now[..., :-1, :]], axis=-2)
    late = 0.5 * (1.0 - fraction) * before + 0.5 * (1.0 + fraction) * now
    return early, late
