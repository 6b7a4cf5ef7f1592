"""Cumulative hazards under a factor for each year since diagnosis: against integration, and against survivorship."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sbc_prevalence.kernels.through_years import at_every_duration, at_own_duration, year_of

N = 8
FACTORS = st.lists(st.floats(0.2, 4.0), min_size=N, max_size=N)
DURATIONS = st.lists(st.floats(0.0, 8.0), min_size=1, max_size=6)


def whole(scale=1.0):
    return scale * np.arange(N + 1.0) ** 0.8


def integrated(u, factor, scale=1.0):
    """Sum over years of factor x growth, written out."""
    total = 0.0
    for m in range(N):
        if u > m:
            total += factor[m] * scale * (min(u, m + 1.0) ** 0.8 - m**0.8)
    return total


@given(DURATIONS, FACTORS)
def test_each_year_has_its_own_factor(durations, factor):
    u, f = np.array(durations), np.array(factor)
    found = at_own_duration(u, u**0.8, whole(), np.tile(f, (u.size, 1)), N)
    np.testing.assert_allclose(found, [integrated(v, f) for v in u], rtol=1e-12, atol=1e-12)


@given(DURATIONS, FACTORS, FACTORS)
def test_groups_at_the_same_durations_agree_with_rows(durations, factor, other):
    u, both = np.array(durations), np.array([[factor, other]])
    none = np.zeros((1, u.size)), np.zeros((1, N + 1))
    found = at_every_duration(u, u**0.8, whole(), both, *none, N)
    expected = [[integrated(v, f) for v in u] for f in (factor, other)]
    np.testing.assert_allclose(found[0], expected, rtol=1e-12, atol=1e-12)


@given(DURATIONS, FACTORS, st.floats(0.01, 3.0))
def test_in_no_year_does_it_grow_less_than_the_floor(durations, factor, level):
    u = np.sort(np.array(durations))
    floor = level * u, level * np.arange(N + 1.0)
    found = at_every_duration(u, u**0.8, whole(), np.array([[factor]]), floor[0][None], floor[1][None], N)[0, 0]
    assert np.all(found >= level * u - 1e-12)
    assert np.all(np.diff(found) >= -1e-12)
    alone = at_every_duration(u, 0 * u, 0 * whole(), np.array([[factor]]), floor[0][None], floor[1][None], N)[0, 0]
    np.testing.assert_allclose(alone, level * u, atol=1e-12)


def test_draws_run_in_front():
    rng = np.random.default_rng(1)
    u, scale = np.array([0.3, 2.0, 5.5]), rng.uniform(0.5, 2, 4)
    f = rng.uniform(0.5, 2, (4, 2, 3, N))
    floor = rng.uniform(0, 0.1, (4, 2, 1)) * u, rng.uniform(0, 0.1, (4, 2, 1)) * np.arange(N + 1.0)
    together = at_every_duration(u, scale[:, None] * u**0.8, scale[:, None] * whole(), f, *floor, N)
    assert together.shape == (4, 2, 3, 3)
    for i in range(4):
        alone = at_every_duration(u, scale[i] * u**0.8, whole(scale[i]), f[i], floor[0][i], floor[1][i], N)
        np.testing.assert_allclose(together[i], alone, rtol=1e-13)


def test_a_whole_number_of_years_ends_the_year_before_it():
    np.testing.assert_array_equal(year_of(np.array([0.0, 0.2, 1.0, 1.1, 2.0, 99.0]), N), [0, 0, 0, 1, 1, N - 1])
