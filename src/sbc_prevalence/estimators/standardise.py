"""Rates of observed counts: crude, and directly standardised, with Byar's, Dobson's and Wilson's intervals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from sbc_prevalence.errors import EvidenceError, Problem

Floats = NDArray[np.float64]

PER = 100_000.0
FEWEST_EVENTS = 10
"""Events below which no interval of a standardised rate is given, as in public health practice in England."""


@dataclass(frozen=True, eq=False)
class Rate:
    """A rate of observed events with its interval; arrays of the leading axes of the events.

    Parameters
    ----------
    rate, lower, upper : arrays, shape (...)
        Events per `per` persons (or person-years); bounds are NaN where there are too few events.
    events : array, shape (...)
    per : float
    ci_prob : float
    method : str
    """

    rate: Floats
    lower: Floats
    upper: Floats
    events: Floats
    per: float
    ci_prob: float
    method: str

    def __str__(self) -> str:
        if self.rate.ndim:
            return f"{self.rate.size} rates per {self.per:,.0f}, {self.method}"
        return (f"{float(self.rate):.1f} per {self.per:,.0f} ({self.ci_prob:.0%} {float(self.lower):.1f} to "
                f"{float(self.upper):.1f}, {self.method}; {float(self.events):,.0f} events)")


def byar_interval(events: ArrayLike, ci_prob: float = 0.95) -> tuple[Floats, Floats]:
    """Interval of the mean of a Poisson count by Byar's approximation.

    Parameters
    ----------
    events : array, shape (...)
    ci_prob : float

    Returns
    -------
    lower, upper : arrays, shape (...)
        The lower bound of no event is 0.

    References
    ----------
    Breslow NE, Day NE (1987), Statistical Methods in Cancer Research II, IARC, p. 69.
    """
    o, z = np.asarray(events, dtype=float), _quantile(ci_prob)
    at_least_one = np.where(o > 0, o, 1.0)
    lower = np.where(o > 0, o * (1 - 1 / (9 * at_least_one) - z / (3 * np.sqrt(at_least_one))) ** 3, 0.0)
    upper = (o + 1) * (1 - 1 / (9 * (o + 1)) + z / (3 * np.sqrt(o + 1))) ** 3
    return np.maximum(lower, 0.0), upper


def wilson_interval(cases: ArrayLike, persons: ArrayLike, ci_prob: float = 0.95) -> tuple[Floats, Floats]:
    """Wilson's score interval of a proportion (statsmodels); never below 0 or above 1, and not empty at 0 cases.

    Parameters
    ----------
    cases, persons : arrays, shape (...)
        Expected cases need not be whole.
    ci_prob : float

    Returns
    -------
    lower, upper : arrays, shape (...)
        Proportions.

    Raises
    ------
    EvidenceError
        If there are no persons, or more cases than persons.

    References
    ----------
    Wilson EB (1927), Journal of the American Statistical Association 22, 209-212.
    """
    k, n = (np.array(x) for x in np.broadcast_arrays(np.asarray(cases, dtype=float), np.asarray(persons, dtype=float)))
    if not np.all(np.isfinite(k) & np.isfinite(n)) or np.any(n <= 0) or np.any(k < 0) or np.any(k > n):
        raise _refused("cases must lie between 0 and persons, and there must be persons", "Correct the counts.")
    _quantile(ci_prob)
    lower, upper = proportion_confint(k, n, alpha=1.0 - ci_prob, method="wilson")
    return np.where(k > 0, lower, 0.0), np.where(k < n, upper, 1.0)


def crude_rate(events: ArrayLike, persons: ArrayLike, *, per: float = PER, ci_prob: float = 0.95) -> Rate:
    """Events over persons, summed over the last axis (age bands), with Byar's interval.

    Parameters
    ----------
    events, persons : arrays, shape (..., n_bands)
    per, ci_prob : float

    Raises
    ------
    EvidenceError
        If a count is negative or a band with events has no persons.
    """
    o, n = _checked(events, persons)
    total, people = o.sum(-1), n.sum(-1)
    lower, upper = byar_interval(total, ci_prob)
    return Rate(total / people * per, lower / people * per, upper / people * per, total, per, ci_prob, "Byar")


def directly_standardised_rate(
    events: ArrayLike, persons: ArrayLike, weights: ArrayLike, *, per: float = PER, ci_prob: float = 0.95
) -> Rate:
    """Rate that a standard population would have at the observed rates by age, with Dobson's interval.

    DSR = sum_a w_a O_a / n_a / sum_a w_a. The interval is Byar's of the total count O, moved to the rate and
    stretched by the ratio of standard errors: DSR + sqrt(Var(DSR) / O) (O_bound - O), Var(DSR) = sum_a (w_a / n_a)^2
    O_a / (sum_a w_a)^2.

    Parameters
    ----------
    events, persons : arrays, shape (..., n_bands)
        Observed events, and persons (or person-years), by age band.
    weights : array, shape (n_bands,)
        Standard population in the same bands, on any scale: see `sbc_prevalence.data.standards`.
    per, ci_prob : float

    Returns
    -------
    Rate
        Without bounds where there are fewer than `FEWEST_EVENTS` events in all.

    Raises
    ------
    EvidenceError
        If a count is negative, a band has no persons, or the weights do not fit the bands.

    References
    ----------
    Dobson AJ, Kuulasmaa K, Eberle E, Scherer J (1991), Statistics in Medicine 10, 457-462,
    doi:10.1002/sim.4780100317; with Byar's limits as in the PHEindicatormethods package of Public Health England.
    """
    o, n = _checked(events, persons)
    w = np.asarray(weights, dtype=float)
    if w.shape != o.shape[-1:] or not np.all(w >= 0) or not w.sum() > 0:
        raise _refused("the weights of the standard population must be one number a band, not negative, not all 0",
                       "Give weights in the same age bands as the events.")
    if np.any((n <= 0) & (w > 0)):
        raise _refused("every age band of the standard population needs persons", "Join bands that hold nobody.")
    share = w / w.sum() * per
    per_event = np.divide(share, n, out=np.zeros_like(n), where=n > 0)
    rate, variance, total = (per_event * o).sum(-1), (per_event**2 * o).sum(-1), o.sum(-1)
    lower, upper = byar_interval(total, ci_prob)
    with np.errstate(divide="ignore", invalid="ignore"):
        stretch = np.where(total >= FEWEST_EVENTS, np.sqrt(variance / total), np.nan)
    return Rate(rate, rate + stretch * (lower - total), rate + stretch * (upper - total), total, per, ci_prob,
                "Dobson, Byar limits")


def _checked(events: ArrayLike, persons: ArrayLike) -> tuple[Floats, Floats]:
    o, n = np.broadcast_arrays(np.asarray(events, dtype=float), np.asarray(persons, dtype=float))
    if o.ndim == 0:
        o, n = o[None], n[None]
    if not np.all(np.isfinite(o)) or not np.all(np.isfinite(n)) or np.any(o < 0) or np.any(n < 0):
        raise _refused("events and persons must be finite and not negative", "Correct the counts.")
    if np.any((n == 0) & (o > 0)):
        raise _refused("an age band with events must have persons", "Are the bands of both the same?")
    return o, n


def _refused(requirement: str, remedy: str) -> EvidenceError:
    return EvidenceError(Problem("E-STANDARDISE", "standardised rate", requirement, remedy))


def _quantile(ci_prob: float) -> float:
    if not 0.0 < ci_prob < 1.0:
        raise EvidenceError("ci_prob must lie between 0 and 1, e.g. 0.95. Give a proportion, not percent.")
    return float(stats.norm.ppf((1 + ci_prob) / 2))
