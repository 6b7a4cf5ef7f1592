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
