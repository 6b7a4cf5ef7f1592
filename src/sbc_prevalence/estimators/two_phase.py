"""Completeness from a two-phase validation, by weighting what was examined: the classical answer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from sbc_prevalence.errors import EvidenceError, Problem


@dataclass(frozen=True)
class TwoPhaseEstimate:
    """Completeness with a confidence interval.

    Parameters
    ----------
    completeness, lower, upper : float
        Estimate and bounds of the interval, on the logit scale symmetric.
    cases : float
        Estimated true cases among all records.
    """

    completeness: float
    lower: float
    upper: float
    cases: float


def two_phase_completeness(
    records: NDArray[np.int64],
    examined: NDArray[np.int64],
    true: NDArray[np.int64],
    in_source: NDArray[np.bool_],
    *,
    ci_prob: float = 0.95,
) -> TwoPhaseEstimate:
    """Share in a source of the true cases among classified records.

    Each stratum's share of true cases, found by examining a random part of it, is applied to all its records.

    Parameters
    ----------
    records, examined, true : int arrays, shape (n_strata,)
        Records of each stratum, those examined, and the true cases among these.
    in_source : bool array, shape (n_strata,)
        Whether the records of the stratum are in the source.
    ci_prob : float
        Level of the interval.

    Returns
    -------
    TwoPhaseEstimate
        The interval is by the delta method, for cases beyond these records too: how many of the records there are to
        find is itself a count.

    Raises
    ------
    EvidenceError
        If numbers do not fit into each other, or a side of the source has no true case examined.

    References
    ----------
    Cochran (1977), *Sampling Techniques*, chapter 12 (double sampling); McNamee (2003), International Journal of
    Epidemiology, 1072-1078, for what the accuracy of the first phase allows.
    """
    records, examined, true = (np.asarray(v, dtype=float) for v in (records, examined, true))
    in_source = np.asarray(in_source, dtype=bool)
    if np.any(true > examined) or np.any(examined > records) or np.any((records > 0) & (examined == 0)):
        raise EvidenceError(Problem(
            "E-EXAMINED", "two-phase sample", "true <= examined <= records in every stratum, and some are examined",
            "Correct the numbers."))
    share = np.divide(true, examined, out=np.zeros_like(true), where=examined > 0)
    cases = records * share
    found, missed = cases[in_source].sum(), cases[~in_source].sum()
    if found <= 0 or missed <= 0:
        raise EvidenceError(Problem(
            "E-EXAMINED", "two-phase sample", "each side of the source needs a true case among those examined",
            "Examine more records: with none found, only a bound can be given."))
    unexamined = 1.0 - np.divide(examined, records, out=np.ones_like(true), where=records > 0)
    sampling = np.divide(records**2 * share * (1 - share) * unexamined, examined, out=np.zeros_like(true),
                         where=examined > 0)
    variance = sampling + cases
    spread = np.sqrt(variance[in_source].sum() / found**2 + variance[~in_source].sum() / missed**2)
    middle, half = special.logit(found / (found + missed)), stats.norm.ppf(0.5 + ci_prob / 2) * spread
    low, mid, high = special.expit([middle - half, middle, middle + half])
    return TwoPhaseEstimate(float(mid), float(low), float(high), float(found + missed))
