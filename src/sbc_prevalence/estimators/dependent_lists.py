"""Capture-recapture with a stated belief in dependence, by itself: what the model does with lists, without the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.estimators.listed import WHERE, ListedPeople, listed_people
from sbc_prevalence.evidence.overlapping_lists import HIGHER_TERMS, LIST_LOGIT_SD, SCALE_LOG_SD, UNSTATED
from sbc_prevalence.evidence.priors import DependencePrior
from sbc_prevalence.kernels.capture_histories import dependence_terms, effect_design

Floats = NDArray[np.float64]

SCALES = 16
FREEDOM = 8.0
FEWEST_EFFECTIVE = 400
MORE = (1, 5, 25)
"""How many times the draws asked for are made, one after the other, until they are worth enough."""


@dataclass(frozen=True, eq=False)
class DependentListsEstimate:
    """Posterior of a total under a stated belief in the dependence between lists.

    Parameters
    ----------
    mean, median, lower, upper : float
        Of the total [persons]; the interval is equal-tailed.
    ci_prob : float
    listed : float
        People on at least one list.
    odds_ratios : pandas.DataFrame
        ``lists``, ``median``, ``lower``, ``upper`` of the odds ratio of each pair.
    totals : array, shape (n_draws,)
        Draws of the total.
    effective_draws : float
        How many independent draws the weighted ones are worth.
    """

    mean: float
    median: float
    lower: float
    upper: float
    ci_prob: float
    listed: float
    odds_ratios: pd.DataFrame = field(repr=False)
    totals: Floats = field(repr=False)
    effective_draws: float

    def __str__(self) -> str:
        return (f"{self.median:,.0f} ({self.ci_prob:.0%} {self.lower:,.0f} to {self.upper:,.0f}), "
                f"{self.listed:,.0f} of them listed")


def lists_with_dependence(
    frame: Any,
    *,
    dependence: DependencePrior | None = None,
    lists: Sequence[str] | None = None,
    draws: int = 40_000,
    seed: int = 1,
    ci_prob: float = 0.95,
) -> DependentListsEstimate:
    """Total number of people on 2 to 5 lists or on none, with a stated prior of the dependence between lists.

    The same log-linear model and priors as the evidence ``OverlappingLists`` has inside the model: all terms but
    that of all lists together, each pair's log odds ratio normal about the stated one; with three or more lists the
    scale is itself unknown, so that the answer is averaged from near independence to strong dependence. The total
    has a prior of 1 / total. Computed by importance sampling about the mode for each scale.

    Parameters
    ----------
    frame : DataFrame-like
        ``history`` and ``count``; see :func:`sbc_prevalence.estimators.listed.listed_people`.
    dependence : DependencePrior, optional
        Needed for two lists; otherwise centred on independence where it is left out.
    lists : sequence of str, optional
    draws, seed : int
    ci_prob : float

    Raises
    ------
    EvidenceError
        If the table is faulty, two lists come without a stated dependence, or the draws are worth too little.
    """
    people = listed_people(frame, lists)
    if dependence is None and people.n_lists == 2:
        raise EvidenceError(
            Problem("E-DEPENDENCE-MISSING", WHERE, "two lists cannot tell how strongly they depend on each other",
                    "State it: dependence=DependencePrior(odds_ratio, lower95, upper95).", key="dependence"))
    belief = dependence or UNSTATED
    rng = np.random.default_rng(seed)
    unknown = people.n_lists > 2
    quantiles = (np.arange(SCALES) + 0.5) / SCALES
    scales = belief.sd * np.exp(SCALE_LOG_SD * stats.norm.ppf(quantiles)) if unknown else np.array([belief.sd])
    for more in MORE:
        n = max(more * draws // len(scales), 1)
        found = [_draws_at(people, belief.center, scale, n, rng) for scale in scales]
        values, weight = np.concatenate([v for v, _ in found]), special.softmax(np.concatenate([w for _, w in found]))
        effective = float(1.0 / (weight**2).sum())
        if effective >= FEWEST_EFFECTIVE:
            break
    else:
        raise EvidenceError(
            Problem("E-LISTS-SPARSE", WHERE, f"the draws are worth only {effective:.0f} independent ones",
                    "Ask for more draws, or use the lists as evidence in the model, which samples them."))
    chosen = values[rng.choice(len(weight), draws, p=weight)]
    nobody = chosen[:, 0] + chosen[:, 1:] @ effect_design(people.n_lists)[0]
    totals = people.total + rng.poisson(np.exp(np.minimum(nobody, 40.0)))
    tail = (1 - ci_prob) / 2
    lower, median, upper = np.quantile(totals, [tail, 0.5, 1 - tail])
    pairs = [(i, t) for i, t in enumerate(dependence_terms(people.n_lists)) if len(t) == 2]
    ratios = pd.DataFrame([
        (":".join(people.lists[j] for j in t),
         *np.exp(np.quantile(chosen[:, 1 + people.n_lists + i], [0.5, tail, 1 - tail])))
        for i, t in pairs], columns=["lists", "median", "lower", "upper"])
    return DependentListsEstimate(
        float(totals.mean()), float(median), float(lower), float(upper), ci_prob, people.total, ratios,
        totals.astype(float), effective)


def _draws_at(
    people: ListedPeople, center: float, scale: float, n: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Draws of level, lists and dependence at one scale, and their log weights.

    Returns
    -------
    values : array, shape (n, 1 + n_lists + n_terms)
    log_weight : array, shape (n,)
    """
    design = effect_design(people.n_lists)[1:]
    x = np.column_stack([np.ones(len(design)), design])
    terms = dependence_terms(people.n_lists)
    mean = np.array([0.0] * (1 + people.n_lists) + [center if len(t) == 2 else 0.0 for t in terms])
    precision = np.array(
        [0.0] + [LIST_LOGIT_SD**-2.0] * people.n_lists + [(scale * HIGHER_TERMS ** (len(t) - 2)) ** -2.0 for t in terms])
    y = people.counts
    mode, curvature = _mode(y, x, mean, precision)
    root = np.linalg.cholesky(np.linalg.inv(curvature))
    size = mode.size
    stretch = np.sqrt(FREEDOM / rng.chisquare(FREEDOM, n))[:, None]
    z = rng.standard_normal((n, size))
    values = mode + (z * stretch) @ root.T
    eta = values @ x.T
    target = (
        (y * eta - np.exp(np.minimum(eta, 700.0))).sum(1)
        - 0.5 * (precision * (values - mean) ** 2).sum(1)
        + 0.5 * np.log(precision[1:]).sum()
    )
    distance = ((z * stretch) ** 2).sum(1)
    proposal = (
        special.gammaln((FREEDOM + size) / 2) - special.gammaln(FREEDOM / 2) - 0.5 * size * np.log(FREEDOM * np.pi)
        - np.log(np.diag(root)).sum() - 0.5 * (FREEDOM + size) * np.log1p(distance / FREEDOM)
    )
    return values, target - proposal


def _mode(y: Floats, x: Floats, mean: Floats, precision: Floats) -> tuple[Floats, Floats]:
    """Mode and curvature of a Poisson regression with normal priors, by Newton steps that never overshoot."""
    at = mean.copy()
    at[0] = np.log(max(y.mean(), 0.5))

    def value(b: Floats) -> float:
        eta = x @ b
        return float((y * eta - np.exp(np.minimum(eta, 700.0))).sum() - 0.5 * (precision * (b - mean) ** 2).sum())

    for _ in range(200):
        mu = np.exp(x @ at)
        curvature = x.T @ (mu[:, None] * x) + np.diag(precision)
        step = np.linalg.solve(curvature, x.T @ (y - mu) - precision * (at - mean))
        size, now = 1.0, value(at)
        while value(at + size * step) < now and size > 1e-8:
            size /= 2
        at = at + size * step
        if np.abs(size * step).max() < 1e-9:
            break
    mu = np.exp(x @ at)
    return at, x.T @ (mu[:, None] * x) + np.diag(precision)
