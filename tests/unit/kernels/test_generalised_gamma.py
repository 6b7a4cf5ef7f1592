"""The generalised gamma: scipy's incomplete gamma functions away from Q = 0, its limits there, its derivatives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from sbc_prevalence.kernels.generalised_gamma import _hazard, _median, hazards_of_draws, standard_hazard

SHAPES = st.floats(-1.5, 1.5)
PLACES = st.floats(-6.0, 4.0)
CALM = settings(deadline=None)  # the first call compiles


def hazard(w, q):
    return np.array([_hazard(float(v), float(q))[0] for v in np.atleast_1d(w)])


@CALM
@given(st.floats(0.05, 2.0), st.booleans(), PLACES)
def test_survival_is_that_of_scipys_incomplete_gamma(size, negative, w):
    q = -size if negative else size
    a = q**-2.0
    x = a * np.exp(q * w)
    alive, dead = (special.gammaincc, special.gammainc) if q > 0 else (special.gammainc, special.gammaincc)
    if min(alive(a, x), dead(a, x)) > 1e-280:
        expected = -np.log1p(-dead(a, x)) if w < 0 else -np.log(alive(a, x))
        assert hazard(w, q)[0] == pytest.approx(expected, rel=2e-8)


def test_at_one_it_is_weibull_and_at_nought_log_normal():
    w = np.linspace(-20.0, 6.0, 200)
    np.testing.assert_allclose(hazard(w, 1.0), np.exp(w), rtol=1e-10)
    w = np.linspace(-8.0, 8.0, 200)
    np.testing.assert_allclose(hazard(w, 0.0), -stats.norm.logsf(w), rtol=1e-10)
    np.testing.assert_allclose(hazard(w, -1.0)[w < 5], -np.log1p(-np.exp(-np.exp(-w[w < 5]))), rtol=1e-9)


def test_at_a_half_it_is_the_gamma_with_shape_four():
    t = np.linspace(0.05, 20.0, 100)
    w = np.log(t * 0.25) / 0.5
    np.testing.assert_allclose(hazard(w, 0.5), -stats.gamma(4).logsf(t), rtol=1e-10)


@CALM
@given(PLACES, st.floats(-1e-3, 1e-3))
def test_nothing_happens_near_log_normal(w, q):
    """The slope in Q at 0 carries the change: no cancellation, no jump where series take over."""
    value, _, slope = _hazard(w, 0.0)
    assert hazard(w, q)[0] == pytest.approx(value + q * slope, rel=1e-3, abs=1e-12)


@given(PLACES, SHAPES)
@settings(max_examples=200, deadline=None)
def test_derivatives_are_slopes(w, q):
    step = 1e-5
    value, to_w, to_q = _hazard(w, q)
    slope = (hazard(w, q + step) - hazard(w, q - step))[0] / (2 * step)
    assert to_q == pytest.approx(slope, rel=1e-5, abs=1e-6 * value + 1e-9)
    if abs(w) > 2 * step:
        assert to_w == pytest.approx((hazard(w + step, q) - hazard(w - step, q))[0] / (2 * step), rel=1e-5, abs=1e-9)


@CALM
@given(SHAPES)
def test_half_are_alive_at_the_median(q):
    assert hazard(_median(q)[0], q)[0] == pytest.approx(np.log(2), rel=1e-12)
    value, _, _ = standard_hazard(np.zeros(1), q)
    assert value[0] == pytest.approx(np.log(2), rel=1e-12)


@CALM
@given(SHAPES)
def test_the_hazard_grows_and_far_tails_stay_finite(q):
    z = np.linspace(-60.0, 12.0, 400)
    value, to_z, to_q = standard_hazard(z, q)
    assert np.all(np.isfinite(value) & np.isfinite(to_z) & np.isfinite(to_q))
    assert np.all(np.diff(value) >= 0)
    assert np.all(to_z >= 0)


def test_derivatives_at_the_standard_scale_are_slopes_too():
    z, q, step = np.linspace(-5.0, 3.0, 30), 0.4, 1e-5
    _, to_z, to_q = standard_hazard(z, q)
    up, down = (standard_hazard(z, q + d)[0] for d in (step, -step))
    np.testing.assert_allclose(to_q, (up - down) / (2 * step), rtol=1e-6, atol=1e-9)
    up, down = (standard_hazard(z + d, q)[0] for d in (step, -step))
    np.testing.assert_allclose(to_z, (up - down) / (2 * step), rtol=1e-6, atol=1e-9)


def test_draws_are_rows():
    rng = np.random.default_rng(1)
    z, q = rng.normal(size=(5, 7)), rng.normal(size=5)
    together = hazards_of_draws(z, q)
    for i in range(5):
        np.testing.assert_array_equal(together[i], standard_hazard(z[i], q[i])[0])
