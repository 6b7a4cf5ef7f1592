"""Survival of a trust: published curves, the sheet's deaths, and a floor; by importance sampling, held to a grid."""

import numpy as np
import pytest
from scipy.special import logsumexp

from sbc_prevalence.trust.curves import (
    _Followed,
    _importance,
    _log_likelihood,
    _other_causes,
    posterior_curves,
    published_prior,
    with_floor,
)
from sbc_prevalence.trust.simulate import simulate_trust

FAMILIES = ("weibull", "log_logistic")


def followed(seed: int) -> _Followed:
    p = simulate_trust(seed, per_year=20.0).people
    on = p.exit > p.entry
    return _Followed(p.entry[on], p.exit[on], p.died[on], p.de_novo[on], p.mean_age)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_prior_holds_the_published_points_of_recent_years(family):
    prior = published_prior(family)
    assert set(prior.studies) == {"Denmark", "England and Wales audit", "France ESME", "Netherlands", "Sweden", "US SEER"}
    points = np.random.default_rng(1).multivariate_normal(prior.mean, prior.covariance, 4000)
    times = np.array([0.0, 1.0, 3.0])
    alive = np.exp(-with_floor(points, np.zeros(4000, dtype=np.int64), (family,), times, 65.0)[:, 1])
    low, high = np.quantile(alive[:, 1:], [0.025, 0.975], axis=0)
    assert low[0] < 0.65 < high[0]
    assert low[1] < 0.44 < high[1]
    assert high[0] - low[0] > 0.1


@pytest.mark.parametrize("family", FAMILIES)
def test_importance_sampling_agrees_with_a_grid(family):
    prior, data = published_prior(family), followed(1)
    points, log_weights, evidence = _importance(prior, data, np.random.default_rng(2))
    weights = np.exp(log_weights - logsumexp(log_weights))
    mean = weights @ points
    sd = np.sqrt(weights @ (points - mean) ** 2)
    axes = [np.linspace(m - 5 * s, m + 5 * s, 25) for m, s in zip(mean, sd, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    from scipy import stats

    log_density = stats.multivariate_normal(prior.mean, prior.covariance).logpdf(grid) + _log_likelihood(
        grid, family, data)
    cell = float(np.prod([a[1] - a[0] for a in axes]))
    assert evidence == pytest.approx(float(logsumexp(log_density) + np.log(cell)), abs=0.1)
    on_grid = np.exp(log_density - logsumexp(log_density))
    assert mean == pytest.approx(on_grid @ grid, abs=0.15 * sd.min() + 0.02)
    assert sd == pytest.approx(np.sqrt(on_grid @ (grid - on_grid @ grid) ** 2), rel=0.1)


def test_the_likelihood_of_an_exponential_without_floor_is_deaths_and_person_years():
    data = _Followed(np.array([0.0, 0.5]), np.array([2.0, 1.5]), np.array([True, False]), np.array([1.0, 1.0]), 30.0)
    found = _log_likelihood(np.array([[np.log(0.4), 0.0, 0.0]]), "weibull", data)
    assert found == pytest.approx(np.log(0.4) - 0.4 * (2.0 + 1.0), abs=1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_nobody_dies_slower_than_of_other_causes(family):
    points = np.array([[-6.0, -1.0, 0.0]])
    times = np.arange(0.0, 30.0, 1 / 12)
    hazards = with_floor(points, np.zeros(1, dtype=np.int64), (family,), times, 70.0)
    steps = np.diff(hazards[0, 1])
    assert (steps >= _other_causes(70.0 + times[:-1]) / 12 - 1e-12).all()


def test_curves_fall_from_one_and_de_novo_lives_at_least_as_long_where_the_ratio_is_above_one():
    p = simulate_trust(4, per_year=20.0).people
    curves = posterior_curves(p, FAMILIES, 300, np.random.default_rng(3))
    alive = curves.at(np.linspace(0, 40, 50), np.ones(50), 0.5)
    assert alive[:, 0] == pytest.approx(1.0)
    assert (np.diff(alive, axis=1) <= 1e-12).all()
    assert curves.effective > 1000


def test_without_follow_up_the_posterior_is_the_prior():
    data = _Followed(*(np.zeros(0) for _ in range(2)), np.zeros(0, dtype=bool), np.zeros(0), 65.0)
    prior = published_prior("weibull")
    points, log_weights, evidence = _importance(prior, data, np.random.default_rng(4))
    weights = np.exp(log_weights - logsumexp(log_weights))
    assert weights @ points == pytest.approx(prior.mean, abs=0.02)
    assert evidence == pytest.approx(0.0, abs=0.05)
