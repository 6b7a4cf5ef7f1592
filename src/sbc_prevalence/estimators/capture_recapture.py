"""Classical capture-recapture: log-linear models with stated dependence, Chapman's estimate, Chao's lower bound."""

import itertools
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Any, Literal

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import optimize, special, stats
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.estimators.listed import MOST_OCCASIONS, WHERE, ListedPeople, listed_people

Floats = NDArray[np.float64]
ListName = str | int
Heterogeneity = Literal["chao", "poisson2", "darroch", "gamma3.5"]

FEWEST, WIDEST = 1e-6, 1e6


@dataclass(frozen=True)
class LogLinearEstimate:
    """Total number of people from one log-linear model of their histories.

    Parameters
    ----------
    total, se : float
        People on some list or on none, and its standard error sqrt(n0 + n0^2 Var(b0)), n0 = exp(b0) being the
        number on none.
    lower, upper : float
        Multinomial profile-likelihood interval of the total; infinite where the likelihood never falls enough.
    ci_prob : float
    listed : float
        People on at least one list.
    deviance, aic : float
    residual_df : int
    coefficients : mapping of str to float
        By term: "none" is b0, then lists, "a:b" dependence on the log odds ratio, and "heterogeneity".
    model : str
        The model in words.
    """

    total: float
    se: float
    lower: float
    upper: float
    ci_prob: float
    listed: float
    deviance: float
    aic: float
    residual_df: int
    coefficients: Mapping[str, float] = field(repr=False)
    model: str = ""

    @property
    def unlisted(self) -> float:
        """People on no list."""
        return self.total - self.listed

    def __str__(self) -> str:
        return (f"{self.total:,.1f} (se {self.se:,.1f}; {self.ci_prob:.0%} {self.lower:,.1f} to {self.upper:,.1f}), "
                f"{self.listed:,.0f} of them listed; {self.model}, deviance {self.deviance:.3f} on "
                f"{self.residual_df} df, AIC {self.aic:.2f}")


@dataclass(frozen=True)
class SimpleEstimate:
    """A total or a lower bound of it, its standard error and interval [persons]."""

    total: float
    se: float
    lower: float
    upper: float
    ci_prob: float
    listed: float


def log_linear(
    frame: Any,
    *,
    interactions: Sequence[Sequence[ListName]] = (),
    lists: Sequence[str] | None = None,
    alike: bool = False,
    heterogeneity: Heterogeneity | None = None,
    leave_out: Sequence[str] = (),
    ci_prob: float = 0.95,
) -> LogLinearEstimate:
    """Total from a log-linear model in which the dependence between lists is stated.

    Expected counts of histories are Poisson with log mean b0 + lists + interactions; the history on no list has
    log mean b0. Without interactions lists are independent.

    Parameters
    ----------
    frame : DataFrame-like
        ``history`` and ``count``; see :func:`sbc_prevalence.estimators.listed.listed_people`. 2 to 10 lists.
    interactions : sequence of sets of lists
        Lists that depend on each other, by name or by number (from 1), e.g. ``[(1, 2)]``.
    lists : sequence of str, optional
        Names in the order of the signs.
    alike : bool
        Whether all lists find people equally often.
    heterogeneity : {"chao", "poisson2", "darroch", "gamma3.5"}, optional
        People differ in how easily they are found: a term in the number k of lists, 2^k - 1, k^2/2 or
        log(3.5) - log(3.5 + k); or Chao's lower bound, free from k = 3 on (negative terms are left out).
    leave_out : sequence of str
        Histories that do not inform the model; their people are still counted.
    ci_prob : float

    Raises
    ------
    EvidenceError
        If the table is faulty (see ``listed_people``), a list is not known, or a term cannot be estimated because
        nobody is on all its lists.

    References
    ----------
    Cormack (1989), doi:10.2307/2531485; Cormack (1992), doi:10.2307/2532309 (interval); Rivest and Baillargeon
    (2007), doi:10.1111/j.1541-0420.2007.00779.x (heterogeneity).
    """
    people = listed_people(frame, lists, most=MOST_OCCASIONS)
    terms = [tuple(_position(people, name) for name in lists_) for lists_ in interactions]
    faults = _inestimable(people, terms)
    if faults:
        raise EvidenceError(faults)
    kept = ~np.isin(_words(people), list(leave_out))
    dropped: list[int] = []
    while True:
        names, design = _design(people.histories, people.lists, terms, alike, heterogeneity, dropped)
        fit = _fit(people.counts[kept], design[kept])
        free = [i for i, name in enumerate(names) if heterogeneity == "chao" and name.startswith("heterogeneity")]
        negative = [i for i in free if fit.params[i] < 0]
        if not negative:
            break
        dropped.append(int(names[negative[0]].split()[-1]))
    missing = float(np.exp(fit.params[0]))
    se = sqrt(missing + missing**2 * float(np.asarray(fit.cov_params())[0, 0]))
    lower, upper = _profile(people.counts[kept], design[kept], missing, ci_prob)
    coefficients = dict(zip(names, map(float, fit.params), strict=True))
    return LogLinearEstimate(
        people.total + missing, se, people.total + lower, people.total + upper, ci_prob, people.total,
        max(float(fit.deviance), 0.0), float(fit.aic), int(fit.df_resid), coefficients,
        _in_words(people, terms, alike, heterogeneity))


def chapman(frame: Any, *, ci_prob: float = 0.95) -> SimpleEstimate:
    """Chapman's nearly unbiased total from two lists that are independent.

    Parameters
    ----------
    frame : DataFrame-like
        ``history`` and ``count`` of two lists, cells or margins: 10, 01 and 11, or 1x, x1 and 11.

    Returns
    -------
    SimpleEstimate
        (n1 + 1)(n2 + 1)/(m + 1) - 1 with Seber's variance; the interval is normal.

    References
    ----------
    Chapman (1951); Seber (1970), doi:10.2307/2528547.
    """
    people = listed_people(frame)
    if people.n_lists != 2:
        raise EvidenceError(Problem("E-LISTS-NUMBER", WHERE, "Chapman's estimate is of two lists", "Give two."))
    second, first, both = map(float, people.counts)
    n1, n2 = first + both, second + both
    total = (n1 + 1) * (n2 + 1) / (both + 1) - 1
    variance = (n1 + 1) * (n2 + 1) * first * second / ((both + 1) ** 2 * (both + 2))
    half = stats.norm.ppf(0.5 + ci_prob / 2) * sqrt(variance)
    return SimpleEstimate(total, sqrt(variance), max(total - half, people.total), total + half, ci_prob, people.total)


def chao_lower_bound(frame: Any, *, ci_prob: float = 0.95) -> SimpleEstimate:
    """Chao's lower bound of a total from how many people were found once, twice, three times, ...

    Whatever people differ in, at least n + f1^2 / (2 f2) exist.

    Parameters
    ----------
    frame : DataFrame-like
        ``times`` (1, 2, 3, ...) and ``count``.

    Returns
    -------
    SimpleEstimate
        With Chao's variance; the interval is the multinomial profile likelihood of a Poisson model in which the
        counts from three times on are free.

    References
    ----------
    Chao (1987), doi:10.2307/2531532.
    """
    rows = pd.DataFrame(frame.to_pandas() if hasattr(frame, "to_pandas") else frame)
    if not {"times", "count"} <= set(rows.columns):
        raise EvidenceError(
            Problem("E-COLUMN-MISSING", WHERE, "needs the columns times and count", "Add what is missing."))
    found = rows.groupby("times")["count"].sum().sort_index()
    once, twice = float(found.get(1, 0)), float(found.get(2, 0))
    if twice <= 0 or once < 0 or found.index.min() < 1:
        raise EvidenceError(
            Problem("E-LISTS-SPARSE", WHERE, "a lower bound needs people found twice, and nobody found less than once",
                    "Give the numbers found once, twice and more often."))
    n, ratio = float(found.sum()), once / twice
    missing = once**2 / (2 * twice)
    variance = twice * (ratio**4 / 4 + ratio**3 + ratio**2 / 2)
    times = np.arange(1, int(found.index.max()) + 1, dtype=float)
    free = [np.maximum(times - j, 0) for j in range(2, times.size)]
    design = np.column_stack([np.ones(times.size), times, *free])
    counts = found.reindex(times.astype(int), fill_value=0).to_numpy(float)
    lower, upper = _profile(counts, design, missing, ci_prob, -special.gammaln(times + 1))
    return SimpleEstimate(n + missing, sqrt(variance), n + lower, n + upper, ci_prob, n)


def _words(people: ListedPeople) -> NDArray[np.str_]:
    return np.array(["".join(map(str, row)) for row in people.histories])


def _position(people: ListedPeople, name: ListName) -> int:
    at = people.lists.index(name) if name in people.lists else name - 1 if isinstance(name, int) else -1
    if not 0 <= at < people.n_lists:
        raise EvidenceError(
            Problem("E-LISTS-NAMES", WHERE, "an interaction names a list that is not there",
                    f"Lists: {', '.join(people.lists)}.", key="interactions"))
    return int(at)


def _inestimable(people: ListedPeople, terms: Sequence[tuple[int, ...]]) -> list[Problem]:
    """Terms whose lists have nobody in common."""
    asked = [(j,) for j in range(people.n_lists)] + list(terms)
    empty = [t for t in asked if people.counts[people.histories[:, list(t)].all(axis=1)].sum() == 0]
    return [
        Problem("E-LISTS-SPARSE", WHERE, "nobody is on all these lists, so their term cannot be estimated",
                "Leave out the interaction, or put lists together.",
                detail=":".join(people.lists[j] for j in t))
        for t in empty
    ]


def _design(
    histories: NDArray[np.int64], lists: Sequence[str], terms: Sequence[tuple[int, ...]], alike: bool,
    heterogeneity: Heterogeneity | None, dropped: Sequence[int],
) -> tuple[list[str], Floats]:
    k = histories.sum(axis=1).astype(float)
    columns: dict[str, Floats] = {"none": np.ones(k.size)}
    if alike:
        columns["lists"] = k
    else:
        columns |= {name: histories[:, j].astype(float) for j, name in enumerate(lists)}
    columns |= {":".join(lists[j] for j in t): histories[:, list(t)].prod(axis=1).astype(float) for t in terms}
    if heterogeneity == "chao":
        columns |= {f"heterogeneity from {j}": np.maximum(k - j, 0)
                    for j in range(2, histories.shape[1]) if j not in dropped}
    elif heterogeneity is not None:
        columns["heterogeneity"] = {
            "poisson2": 2.0**k - 1, "darroch": k**2 / 2, "gamma3.5": np.log(3.5) - np.log(3.5 + k)}[heterogeneity]
    return list(columns), np.column_stack(list(columns.values()))


def _fit(counts: Floats, design: Floats, offset: Floats | None = None) -> Any:
    """Poisson regression; a model with as many terms as cells fits exactly, which is no cause for a warning."""
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        model = sm.GLM(counts, design, family=sm.families.Poisson(), offset=offset)
        return model.fit(tol=1e-12, maxiter=200)


def _profile(
    counts: Floats, design: Floats, missing: float, ci_prob: float, offset: Floats | None = None
) -> tuple[float, float]:
    """Bounds of the number on no list by the multinomial likelihood, other parameters at their best for each number."""
    nobody = np.zeros((1, design.shape[1]))
    nobody[0, 0] = 1.0
    whole = np.concatenate([nobody, design])
    shift = None if offset is None else np.concatenate([[0.0], offset])

    def log_likelihood(n0: float) -> float:
        everyone = np.concatenate([[n0], counts])
        mean = np.asarray(_fit(everyone, whole, shift).fittedvalues)
        total = everyone.sum()
        return float(special.gammaln(total + 1) - special.gammaln(n0 + 1) + special.xlogy(everyone, mean / total).sum())

    scale = max(missing, 0.5)
    best = optimize.minimize_scalar(
        lambda log_n0: -log_likelihood(float(np.exp(log_n0))), method="bounded",
        bounds=(np.log(scale) - 2, np.log(scale) + 2), options={"xatol": 1e-7})
    level = -float(best.fun) - stats.chi2.ppf(ci_prob, 1) / 2

    def above(n0: float) -> float:
        return log_likelihood(n0) - level

    at = float(np.exp(best.x))
    lower = 0.0 if above(FEWEST) > 0 else optimize.brentq(above, FEWEST, at, xtol=1e-6 * at)
    reach = 2 * at + 1.0
    while above(reach) > 0 and reach < WIDEST * (counts.sum() + 1):
        reach *= 2
    upper = optimize.brentq(above, at, reach, xtol=1e-6 * at) if above(reach) < 0 else inf
    return float(lower), float(upper)


def _in_words(
    people: ListedPeople, terms: Sequence[tuple[int, ...]], alike: bool, heterogeneity: Heterogeneity | None
) -> str:
    said = ["lists alike" if alike else "each list its own"]
    said += [":".join(people.lists[j] for j in t) for t in terms] or ["independent"]
    said += [f"heterogeneity {heterogeneity}"] if heterogeneity else []
    return ", ".join(said)


def all_pairs(n_lists: int) -> tuple[tuple[int, int], ...]:
    """Every pair of lists, numbered from 1: the largest set of two-way interactions."""
    return tuple(itertools.combinations(range(1, n_lists + 1), 2))
