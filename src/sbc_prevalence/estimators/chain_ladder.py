"""The chain ladder with Mack's standard errors: what a reporting triangle says by itself, without a model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sbc_prevalence.errors import EvidenceError, Problem

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ChainLadder:
    """What a triangle of cumulative counts develops into. n_rows diagnosis years, n_lags report lags.

    Parameters
    ----------
    factors : array, shape (n_lags - 1,)
        Development factors: count at lag j + 1 over count at lag j.
    latest : array, shape (n_rows,)
        Latest count of each diagnosis year [persons].
    ultimate : array, shape (n_rows,)
        Count at the last lag. Nothing is said of what comes after it.
    standard_error : array, shape (n_rows,)
        Mack's standard error of `ultimate` (process and estimation).
    total_standard_error : float
        The same of their sum; the diagnosis years share the estimated factors.
    """

    factors: Floats
    latest: Floats
    ultimate: Floats
    standard_error: Floats
    total_standard_error: float

    @property
    def still_to_come(self) -> Floats:
        """Counts still to arrive, shape (n_rows,) ("incurred but not reported")."""
        return self.ultimate - self.latest

    @property
    def total_still_to_come(self) -> float:
        """Counts still to arrive, all diagnosis years together."""
        return float(self.still_to_come.sum())

    @property
    def share_arrived(self) -> Floats:
        """Share of the last lag's count that has arrived at each lag, shape (n_lags,); above 1 before removals."""
        return np.append(1.0 / np.cumprod(self.factors[::-1])[::-1], 1.0)


def chain_ladder(triangle: ArrayLike) -> ChainLadder:
    """Chain-ladder development of a reporting triangle, with Mack's distribution-free standard errors.

    Parameters
    ----------
    triangle : array, shape (n_rows, n_lags)
        Cumulative counts by diagnosis year and report lag; NaN where the future begins, and nowhere before it.
        Counts may fall from one lag to the next (removals). Every lag but the last has been seen in two years.

    Returns
    -------
    ChainLadder

    Raises
    ------
    EvidenceError
        If a count is missing inside the triangle, is negative, or a lag has no count to develop from.

    References
    ----------
    Mack (1993), ASTIN Bulletin 23, 213-225; the variance of the last factor as in his equation for sigma_{I-1}.
    """
    counts = np.array(triangle, dtype=float)
    last = _last_lags(counts)
    n_rows, n_lags = counts.shape
    factors, variances, weights = _development(counts)
    full = counts.copy()
    for j in range(n_lags - 1):
        full[:, j + 1] = np.where(last > j, full[:, j + 1], full[:, j] * factors[j])
    relative = variances / factors**2
    ahead = np.arange(n_lags - 1)[None, :] >= last[:, None]
    with np.errstate(divide="ignore"):
        own = np.where(ahead, relative * (1.0 / full[:, :-1] + 1.0 / weights), 0.0).sum(1)
    ultimate = full[:, -1]
    squared = ultimate**2 * own
    shared = np.where(ahead, 2.0 * relative / weights, 0.0).sum(1)
    later = np.array([ultimate[(last < last[i]) | ((last == last[i]) & (np.arange(n_rows) > i))].sum()
                      for i in range(n_rows)])
    total = float(np.sqrt((squared + ultimate * later * shared).sum()))
    return ChainLadder(factors, counts[np.arange(n_rows), last], ultimate, np.sqrt(squared), total)


def _last_lags(counts: Floats) -> NDArray[np.int64]:
    """Position of the latest count of each row."""
    if counts.ndim != 2 or min(counts.shape) < 2:
        raise EvidenceError(Problem("E-TRIANGLE", "triangle", "a triangle has two rows and two lags at least",
                                    "Give cumulative counts by diagnosis year and report lag."))
    seen = np.isfinite(counts)
    last = seen.sum(1) - 1
    broken = np.flatnonzero((last < 0) | (seen != (np.arange(counts.shape[1]) <= last[:, None])).any(1))
    if broken.size:
        raise EvidenceError(Problem(
            "E-TRIANGLE-GAP", "triangle", "counts of a diagnosis year must follow each other from the first lag on",
            "Add the missing counts, or leave the diagnosis year out.",
            detail=f"years with gaps: number {', '.join(str(i + 1) for i in broken[:8])}"))
    if (counts[seen] < 0).any():
        raise EvidenceError(Problem("E-NEGATIVE", "triangle", "cumulative counts must not be negative",
                                    "Are these increments? Sum them over the lags first."))
    return last


def _development(counts: Floats) -> tuple[Floats, Floats, Floats]:
    """Factors, Mack's sigma^2 and the sums of counts that each factor rests on; each of shape (n_lags - 1,)."""
    before, after = counts[:, :-1], counts[:, 1:]
    both = np.isfinite(after)
    weights = np.where(both, before, 0.0).sum(0)
    if (weights <= 0).any():
        raise EvidenceError(Problem("E-TRIANGLE", "triangle", "each lag needs a count from which the next one develops",
                                    "Leave out lags that nobody was seen at."))
    factors = np.where(both, after, 0.0).sum(0) / weights
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = np.where(both & (before > 0), before * (after / before - factors) ** 2, 0.0).sum(0)
    n = (both & (before > 0)).sum(0)
    variances = np.where(n > 1, squares / np.maximum(n - 1, 1), np.nan)
    for j in np.flatnonzero(np.isnan(variances)):
        if j < 2:
            variances[j] = variances[j - 1] if j == 1 else 0.0
        else:
            one, two = variances[j - 2], variances[j - 1]
            variances[j] = min(two**2 / one if one > 0 else two, one, two)
    return factors, variances, weights
