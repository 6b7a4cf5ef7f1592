"""Cumulative hazards of the families held to lifelines, an independent implementation."""

import numpy as np
import pytest
from lifelines import (
    GeneralizedGammaFitter,
    LogLogisticFitter,
    MixtureCureFitter,
    PiecewiseExponentialFitter,
    WeibullFitter,
)

from sbc_prevalence.kernels.generalised_gamma import _hazard, standard_hazard
from sbc_prevalence.kernels.hazards import (
    log_logistic_cumulative_hazard,
    mixture_cure_cumulative_hazard,
    piecewise_cumulative_hazard,
    weibull_cumulative_hazard,
)

RNG = np.random.default_rng(7)
TIMES = RNG.weibull(0.9, 400) * 3.0 + 1e-3
DIED = RNG.uniform(size=400) < 0.8
AT = np.array([0.1, 0.5, 1.0, 2.5, 6.0, 15.0])


def fitted(fitter):
    return fitter.fit(TIMES, DIED)


@pytest.mark.parametrize(("fitter", "family", "scale", "shape"), [
    (WeibullFitter(), weibull_cumulative_hazard, "lambda_", "rho_"),
    (LogLogisticFitter(), log_logistic_cumulative_hazard, "alpha_", "beta_")])
def test_two_parameter_families_are_those_of_lifelines(fitter, family, scale, shape):
    found = fitted(fitter)
    ours = family(AT, np.asarray(getattr(found, scale)), np.asarray(getattr(found, shape)))
    np.testing.assert_allclose(ours, found.cumulative_hazard_at_times(AT).to_numpy(), rtol=1e-9)
    np.testing.assert_allclose(np.exp(-ours), found.survival_function_at_times(AT).to_numpy(), rtol=1e-9)


def test_piecewise_hazards_are_those_of_lifelines():
    found = fitted(PiecewiseExponentialFitter(breakpoints=[1.0, 3.0, 5.0]))
    hazards = 1 / np.array([getattr(found, f"lambda_{i}_") for i in range(4)])
    ours = piecewise_cumulative_hazard(AT, hazards, (0.0, 1.0, 3.0, 5.0))
    np.testing.assert_allclose(ours, found.cumulative_hazard_at_times(AT).to_numpy(), rtol=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_generalised_gamma_is_that_of_lifelines(seed):
    """Fitted to gamma, log-normal and Weibull times: Q near a half, nought and one."""
    rng = np.random.default_rng(seed)
    times = {1: rng.gamma(4.0, 0.6, 800), 2: rng.lognormal(0.6, 1.0, 800), 3: 2.5 * rng.weibull(0.9, 800)}[seed]
    found = GeneralizedGammaFitter().fit(np.minimum(times, 8.0), times < 8.0)
    scale, q = float(np.exp(found.ln_sigma_)), float(found.lambda_)
    ours = [_hazard((float(np.log(t)) - found.mu_) / scale, q)[0] for t in AT]
    np.testing.assert_allclose(ours, found.cumulative_hazard_at_times(AT).to_numpy(), rtol=1e-7)
    from_median, *_ = standard_hazard((np.log(AT) - np.log(found.median_survival_time_)) / scale, q)
    np.testing.assert_allclose(from_median, ours, rtol=1e-6)


def test_the_mixture_cure_is_that_of_lifelines():
    rng = np.random.default_rng(5)
    times = np.where(rng.uniform(size=1500) < 0.15, np.inf, 2.0 * rng.weibull(0.9, 1500))
    found = MixtureCureFitter(base_fitter=WeibullFitter()).fit(np.minimum(times, 12.0), times < 12.0)
    rest = weibull_cumulative_hazard(AT, np.asarray(found.lambda_), np.asarray(found.rho_))
    ours = mixture_cure_cumulative_hazard(rest, np.asarray(found.cured_fraction_))
    np.testing.assert_allclose(ours, found.cumulative_hazard_at_times(AT).to_numpy(), rtol=1e-8)
    assert found.cured_fraction_ == pytest.approx(0.15, abs=0.04)
