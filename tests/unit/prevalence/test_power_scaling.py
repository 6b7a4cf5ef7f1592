"""In a normal model everything is known: the answers of the mean and of the sd to each part of the log density."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbc_prevalence.prevalence import power_scaling as ps

PRIOR, FIRST, SECOND = (1.0, 0.25), (3.0, 4.0), (2.5, 1.0)  # mean and precision

SENSITIVE = 0.05  # the threshold of priorsense


def normal(parts, n=4000, seed=0):
    """Draws of a normal posterior made of normal parts, and the log density of each part."""
    means, precisions = (np.array(x) for x in zip(*parts, strict=True))
    total = precisions.sum()
    mean = (means * precisions).sum() / total
    x = mean + np.random.default_rng(seed).standard_normal((4, n // 4)) / np.sqrt(total)
    return x, -0.5 * precisions * (x[..., None] - means) ** 2, means, precisions, mean, total


def found(parts, **more):
    x, terms, *rest = normal(parts, **more)
    return ps.influence(x[..., None], terms), *rest


def test_the_information_share_is_the_share_of_the_posterior_precision():
    answer, _, precisions, _, total = found((PRIOR, FIRST, SECOND), n=40_000)
    exact = precisions / total
    np.testing.assert_allclose(exact, [0.047619, 0.761905, 0.190476], atol=1e-6)
    off = np.abs(answer.information_share[:, 0] - exact) / answer.information_share_mcse[:, 0]
    assert (off < 4).all()
    assert (answer.information_share_mcse < 0.025).all()


def test_the_shares_of_all_parts_sum_to_one():
    answer, *_ = found((PRIOR, FIRST, SECOND), n=40_000)
    assert answer.information_share.sum() == pytest.approx(1.0, abs=0.04)


def test_the_shift_is_the_derivative_of_the_posterior_mean():
    answer, means, precisions, mean, total = found((PRIOR, FIRST, SECOND), n=40_000)
    exact = np.log(2) * precisions * (means - mean) / np.sqrt(total)
    np.testing.assert_allclose(exact, [-0.136852, 0.230487, -0.093636], atol=1e-6)
    np.testing.assert_allclose(answer.shift[:, 0], exact, atol=0.02)


def test_a_part_that_says_nothing_of_a_quantity_has_no_influence_on_it():
    x, terms, *_ = normal((PRIOR, FIRST))
    other = np.random.default_rng(9).standard_normal(x.shape)
    parts = np.concatenate([terms, -0.5 * other[..., None] ** 2, np.zeros((*x.shape, 1))], axis=-1)
    answer = ps.influence(np.stack([x, other, np.ones(x.shape)], axis=-1), parts)
    assert abs(answer.information_share[2, 0]) < 4 * answer.information_share_mcse[2, 0]
    assert answer.information_share[2, 1] == pytest.approx(1.0, abs=0.15)
    assert answer.sensitivity[2, 0] < SENSITIVE < answer.sensitivity[2, 1]
    np.testing.assert_array_equal(answer.sensitivity[3], 0.0)
    assert np.isnan(answer.information_share[:, 2]).all()


def test_a_strong_prior_far_from_the_data_is_seen():
    answer, *_ = found(((-2.0, 1.0), (2.0, 1.0)))
    assert (answer.sensitivity[:, 0] > SENSITIVE).all()
    assert answer.shift[0, 0] < -0.5 < 0.5 < answer.shift[1, 0]


def test_weights_of_a_heavy_tailed_part_are_called_unreliable():
    rng = np.random.default_rng(4)
    parts = np.stack([rng.standard_normal((4, 500)), -40 * rng.pareto(0.8, (4, 500))], axis=-1)
    k_hat = ps.k_hats(parts)
    assert k_hat[0] < ps.K_HAT_LIMIT < k_hat[1]


def test_smoothed_weights_favour_the_draws_that_they_should():
    weights, k_hat = ps.smoothed_log_weights(np.linspace(-3, 0, 1000))
    assert np.exp(weights).sum() == pytest.approx(1.0)
    assert weights[-1] > weights[0]
    assert k_hat < ps.K_HAT_LIMIT


def test_two_fits_give_the_same_answers_as_the_draws_of_one():
    draws = {}
    for alpha in ps.WIDE_ALPHAS:
        x, *_ = normal((PRIOR, (FIRST[0], alpha * FIRST[1]), SECOND), n=40_000, seed=int(100 * alpha))
        draws[alpha] = x.reshape(-1, 1)
    answer, *_ = found((PRIOR, FIRST, SECOND), n=40_000)
    sd = np.array([1 / np.sqrt(5.25)])
    share, shift = ps.influence_of_refits(draws[0.8], draws[1.25], sd)
    assert share[0] == pytest.approx(answer.information_share[1, 0], abs=0.1)
    assert shift[0] == pytest.approx(answer.shift[1, 0], abs=0.05)


@settings(max_examples=15, deadline=None)
@given(st.floats(0.2, 5.0), st.floats(-2.0, 2.0))
def test_influence_does_not_depend_on_the_unit_of_a_quantity(factor, offset):
    x, terms, *_ = normal((PRIOR, FIRST, SECOND), n=800)
    one, other = ps.influence(x[..., None], terms), ps.influence((offset + factor * x)[..., None], terms + offset)
    np.testing.assert_allclose(other.information_share, one.information_share, rtol=1e-6)
    np.testing.assert_allclose(other.shift, one.shift, rtol=1e-6)
    np.testing.assert_allclose(other.sensitivity, one.sensitivity, rtol=1e-3, atol=1e-4)
