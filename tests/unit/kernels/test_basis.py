"""Bases of smooth trends: the covariance they stand for, and what they leave out."""

import numpy as np
import pytest

from sbc_prevalence.kernels.basis import matern_basis, random_walk_basis

YEARS = np.arange(1970, 2026)


@pytest.mark.parametrize("length", [3.0, 10.0, 40.0])
def test_the_matern_basis_has_unit_variance_and_the_covariance_of_its_process(length):
    basis = matern_basis(YEARS, length, share=1 - 1e-9)
    d = np.sqrt(5) * np.abs(YEARS[:, None] - YEARS[None, :]) / length
    np.testing.assert_allclose(basis @ basis.T, (1 + d + d**2 / 3) * np.exp(-d), atol=1e-5)


def test_the_basis_keeps_the_share_of_variance_that_was_asked_for():
    for share in (0.9, 0.99, 0.999):
        kept = (matern_basis(YEARS, 10.0, share) ** 2).sum() / YEARS.size
        assert share <= kept <= 1 + 1e-12
    assert matern_basis(YEARS, 10.0, 0.9).shape[1] < matern_basis(YEARS, 10.0, 0.999).shape[1]


def test_a_longer_length_needs_fewer_weights():
    assert matern_basis(YEARS, 40.0).shape[1] < matern_basis(YEARS, 5.0).shape[1]


def test_the_random_walk_has_no_level_and_no_slope_over_the_data():
    basis = random_walk_basis(YEARS, (1992, 2020))
    inside = (YEARS >= 1992) & (YEARS <= 2020)
    line = np.stack([np.ones(inside.sum()), YEARS[inside] - 2006.0])
    np.testing.assert_allclose(line @ basis[inside], 0.0, atol=1e-8)


def test_the_random_walk_has_average_variance_one_over_the_data_and_widens_outside():
    basis = random_walk_basis(YEARS, (1992, 2020), share=1 - 1e-12)
    variance = (basis**2).sum(-1)
    assert variance[(YEARS >= 1992) & (YEARS <= 2020)].mean() == pytest.approx(1.0, rel=1e-6)
    assert np.all(np.diff(variance[YEARS >= 2020]) > 0)
    assert np.all(np.diff(variance[YEARS <= 1992]) < 0)


def test_columns_have_a_fixed_sign_so_that_a_refit_means_the_same():
    assert np.all(matern_basis(YEARS, 10.0).sum(0) >= -1e-9)
