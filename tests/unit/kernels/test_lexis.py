"""Attained ages: exact shares against people drawn one by one."""

import numpy as np
import pytest

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.kernels.lexis import ageing_matrix, living_by_attained_age


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
