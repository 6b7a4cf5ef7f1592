"""Whole persons by part sum exactly, keep the law of each part, and start at those who are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from sbc_prevalence.kernels.parts import known_and_others, split_counts


@settings(max_examples=60, deadline=None)
@given(arrays(np.int64, (3, 4), elements=st.integers(0, 10_000)),
       arrays(np.float64, (3, 4, 5), elements=st.floats(0, 1e4)), st.integers(0, 99))
def test_parts_sum_to_the_count_in_every_cell(counts, expected, seed):
    parts = split_counts(counts, expected, np.random.default_rng(seed))
    np.testing.assert_array_equal(parts.sum(-1), counts)
    assert (parts >= 0).all()
    whole = expected.sum(-1) > 0
    assert (parts[whole][expected[whole] == 0] == 0).all()


def test_a_count_that_nothing_expects_goes_to_the_last_part():
    parts = split_counts(np.array([7]), np.zeros((1, 3)), np.random.default_rng(0))
    np.testing.assert_array_equal(parts, [[0, 0, 7]])


def test_each_part_of_a_poisson_count_is_poisson_and_independent_of_the_others():
    rng = np.random.default_rng(1)
    expected = np.broadcast_to([3.0, 12.0, 0.5], (20_000, 3))
    parts = split_counts(rng.poisson(15.5, 20_000), expected, rng)
    for i, mean in enumerate((3.0, 12.0, 0.5)):
        assert parts[:, i].mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / 20_000))
        assert parts[:, i].var() == pytest.approx(mean, rel=0.06)
    assert abs(np.corrcoef(parts[:, 0], parts[:, 1])[0, 1]) < 0.03


def test_what_is_known_enters_as_known():
    rng = np.random.default_rng(2)
    parts = known_and_others(np.array(40), np.full(20_000, 25.0), np.broadcast_to([10.0, 2.0], (20_000, 2)), rng)
    assert (parts[:, 0] == 40).all()
    assert parts.sum(-1).min() >= 40
    assert parts[:, 1].mean() == pytest.approx(10.0, abs=0.1)


def test_known_people_above_their_expectation_raise_the_others_under_a_shared_frailty():
    rng = np.random.default_rng(3)
    q, known, expected, others = 4.0, 40, 25.0, 10.0
    parts = known_and_others(np.array(known), np.full(60_000, expected), np.full((60_000, 1), others), rng,
                             frailty_shape=q)
    mean = others * (q + known) / (q + expected)
    spread = mean + others**2 * (q + known) / (q + expected) ** 2
    assert mean == pytest.approx(15.172414, abs=1e-6)
    assert parts[:, 1].mean() == pytest.approx(mean, abs=4 * np.sqrt(spread / 60_000))
    assert parts[:, 1].var() == pytest.approx(spread, rel=0.03)
    exact = stats.nbinom(q + known, (q + expected) / (q + expected + others))
    assert (parts[:, 1] <= 12).mean() == pytest.approx(exact.cdf(12), abs=0.01)
