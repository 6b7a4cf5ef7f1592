"""Cumulative hazards of the families held to lifelines, an independent implementation."""

import numpy as np
import pytest
from lifelines import LogLogisticFitter, PiecewiseExponentialFitter, WeibullFitter

from sbc_prevalence.kernels.hazards import (
    log_logistic_cumulative_hazard,
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
