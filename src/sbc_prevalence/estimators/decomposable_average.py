"""Capture-recapture averaged over decomposable graphs of dependence, in closed form."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.estimators.listed import WHERE, ListedPeople, listed_people
from sbc_prevalence.kernels.capture_histories import decomposable_graphs

Floats = NDArray[np.float64]

TAIL = 1e-6
LARGEST = 1_000_000


@dataclass(frozen=True)
class GammaPoissonPrior:
    """Prior of the total: Poisson with a mean that is gamma distributed.

    Parameters
    ----------
    shape, scale : float
        Of the gamma distribution of the mean [persons]: its mean is shape x scale.
    """

    shape: float
    scale: float

    def log_probability(self, total: Floats) -> Floats:
        """Log prior probability of each total."""
        a, b = self.shape, self.scale
        return np.asarray(
            special.gammaln(total + a) - special.gammaln(total + 1) - special.gammaln(a)
            + total * np.log(b) - (total + a) * np.log1p(b))


@dataclass(frozen=True, eq=False)
class GraphAverage:
    """Posterior of a total, averaged over models of dependence.

    Parameters
    ----------
    mean, median, lower, upper : float
        Of the total [persons]; the interval is equal-tailed.
    ci_prob : float
    listed : float
        People on at least one list.
    models : pandas.DataFrame
        ``model`` (dependent pairs, or "independent"), ``probability``, ``mean`` of the total under it; most
        probable first.
    totals, probability : arrays, shape (n_totals,)
        The posterior itself.
    """

    mean: float
    median: float
    lower: float
    upper: float
    ci_prob: float
    listed: float
    models: pd.DataFrame = field(repr=False)
    totals: Floats = field(repr=False)
    probability: Floats = field(repr=False)

    def __str__(self) -> str:
        return (f"{self.mean:,.1f} (median {self.median:,.0f}; {self.ci_prob:.0%} {self.lower:,.0f} to "
                f"{self.upper:,.0f}), averaged over {len(self.models)} models")


def average_over_graphs(
    frame: Any,
    *,
    lists: Sequence[str] | None = None,
    prior: GammaPoissonPrior | None = None,
    cell_weight: float = 1.0,
    unlisted: Sequence[int] | None = None,
    ci_prob: float = 0.95,
) -> GraphAverage:
    """Total number of people, averaged over every decomposable graph of dependence between 2 to 5 lists.

    Graphs are equally likely beforehand. Within a graph the probabilities of histories are hyper-Dirichlet, which
    gives each graph and total its probability in closed form: Dirichlet terms of the cliques less those of the
    separators. The graph in which all lists are joined rests on ``cell_weight`` alone, and with two lists so does
    every dependence: state what you believe of it instead (``lists_with_dependence``).

    Parameters
    ----------
    frame : DataFrame-like
        ``history`` and ``count``; see :func:`sbc_prevalence.estimators.listed.listed_people`.
    lists : sequence of str, optional
    prior : GammaPoissonPrior, optional
        Of the total; without it 1 / total.
    cell_weight : float
        Prior observations in every cell.
    unlisted : sequence of int, optional
        Numbers on no list that are considered; by default from 0 until the rest has no weight.
    ci_prob : float

    Raises
    ------
    EvidenceError
        If the table is faulty, or the posterior of the total has no end.

    References
    ----------
    Madigan and York (1997), doi:10.1093/biomet/84.1.19.
    """
    people = listed_people(frame, lists)
    if unlisted is not None:
        return _average(people, prior, cell_weight, np.asarray(unlisted, dtype=float), ci_prob)
    reach = int(2 * people.total) + 100
    while True:
        found = _average(people, prior, cell_weight, np.arange(reach + 1, dtype=float), ci_prob)
        if found.probability[reach // 2:].sum() < TAIL:
            return found
        reach *= 4
        if reach > LARGEST:
            raise EvidenceError(
                Problem("E-LISTS-SPARSE", WHERE, "the lists overlap too little to bound the total",
                        "State a prior of the total, or give 'unlisted'."))


def _average(
    people: ListedPeople, prior: GammaPoissonPrior | None, weight: float, unlisted: Floats, ci_prob: float
) -> GraphAverage:
    graphs, n = decomposable_graphs(people.n_lists), people.total
    totals = n + unlisted
    sets = np.stack([_set_log_marginal(people, s, weight, unlisted) for s in graphs.sets])
    log_p = graphs.coefficients @ sets + special.gammaln(totals + 1) - special.gammaln(unlisted + 1)
    log_p += -np.log(totals) if prior is None else prior.log_probability(totals)
    p = np.exp(log_p - special.logsumexp(log_p))
    of_total, of_graph = p.sum(0), p.sum(1)
    cumulative = of_total.cumsum()
    tail = (1 - ci_prob) / 2
    lower, median, upper = (totals[np.searchsorted(cumulative, q)] for q in (tail, 0.5, 1 - tail))
    names = [", ".join(":".join(people.lists[j] for j in pair) for pair in edges) or "independent"
             for edges in graphs.edges]
    with np.errstate(invalid="ignore"):
        models = pd.DataFrame({"model": names, "probability": of_graph, "mean": (p @ totals) / of_graph})
    return GraphAverage(
        float(of_total @ totals), float(median), float(lower), float(upper), ci_prob, n,
        models.sort_values("probability", ascending=False, ignore_index=True), totals, of_total)


def _set_log_marginal(people: ListedPeople, lists: tuple[int, ...], weight: float, unlisted: Floats) -> Floats:
    """Dirichlet term of the table of some lists, for each number on no list."""
    others = tuple(j for j in range(people.n_lists) if j not in lists)
    seen = np.atleast_1d(people.table().sum(axis=others)).ravel()
    alpha = weight * 2.0 ** len(others)
    cells = np.broadcast_to(seen[:, None], (seen.size, unlisted.size)).copy()
    cells[0] += unlisted
    whole = alpha * seen.size
    return np.asarray(
        (special.gammaln(cells + alpha) - special.gammaln(alpha)).sum(0)
        + special.gammaln(whole) - special.gammaln(whole + people.total + unlisted))
