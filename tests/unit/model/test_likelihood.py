"""Log-likelihoods against scipy: counts, intervals of counts, proportions, points that share errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sbc_prevalence.model.likelihood import (
    binomial_loglik,
    count_loglik,
    dispersion_size,
    interval_support,
    negative_binomial_logpmf,
    studies_loglik,
)


def nbinom(mean, size):
    return stats.nbinom(size, size / (size + mean))


@given(st.integers(0, 5000), st.floats(0.1, 5000), st.floats(0.0, 1.0))
def test_the_negative_binomial_is_that_of_scipy(y, mean, sd):
    size = dispersion_size(sd)
    found = negative_binomial_logpmf(np.array(float(y)), np.array(mean), size)
    assert found == pytest.approx(nbinom(mean, size).logpmf(y), rel=1e-6, abs=1e-6)


def test_without_extra_spread_it_is_nearly_poisson():
    y = np.arange(700, 1300, 50)
    found = negative_binomial_logpmf(y.astype(float), np.array(1000.0), dispersion_size(0.0))
    np.testing.assert_allclose(found, stats.poisson(1000).logpmf(y), atol=0.05)


@given(st.floats(0.0, 0.5), st.floats(1.0, 300.0), st.integers(0, 200), st.integers(0, 60))
def test_an_interval_has_the_probability_of_all_its_counts(sd, mean, lower, width):
    values, mask = interval_support(np.array([lower, 3]), np.array([lower + width, 3]))
    found = count_loglik(values, mask, np.array([mean, mean]), np.asarray(dispersion_size(sd)))
    law = nbinom(mean, dispersion_size(sd))
    expected = np.log(law.pmf(np.arange(lower, lower + width + 1)).sum() + 1e-320)
    if expected > -600:
        assert found[0] == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert found[1] == pytest.approx(law.logpmf(3), rel=1e-6, abs=1e-6)


def test_a_suppressed_cell_is_neither_zero_nor_missing():
    values, mask = interval_support(np.array([1]), np.array([4]))
    low, high = (count_loglik(values, mask, np.array([mean]), np.asarray(1e6))[0] for mean in (0.01, 100.0))
    middle = count_loglik(values, mask, np.array([2.5]), np.asarray(1e6))[0]
    assert middle > low
    assert middle > high


def test_draws_run_in_front_of_rows():
    values, mask = interval_support(np.array([5, 7, 9]), np.array([6, 7, 12]))
    mean, size = np.array([[4.0, 8.0, 10.0], [6.0, 6.0, 6.0]]), np.array([10.0, 200.0])
    together = count_loglik(values, mask, mean, size)
    for i in range(2):
        np.testing.assert_allclose(together[i], count_loglik(values, mask, mean[i], np.asarray(size[i])), rtol=1e-13)


@given(st.integers(1, 500), st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.data())
def test_proportions_are_binomial_up_to_a_constant(n, p, q, data):
    k = data.draw(st.integers(0, n))
    found = binomial_loglik(*(np.array(v) for v in (k, n, p))) - binomial_loglik(*(np.array(v) for v in (k, n, q)))
    assert found == pytest.approx(stats.binom(n, p).logpmf(k) - stats.binom(n, q).logpmf(k), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("found", [0, 10])
def test_a_probability_of_nought_or_one_is_finite(found):
    assert np.isfinite(binomial_loglik(np.array(found), np.array(10), np.array([0.0, 1.0]))).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
def test_points_of_a_study_are_jointly_normal(seed, between):
    rng = np.random.default_rng(seed)
    n, studies = 9, np.eye(4)[rng.integers(0, 4, 9)]
    precision, share = rng.uniform(1, 2000, n), rng.choice([0.5, 1.0], 4)
    residual = rng.normal(0, 0.3, n)
    covariance = np.diag(1 / precision) + between**2 * (studies * share) @ studies.T
    expected = stats.multivariate_normal(np.zeros(n), covariance).logpdf(residual)
    found = studies_loglik(residual, precision, studies, np.asarray(between), share)
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-7)


def test_studies_broadcast_over_draws():
    rng = np.random.default_rng(1)
    studies, precision, share = np.eye(2)[[0, 0, 1]], np.array([10.0, 40.0, 90.0]), np.ones(2)
    residual, between = rng.normal(size=(5, 3)), rng.uniform(0, 1, 5)
    together = studies_loglik(residual, precision, studies, between, share)
    alone = [studies_loglik(residual[i], precision, studies, np.asarray(between[i]), share) for i in range(5)]
    np.testing.assert_allclose(together, alone, rtol=1e-12)
