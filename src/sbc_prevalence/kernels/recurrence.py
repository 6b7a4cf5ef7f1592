"""From net risks of distant recurrence to crude yearly probabilities of a first recurrence."""

import numpy as np
from numpy.typing import NDArray


def hazard_from_risk(risk: NDArray[np.float64], years: NDArray[np.float64]) -> NDArray[np.float64]:
    """Constant yearly hazard that gives a conditional risk over an interval: -log(1 - risk) / years."""
    return -np.log1p(-np.asarray(risk, dtype=float)) / np.asarray(years, dtype=float)


def crude_recurrence(
    net_hazard: NDArray[np.float64], other_cause: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Yearly crude probabilities of first distant recurrence, by calendar years since the primary.

    Death from other causes before recurrence competes. With G(u) the crude cumulative incidence and
    primaries uniform within their year, B(m) = integral of G(m + v) over v in [0, 1], and the result is
    g(m) = B(m) - B(m - 1) with B(-1) = 0: the year of the primary itself contributes. Hazards are constant
    within each year since the primary, so that the integrals are exact.

    Parameters
    ----------
    net_hazard : array, shape (..., n_lags)
        Net hazard of distant recurrence in year j since the primary [per year].
    other_cause : array, shape (..., n_lags)
        Hazard of death from other causes in the same year [per year]; broadcast against the first.

    Returns
    -------
    array, shape (..., n_lags)
        Entry m: probability of first recurrence in the calendar year m years after that of the primary.
    """
    h, o = np.broadcast_arrays(np.asarray(net_hazard, dtype=float), np.asarray(other_cause, dtype=float))
    total = h + o
    free_at_start = np.exp(-(np.cumsum(total, axis=-1) - total))
    left = -np.expm1(-total)
    ratio = np.divide(left, total, out=np.ones_like(total), where=total > 0)
    in_year = free_at_start * h * ratio
    mean_gap = np.divide(1.0 - ratio, total, out=np.full_like(total, 0.5), where=total > 1e-9)
    by_start = np.cumsum(in_year, axis=-1) - in_year
    mean_of_g = by_start + free_at_start * h * mean_gap
    return np.diff(mean_of_g, axis=-1, prepend=0.0)


def split_at(
    net_hazard: NDArray[np.float64], n_within: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Indicator arrays of the years within published follow-up and beyond it; shapes as `net_hazard`."""
    within = (np.arange(net_hazard.shape[-1]) < n_within).astype(float)
    return within, 1.0 - within


def crude_recurrence_in_parts(
    net_hazard: NDArray[np.float64], other_cause: NDArray[np.float64], n_within: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`crude_recurrence`, split into what published follow-up covers and what is extrapolated.

    Parameters
    ----------
    net_hazard, other_cause : arrays, shape (..., n_lags)
    n_within : int
        Years of published follow-up.

    Returns
    -------
    within, beyond : arrays, shape (..., n_lags)
        They sum to `crude_recurrence`.
    """
    within_mask, _ = split_at(np.asarray(net_hazard, dtype=float), n_within)
    total = crude_recurrence(net_hazard, other_cause)
    h, o = np.broadcast_arrays(np.asarray(net_hazard, dtype=float), np.asarray(other_cause, dtype=float))
    within = crude_recurrence(h * within_mask, o)
    return within, total - within


def interpolation_weight(years: NDArray[np.int64], earlier: float, later: float) -> NDArray[np.float64]:
    """Weight of the later of two published periods in each year: linear between their middles, flat outside."""
    return np.clip((np.asarray(years) + 0.5 - earlier) / (later - earlier), 0.0, 1.0)
