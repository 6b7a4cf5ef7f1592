"""Cumulative hazards between whole years since diagnosis, where each year has a factor of its own."""

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace

Floats = NDArray[np.float64]


def year_of(u: Floats, n: int) -> NDArray[np.int64]:
    """Year since diagnosis, from 0, that a duration ends in: a whole number of years ends the year before it."""
    return np.clip(np.ceil(np.asarray(u, dtype=float)).astype(np.int64) - 1, 0, n - 1)


def at_own_duration(u: Floats, at_u: Array, at_years: Array, factor: Array, n_years: int) -> Array:
    """Cumulative hazard of rows that have one duration and one sequence of factors each.

    Parameters
    ----------
    u : array, shape (n,)
        Durations [years].
    at_u : array, shape (..., n)
        Cumulative hazard at them, all factors 1.
    at_years : array, shape (..., n_years + 1)
        The same at whole years 0, 1, ..., n_years.
    factor : array, shape (..., n, n_years)
        Factor of the hazard in each year since diagnosis; the last holds beyond.
    n_years : int

    Returns
    -------
    array, shape (..., n)
    """
    year = year_of(u, n_years)
    before = (np.arange(n_years) < year[:, None]).astype(float)
    growth = (at_years[..., 1 : n_years + 1] - at_years[..., :n_years])[..., None, :]
    last = np.eye(n_years)[year]
    return (factor * before * growth).sum(-1) + (factor * last).sum(-1) * (at_u - at_years[..., year])


def at_every_duration(
    u: Floats,
    at_u: Array,
    at_years: Array,
    factor: Array,
    floor_u: Array,
    floor_years: Array,
    n_years: int,
    xp: Namespace = NUMPY,
) -> Array:
    """Cumulative hazard of groups at the same durations, never growing less in a year than a floor does.

    The rule is that of `survivorship.survivorship_from_hazards`: the floor holds for each whole year since diagnosis and
    for each part of a year counted from its start.

    Parameters
    ----------
    u : array, shape (n,)
    at_u : array, shape (..., n)
        Cumulative hazard at them, all factors 1.
    at_years : array, shape (..., n_years + 1)
    factor : array, shape (..., n_presentations, n_groups, n_years)
        Factor of the hazard in each year since diagnosis.
    floor_u : array, shape (..., n_presentations, n)
        Cumulative hazard from other causes at the durations.
    floor_years : array, shape (..., n_presentations, n_years + 1)
    n_years : int

    Returns
    -------
    array, shape (..., n_presentations, n_groups, n)
    """
    year = year_of(u, n_years)
    growth = xp.maximum(
        (at_years[..., 1:] - at_years[..., :-1])[..., None, None, :] * factor,
        (floor_years[..., 1:] - floor_years[..., :-1])[..., None, :],
    )
    before = xp.cumsum(growth, axis=-1) - growth
    within = xp.maximum(
        (at_u - at_years[..., year])[..., None, None, :] * factor[..., year],
        (floor_u - floor_years[..., year])[..., None, :],
    )
    return before[..., year] + within
