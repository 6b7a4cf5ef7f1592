"""Survivorship A[s](m): from cumulative hazards to the share of a year's diagnoses alive at a year's end."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.kernels.quadrature import LATER_YEAR_NODES, first_year_nodes, unit_nodes

FIRST_NODES, FIRST_WEIGHTS = first_year_nodes()
LATER_NODES, LATER_WEIGHTS = unit_nodes(LATER_YEAR_NODES)

SurvivalFunction = Callable[[NDArray[np.float64]], NDArray[np.float64]]

WITHIN_INTERVAL = ("uniform", "start", "end")


def survivorship(
    survival: SurvivalFunction, n_durations: int, *, within_interval: str = "uniform"
) -> NDArray[np.float64]:
    """Share of a year's diagnoses alive at the end of the same and of each later year.

    A(m) = integral of S(m + v) over v in [0, 1]: diagnoses are spread evenly over their year.

    Parameters
    ----------
    survival : callable
        All-cause survival S(u) of years since diagnosis; maps shape (n,) to (..., n).
        Must not be relative or net survival.
    n_durations : int
        Number of years m = 0, ..., n_durations - 1.
    within_interval : {"uniform", "start", "end"}
        Where in the year diagnoses happen; "start" and "end" bound the answer.

    Returns
    -------
    array, shape (..., n_durations)

    Raises
    ------
    EvidenceError
        If survival is not within [0, 1], is not 1 at 0, or rises.
    """
    if within_interval not in WITHIN_INTERVAL:
        raise EvidenceError(
            f"within_interval must be one of {', '.join(WITHIN_INTERVAL)}. Choose one of them."
        )
    years = np.arange(n_durations, dtype=float)
    grid = np.asarray(survival(np.arange(n_durations + 1, dtype=float)))
    check_survival(grid)
    if within_interval == "start":
        return grid[..., 1:]
    if within_interval == "end":
        return grid[..., :-1]
    first = np.asarray(survival(FIRST_NODES)) @ FIRST_WEIGHTS
    if n_durations == 1:
        return first[..., None]
    nodes, weights = unit_nodes(8)
    u = (years[1:, None] + nodes).ravel()
    values = np.asarray(survival(u))
    later = values.reshape(*values.shape[:-1], n_durations - 1, nodes.size) @ weights
    return np.concatenate([first[..., None], later], axis=-1)


def survivorship_at(survival: SurvivalFunction, n_durations: int, fraction: float) -> NDArray[np.float64]:
    """Share of each year's diagnoses alive at an index date inside a year.

    Parameters
    ----------
    survival : callable
        As in `survivorship`.
    n_durations : int
        Years of diagnosis, the year of the index date included.
    fraction : float
        Share of the year gone at the end of the index date, in (0, 1].

    Returns
    -------
    array, shape (..., n_durations)
        Entry m is for diagnoses m calendar years before the year of the index date. Entry 0 counts only
        the diagnoses up to the index date: it is the integral of S from 0 to `fraction`.
    """
    if not 0.0 < fraction <= 1.0:
        raise EvidenceError("fraction must lie in (0, 1]. Use grid.year_fraction(date).")
    check_survival(np.asarray(survival(np.arange(n_durations + 1, dtype=float))))
    start = np.asarray(survival(fraction * FIRST_NODES)) @ (fraction * FIRST_WEIGHTS)
    pieces = [start]
    if n_durations > 1:
        full = survivorship(survival, n_durations)
        nodes, weights = unit_nodes(8)
        u = (np.arange(1, n_durations, dtype=float)[:, None] + fraction * nodes).ravel()
        values = np.asarray(survival(u))
        heads = values.reshape(*values.shape[:-1], n_durations - 1, nodes.size) @ (fraction * weights)
        heads = np.concatenate([start[..., None], heads], axis=-1)
        later = full[..., :-1] - heads[..., :-1] + heads[..., 1:]
        return np.concatenate([start[..., None], later], axis=-1)
    return np.stack(pieces, axis=-1)


def check_survival(values: NDArray[np.float64]) -> None:
    """Refuse what cannot be all-cause survival on a grid of durations that starts at 0.

    Parameters
    ----------
    values : array, shape (..., n_durations)

    Raises
    ------
    EvidenceError
        If a value leaves [0, 1], is not finite, is not 1 at duration 0, or rises with duration.
    """
    if not np.all(np.isfinite(values)):
        raise EvidenceError("survival must be finite. Check the parameters of the curve.")
    if np.any(values < 0) or np.any(values > 1 + 1e-12):
        raise EvidenceError("survival must lie between 0 and 1. Is it in percent?")
    if not np.allclose(values[..., 0], 1.0, atol=1e-9):
        raise EvidenceError(
            "survival must be 1 at duration 0. Is the column a hazard, or does it start later?"
        )
    if np.any(np.diff(values, axis=-1) > 1e-9):
        raise EvidenceError("survival must not rise with duration. Is the column a hazard?")


def survivorship_from_hazards(
    first: Array,
    starts: Array,
    later: Array,
    factor: Array,
    floor_first: Array,
    floor_starts: Array,
    floor_later: Array,
    xp: Namespace = NUMPY,
) -> Array:
    """Survivorship by diagnosis year under a hazard trend and a floor of other-cause mortality.

    In every year since diagnosis the cumulative hazard grows by the family's growth times `factor`,
    and never by less than other-cause mortality at the attained age. The floor holds for each whole
    year and for each part of a year counted from its start.

    Parameters
    ----------
    first : array, shape (..., n_first)
        Family's cumulative hazard at the nodes of the first year (`FIRST_NODES`).
    starts : array, shape (..., n_durations + 1)
        Family's cumulative hazard at whole years 0, 1, ..., n_durations.
    later : array, shape (..., n_durations - 1, n_later)
        Family's cumulative hazard at m + `LATER_NODES`, m = 1, 2, ...
    factor : array, shape (..., n_years, n_durations)
        Hazard multiplier by diagnosis year and year since diagnosis.
    floor_first, floor_starts, floor_later : arrays
        The same three for other-cause mortality, broadcastable.

    Returns
    -------
    array, shape (..., n_years, n_durations)
    """
    growth = xp.maximum(
        (starts[..., 1:] - starts[..., :-1])[..., None, :] * factor,
        (floor_starts[..., 1:] - floor_starts[..., :-1])[..., None, :],
    )
    at_start = xp.exp(-(xp.cumsum(growth, axis=-1) - growth))
    head = xp.maximum(first[..., None, :] * factor[..., :1], floor_first[..., None, :])
    in_first = (xp.exp(-head) * FIRST_WEIGHTS).sum(-1)[..., None]
    within = xp.maximum(
        (later - starts[..., 1:-1, None])[..., None, :, :] * factor[..., 1:, None],
        (floor_later - floor_starts[..., 1:-1, None])[..., None, :, :],
    )
    in_later = (xp.exp(-within) * LATER_WEIGHTS).sum(-1)
    return at_start * xp.concatenate([in_first, in_later], axis=-1)


def survival_at_nodes(
    first: Array,
    starts: Array,
    later: Array,
    factor: Array,
    floor_first: Array,
    floor_starts: Array,
    floor_later: Array,
    xp: Namespace = NUMPY,
) -> tuple[Array, Array]:
    """Survival at the nodes over which `survivorship_from_hazards` integrates; parameters as there.

    Returns
    -------
    first : array, shape (..., n_years, n_first)
        S at `FIRST_NODES`.
    later : array, shape (..., n_years, n_durations - 1, n_later)
        S at m + `LATER_NODES`, m = 1, 2, ...
    """
    growth = xp.maximum(
        (starts[..., 1:] - starts[..., :-1])[..., None, :] * factor,
        (floor_starts[..., 1:] - floor_starts[..., :-1])[..., None, :],
    )
    at_start = xp.exp(-(xp.cumsum(growth, axis=-1) - growth))
    head = xp.maximum(first[..., None, :] * factor[..., :1], floor_first[..., None, :])
    within = xp.maximum(
        (later - starts[..., 1:-1, None])[..., None, :, :] * factor[..., 1:, None],
        (floor_later - floor_starts[..., 1:-1, None])[..., None, :, :],
    )
    return xp.exp(-head), at_start[..., 1:, None] * xp.exp(-within)
