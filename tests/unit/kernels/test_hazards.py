"""Cumulative hazards of the families: shapes, limits, monotone in time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbc_prevalence.kernels.hazards import (
    exposure,
    log_logistic_cumulative_hazard,
    piecewise_cumulative_hazard,
    weibull_cumulative_hazard,
)

CUTS = (0.0, 1.0, 3.0, 5.0)


@given(st.floats(0.5, 10), st.floats(0.3, 3))
def test_hazards_start_at_nought_and_rise(scale, shape):
    u = np.linspace(0, 30, 200)
    for family in (weibull_cumulative_hazard, log_logistic_cumulative_hazard):
        hazard = family(u, np.array(scale), np.array(shape))
        assert hazard[0] == pytest.approx(0.0, abs=1e-30)
        assert np.all(np.diff(hazard) > 0)


def test_draws_run_in_front_of_durations():
    u = np.ones((3, 4))
    scale = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert weibull_cumulative_hazard(u, scale, np.ones((2, 2))).shape == (2, 2, 3, 4)
    np.testing.assert_allclose(weibull_cumulative_hazard(u, scale, np.ones((2, 2)))[1, 0], 1 / 3)


def test_the_scale_of_a_log_logistic_is_its_median():
    assert np.exp(-log_logistic_cumulative_hazard(np.array(2.4), np.array(2.4), np.array(1.7))) == pytest.approx(0.5)


@given(st.floats(0, 40))
def test_years_in_all_intervals_sum_to_the_duration(u):
    spent = exposure(np.array(u), CUTS)
    assert spent.sum() == pytest.approx(u)
    assert np.all(spent >= 0)
    assert np.all(spent[:-1] <= np.diff(CUTS))


def test_piecewise_hazards_add_up():
    hazards = np.array([[0.4, 0.3, 0.2, 0.1], [1.0, 1.0, 1.0, 1.0]])
    found = piecewise_cumulative_hazard(np.array([0.5, 2.0, 7.0]), hazards, CUTS)
    np.testing.assert_allclose(found, [[0.2, 0.7, 0.4 + 0.6 + 0.4 + 0.2], [0.5, 2.0, 7.0]])
