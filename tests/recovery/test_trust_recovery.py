"""The true number living in simulated trusts lies in the 95 % interval as often as it should."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from sbc_prevalence.config.trust import TrustCompleteness
from sbc_prevalence.trust import estimate_trust, simulate_trust

LOGIT, SD = 1.735, 0.42
STATED = TrustCompleteness(median=expit(LOGIT), lower95=expit(LOGIT - 1.96 * SD), upper95=expit(LOGIT + 1.96 * SD),
                           source="simulated")


def places(seeds: range, **world: float) -> np.ndarray:
    """Share of the draws below the truth, of every world."""
    found = []
    for seed in seeds:
        made = simulate_trust(seed, **world)
        living = estimate_trust(made.people, STATED, draws=1000, seed=seed).living
        found.append((living < made.living).mean() + 0.5 * (living == made.living).mean())
    return np.array(found)


def within(found: np.ndarray, level: float) -> tuple[int, tuple[int, int]]:
    """Worlds inside the central interval, and the 99 % binomial bounds of their number."""
    hits = int(((found > (1 - level) / 2) & (found < (1 + level) / 2)).sum())
    low, high = stats.binom(found.size, level).ppf([0.005, 0.995])
    return hits, (int(low), int(high))


def test_the_truth_is_inside_in_a_few_small_worlds():
    hits, (low, high) = within(places(range(500, 512), per_year=25.0), 0.95)
    assert low <= hits <= high


@pytest.mark.slow
def test_the_truth_is_inside_as_often_as_stated_over_300_worlds():
    found = places(range(300))
    for level in (0.5, 0.8, 0.95):
        hits, (low, high) = within(found, level)
        assert low <= hits <= high, (level, hits, low, high)
