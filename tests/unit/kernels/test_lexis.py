"""Attained ages: exact shares against people drawn one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.kernels.lexis import (
    ageing_matrix,
    bands_after,
    dying_in_year,
    living_at_year_end,
    living_by_attained_age,
    living_inside_year,
)


@pytest.mark.parametrize("starts", [(0, 50, 55, 60, 75, 90), tuple(range(40, 60))])
def test_shares_are_those_of_people_drawn_one_by_one(starts):
    rng, n, m = np.random.default_rng(1), 400_000, 6
    exact = ageing_matrix(starts, m + 1)
    for band in (1, 2):
        attained = rng.uniform(starts[band], starts[band + 1], n) + rng.uniform(m, m + 1, n)
        seen = np.searchsorted(starts, attained, side="right") - 1
        share = np.bincount(seen, minlength=len(starts)) / n
        np.testing.assert_allclose(exact[band, m], share, atol=0.004)


def test_rows_sum_to_one_and_the_open_band_is_never_left():
    matrix = ageing_matrix((0, 60, 70, 80), 40)
    np.testing.assert_allclose(matrix.sum(-1), 1.0, atol=1e-12)
    assert np.all(matrix >= -1e-12)
    np.testing.assert_allclose(matrix[-1, :, -1], 1.0)


def test_a_single_year_of_age_moves_half_a_year_on_average_in_the_year_of_diagnosis():
    matrix = ageing_matrix((50, 51, 52, 53), 2)
    np.testing.assert_allclose(matrix[0, 0, :3], [0.5, 0.5, 0.0])
    np.testing.assert_allclose(matrix[0, 1, :3], [0.0, 0.5, 0.5])


def test_leading_axes_are_kept():
    living = np.random.default_rng(2).uniform(0, 5, (3, 2, 4, 6, 6))
    aged = living_by_attained_age(living, (0, 50, 60, 70))
    assert aged.shape == living.shape
    np.testing.assert_allclose(aged.sum(2), living.sum(2))
    np.testing.assert_allclose(aged[1, 0], living_by_attained_age(living[1, 0], (0, 50, 60, 70)))


def test_bands_that_do_not_fit_are_refused():
    with pytest.raises(EvidenceError, match="age bands"):
        living_by_attained_age(np.zeros((3, 2, 2)), (0, 50))
    with pytest.raises(EvidenceError, match="ascend"):
        ageing_matrix((0, 50, 50), 2)


STARTS = (0, 50, 65, 80)


def uniform_weights(n_ages=101):
    ends = (*STARTS[1:], n_ages)
    return np.stack([((np.arange(n_ages) >= low) & (np.arange(n_ages) < high)).astype(float)
                     for low, high in zip(STARTS, ends, strict=True)])


def test_single_ages_that_are_uniform_in_a_band_grow_old_as_the_band_does():
    after = bands_after(uniform_weights(), STARTS, 30)
    np.testing.assert_allclose(living_at_year_end(after), ageing_matrix(STARTS, 30), atol=1e-12)


def test_attained_ages_are_those_of_people_drawn_one_by_one():
    rng, n, n_durations, fraction = np.random.default_rng(3), 400_000, 7, 0.3
    weights = np.zeros(101)
    weights[[47, 48, 49, 63, 78]] = (0.1, 0.2, 0.3, 0.3, 0.1)
    after = bands_after(weights, STARTS, n_durations)
    age = rng.choice(101, n, p=weights) + rng.uniform(size=n)
    early, late = living_inside_year(after, fraction)

    def shares(years):
        seen = np.searchsorted(STARTS, age[:years.size] + years, side="right") - 1
        return np.bincount(seen, minlength=4) / years.size

    for m in range(n_durations):
        diagnosed, died = rng.uniform(size=n), rng.uniform(size=n)
        np.testing.assert_allclose(living_at_year_end(after)[m], shares(m + 1 - diagnosed), atol=0.004)
        years = m + died - diagnosed if m else np.abs(died - diagnosed)
        np.testing.assert_allclose(dying_in_year(after)[m], shares(years), atol=0.004)
        np.testing.assert_allclose(early[m], shares(m + fraction - fraction * diagnosed), atol=0.004)
        if m > 0:
            np.testing.assert_allclose(late[m], shares(m - (1 - fraction) * diagnosed), atol=0.004)


def test_a_date_at_the_end_of_the_year_is_the_year_end():
    after = bands_after(uniform_weights(), STARTS, 12)
    early, late = living_inside_year(after, 1.0)
    np.testing.assert_allclose(early, living_at_year_end(after), atol=1e-14)
    np.testing.assert_allclose(late[:, 1:], after[:, 1:12], atol=1e-14)


@given(arrays(float, (3, 40), elements=st.floats(0.001, 1.0)), st.integers(1, 20), st.floats(0.01, 1.0))
def test_growing_older_loses_nobody_and_makes_nobody_younger(weights, n_durations, fraction):
    starts = (0, 5, 11, 30)
    after = bands_after(weights, starts, n_durations)
    for found in (living_at_year_end(after), dying_in_year(after), *living_inside_year(after, fraction)):
        assert found.shape == (3, n_durations, 4)
        np.testing.assert_allclose(found.sum(-1), 1.0, atol=1e-12)
        older = np.cumsum(found[..., ::-1], -1)[..., ::-1]
        assert np.all(np.diff(older, axis=-2) >= -1e-12)
