"""Simulated worlds of lists that overlap: intervals hold the truth, whatever the dependence.

With a number of worlds as its argument this file prints the table of docs/how-to/overlapping-lists.md:
``python tests/recovery/test_lists_worlds.py 250``.
"""

import sys

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from sbc_prevalence.estimators.dependent_lists import lists_with_dependence
from sbc_prevalence.evidence import DependencePrior
from sbc_prevalence.evidence.overlapping_lists import HIGHER_TERMS, LIST_LOGIT_SD, SCALE_LOG_SD, UNSTATED
from sbc_prevalence.kernels.capture_histories import dependence_terms, effect_design, histories

KINDS = {
    "independent": lambda rng: np.zeros(3),
    "one pair strongly dependent (odds ratio 4.5)": lambda rng: np.array([1.5, 0.0, 0.0]),
    "all pairs dependent (odds ratio 2)": lambda rng: np.array([0.7, 0.7, 0.7]),
    "pairs 2.7, 1.6 and 0.7": lambda rng: np.array([1.0, 0.5, -0.3]),
    "log odds ratios standard normal": lambda rng: rng.normal(size=3),
}
FEWEST = {"all pairs dependent (odds ratio 2)": 0.80}
STATED = DependencePrior(2.0, 0.5, 8.0)


def world(people: int, logits: np.ndarray, dependence: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Counts by history of a number of people; those on no list are not among them."""
    n_lists = len(logits)
    share = special.softmax(effect_design(n_lists) @ np.concatenate([logits, dependence]))
    words = ["".join(map(str, row)) for row in histories(n_lists)]
    return pd.DataFrame({"history": words, "count": rng.multinomial(people, share)}).iloc[1:]


def hits(draw, people: int, n_worlds: int, seed: int) -> tuple[float, float]:
    """Share of worlds whose 95 % interval holds the truth, and its median width over the truth."""
    rng, found = np.random.default_rng(seed), []
    for number in range(n_worlds):
        table = world(people, rng.normal(0.5, 0.8, 3), draw(rng), rng)
        got = lists_with_dependence(table, draws=6000, seed=number)
        found.append((got.lower <= people <= got.upper, (got.upper - got.lower) / people))
    inside, width = np.array(found).T
    return float(inside.mean()), float(np.median(width))


@pytest.mark.parametrize("kind", list(KINDS))
def test_three_lists_hold_the_truth_of_worlds_that_are_not_those_of_the_prior(kind):
    inside, _ = hits(KINDS[kind], 600, 80, seed=5)
    assert inside >= FEWEST.get(kind, 0.86)


@pytest.mark.parametrize(("n_lists", "n_worlds"), [(2, 200), (3, 120), (4, 80)])
def test_worlds_of_the_prior_are_covered_as_often_as_the_interval_says(n_lists, n_worlds):
    rng, belief = np.random.default_rng(n_lists), STATED if n_lists == 2 else UNSTATED
    sizes = np.array([len(t) for t in dependence_terms(n_lists)])
    ranks, inside = [], 0
    for number in range(n_worlds):
        scale = belief.sd * (np.exp(SCALE_LOG_SD * rng.normal()) if n_lists > 2 else 1.0)
        dependence = (sizes == 2) * belief.center + scale * HIGHER_TERMS ** (sizes - 2) * rng.normal(size=sizes.size)
        people = int(np.exp(rng.uniform(np.log(300), np.log(3000))))
        table = world(people, LIST_LOGIT_SD * rng.normal(size=n_lists), dependence, rng)
        if (table["count"] > 0).sum() < n_lists:
            continue
        got = lists_with_dependence(table, dependence=belief, draws=6000, seed=number)
        inside += got.lower <= people <= got.upper
        ranks.append(np.mean(got.totals < people) + 0.5 * np.mean(got.totals == people))
    low, high = stats.binom.interval(0.998, len(ranks), 0.95)
    assert low <= inside <= high
    assert stats.kstest(ranks, stats.uniform.cdf).pvalue > 1e-3


def table(n_worlds: int) -> str:
    """The worlds side by side."""
    rows = ["| world | 600 people: truth inside 95 %, width | 3,000 people |", "|---|---|---|"]
    for kind, draw in KINDS.items():
        few, many = (hits(draw, people, n_worlds, seed=2) for people in (600, 3000))
        rows.append(f"| {kind} | {few[0]:.1%}, {few[1]:.2f} of the total | {many[0]:.1%}, {many[1]:.2f} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table(int(sys.argv[1]) if len(sys.argv) > 1 else 250))
