"""Laws of survivorship: where in the year, which index date, which grid (model.md sections 3 and 9)."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.grid import year_fraction
from sbc_prevalence.kernels.convolution import living_by_duration
from sbc_prevalence.kernels.hazards import log_logistic_cumulative_hazard, weibull_cumulative_hazard
from sbc_prevalence.kernels.survivorship import WITHIN_INTERVAL, survivorship, survivorship_at

SCALES, SHAPES = st.floats(1.0, 10.0), st.floats(0.5, 1.6)
FAMILIES = {"weibull": weibull_cumulative_hazard, "log_logistic": log_logistic_cumulative_hazard}


def curve(family, scale, shape):
    hazard = FAMILIES[family]
    return lambda u: np.exp(-hazard(np.asarray(u, dtype=float), np.asarray(scale), np.asarray(shape)))


curves = st.builds(curve, st.sampled_from(list(FAMILIES)), SCALES, SHAPES)


def immortal(u):
    return np.ones_like(np.asarray(u, dtype=float))


def fatal(u):
    return (np.asarray(u, dtype=float) == 0).astype(float)


@pytest.mark.parametrize("within", WITHIN_INTERVAL)
def test_with_zero_hazard_everybody_is_alive(within):
    np.testing.assert_allclose(survivorship(immortal, 7, within_interval=within), 1.0, rtol=1e-14)


@pytest.mark.parametrize(("within", "alive"), [("uniform", 0.0), ("start", 0.0), ("end", 1.0)])
def test_with_infinite_hazard_only_those_diagnosed_at_the_very_end_are_alive(within, alive):
    share = survivorship(fatal, 5, within_interval=within)
    np.testing.assert_array_equal(share, [alive, 0, 0, 0, 0])
    living = living_by_duration(np.full(4, 10.0), np.broadcast_to(share[:4], (4, 4))).sum(-1)
    np.testing.assert_array_equal(living, 10.0 * alive)


@given(curves, st.integers(2, 20))
def test_diagnoses_at_the_start_and_at_the_end_of_the_year_bound_the_uniform_ones(survival, n):
    start, uniform, end = (survivorship(survival, n, within_interval=w) for w in ("start", "uniform", "end"))
    assert np.all(start <= uniform + 1e-12)
    assert np.all(uniform <= end + 1e-12)


@given(curves, st.integers(2, 20))
def test_survivorship_falls_with_duration_and_stays_within_0_and_1(survival, n):
    share = survivorship(survival, n)
    assert np.all(np.diff(share) <= 1e-12)
    assert np.all((share >= 0) & (share <= 1))


@given(curves, st.integers(2, 15))
def test_an_index_date_at_the_end_of_the_year_is_the_year_end(survival, n):
    np.testing.assert_allclose(survivorship_at(survival, n, 1.0), survivorship(survival, n), rtol=1e-9)


@given(curves, st.integers(2, 15))
def test_an_index_date_at_the_start_of_the_year_is_the_previous_year_end(survival, n):
    at = survivorship_at(survival, n, 1e-9)
    assert at[0] == pytest.approx(0.0, abs=2e-9)
    np.testing.assert_allclose(at[1:], survivorship(survival, n)[:-1], rtol=1e-5, atol=1e-6)


@given(curves, st.integers(3, 15), st.floats(0.01, 1.0))
def test_an_index_date_inside_a_year_counts_what_direct_integration_counts(survival, n, fraction):
    nodes, weights = np.polynomial.legendre.leggauss(120)
    v, w = (nodes + 1) / 2, weights / 2
    graded, graded_w = v**5, 5 * v**4 * w
    at = survivorship_at(survival, n, fraction)
    assert at[0] == pytest.approx(fraction * (survival(fraction * graded) @ graded_w), rel=1e-7)
    if fraction > 0.05:
        direct = [survival(m - 1 + fraction + v) @ w for m in range(2, n)]
        np.testing.assert_allclose(at[2:], direct, rtol=1e-6)


@given(curves, st.integers(2, 10), st.floats(10, 1000))
def test_a_monthly_grid_equals_the_annual_one(survival, n, cases):
    monthly = survivorship(lambda u: survival(np.asarray(u) / 12.0), 12 * n)
    annual = survivorship(survival, n)
    by_month = living_by_duration(np.full(12 * n, cases / 12), monthly[None, :]).sum(-1)
    by_year = living_by_duration(np.full(n, cases), annual[None, :]).sum(-1)
    np.testing.assert_allclose(by_month[11::12], by_year, rtol=2e-8)


@given(st.floats(0.5, 6.0), st.floats(1, 5000))
def test_in_a_steady_state_the_living_are_incidence_times_mean_survival(mean, cases):
    n = 400
    share = survivorship(lambda u: np.exp(-np.asarray(u) / mean), n)
    assert living_by_duration(np.full(n, cases), share[None, :])[-1].sum() == pytest.approx(cases * mean, rel=1e-8)


@given(curves, st.floats(0.1, 0.9))
def test_the_living_rise_evenly_through_a_year_without_deaths(survival, fraction):
    del survival
    np.testing.assert_allclose(survivorship_at(immortal, 4, fraction), [fraction, 1, 1, 1], rtol=1e-12)


@given(st.dates(date(1990, 1, 1), date(2040, 12, 31)))
def test_every_date_has_a_place_in_its_year_29_february_included(day):
    year, fraction = year_fraction(day)
    assert year == day.year
    assert 0 < fraction <= 1
    assert (fraction == 1) == ((day.month, day.day) == (12, 31))


def test_the_leap_day_is_the_60th_of_366():
    assert year_fraction(date(2024, 2, 29)) == (2024, 60 / 366)


@pytest.mark.parametrize("fraction", [0.0, -0.1, 1.1])
def test_an_index_date_outside_its_year_is_refused(fraction):
    with pytest.raises(EvidenceError, match="fraction"):
        survivorship_at(immortal, 3, fraction)


def test_an_unknown_place_in_the_year_is_refused():
    with pytest.raises(EvidenceError, match="uniform, start, end"):
        survivorship(immortal, 3, within_interval="middle")


@pytest.mark.parametrize(("wrong", "words"), [
    (lambda u: 100 * immortal(u), "percent"), (lambda u: np.exp(-0.1 * (u + 1)), "duration 0"),
    (lambda u: np.where(u == 2, 0.9, np.exp(-u)), "rise"), (lambda u: np.nan * u, "finite")])
def test_what_cannot_be_survival_is_refused(wrong, words):
    with pytest.raises(EvidenceError, match=words):
        survivorship(wrong, 4)
