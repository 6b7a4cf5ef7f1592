"""Crude recurrence, life tables and smoothing held to scipy and statsmodels."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import integrate

from sbc_prevalence.data.life_table import expected_survival
from sbc_prevalence.evidence.recurrence_table import build_recurrence_table
from sbc_prevalence.evidence.smoothing import smooth_primaries
from sbc_prevalence.kernels.recurrence import crude_recurrence, crude_recurrence_in_parts, hazard_from_risk
from small_study import bundle, frames, grid_of

HAZARDS = hnp.arrays(float, 6, elements=st.floats(0.0, 0.3))


def cumulative_incidence(h, o, u):
    """G(u) by numerical integration of h(x) exp(-H(x) - O(x)), year by year."""
    h, o = np.asarray(h), np.asarray(o)
    total = h + o
    before = np.concatenate([[0.0], np.cumsum(total)])
    found = 0.0
    for year in range(min(int(np.ceil(u)), h.size)):
        end = min(u, year + 1.0)
        found += integrate.quad(
            lambda x, y=year: h[y] * np.exp(-before[y] - total[y] * (x - y)), year, end, epsabs=1e-13)[0]
    return found


def direct(h, o, m):
    """g(m): primaries uniform in their year, so the mean of G(m + v) - G(m - 1 + v)."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    v, w = (nodes + 1) / 2, weights / 2
    later = [cumulative_incidence(h, o, m + x) for x in v]
    sooner = [cumulative_incidence(h, o, max(m - 1 + x, 0.0)) if m > 0 else 0.0 for x in v]
    return float((np.array(later) - np.array(sooner)) @ w)


@settings(max_examples=15, deadline=None)
@given(HAZARDS, HAZARDS)
def test_crude_recurrence_equals_numerical_integration(h, o):
    found = crude_recurrence(h, o)
    np.testing.assert_allclose(found, [direct(h, o, m) for m in range(h.size)], rtol=1e-9, atol=1e-12)


@given(HAZARDS, HAZARDS)
def test_competing_death_only_takes_recurrences_away(h, o):
    crude, net = np.cumsum(crude_recurrence(h, o)), np.cumsum(crude_recurrence(h, np.zeros_like(o)))
    assert np.all(crude <= net + 1e-12)
    assert np.all(net <= 1.0)


@given(HAZARDS, HAZARDS, st.integers(0, 6))
def test_what_follow_up_covers_and_what_is_extrapolated_sum_to_the_whole(h, o, n_within):
    within, beyond = crude_recurrence_in_parts(h, o, n_within)
    np.testing.assert_allclose(within + beyond, crude_recurrence(h, o), atol=1e-15)
    assert np.all(within >= -1e-12)
    assert np.all(beyond >= -1e-12)


def test_the_year_of_the_primary_itself_contributes_half_a_year_of_risk():
    assert crude_recurrence(np.full(3, 1e-6), np.zeros(3))[0] == pytest.approx(0.5e-6, rel=1e-5)


def test_a_net_risk_used_as_if_crude_gives_some_two_fifths_more_recurrences_in_the_old():
    """The trap of model.md section 6: a hazard of .02 against other-cause mortality that rises to .2 over 25 years."""
    net = np.full(25, 0.02)
    other = 0.02 * np.exp(np.log(10) * np.arange(25) / 25)
    as_if_crude = -np.expm1(-net.sum())
    assert 1.3 < as_if_crude / crude_recurrence(net, other).sum() < 2.0


@given(st.floats(0.001, 0.9), st.floats(0.5, 10))
def test_a_risk_over_an_interval_and_its_hazard_are_inverse(risk, years):
    hazard = hazard_from_risk(np.array(risk), np.array(years))
    assert 1 - np.exp(-hazard * years) == pytest.approx(risk, rel=1e-12)


def _one_cell(kind: str) -> pd.DataFrame:
    table = frames()["recurrence"]
    table = table[(table["diagnosis_year_from"] == 1992) & (table["age_from"] == 15)]
    return table.assign(risk_kind=kind, age_to=99)


def test_a_published_net_table_becomes_crude_yearly_probabilities():
    grid = grid_of(bundle())
    ages = np.zeros(100)
    ages[60] = 1.0
    years = np.arange(1990, 2030)
    other = np.broadcast_to(0.002 * np.exp(0.09 * (np.arange(100) - 40)), (years.size, 100))
    table = build_recurrence_table(_one_cell("net"), ages, other, years, grid)
    lags = np.arange(grid.years[-1] - grid.primary_years[0] + 1)
    risks = {0: 0.11, 5: 0.06}
    h = np.where(lags < 5, -np.log1p(-risks[0]) / 5, -np.log1p(-risks[5]) / 5)
    o = other[0, np.minimum(60 + lags, 99)]
    found = (table.within + table.beyond)[0, 0]
    s, t = 2, grid.years.size - 1
    lag = int(grid.years[t] - grid.primary_years[s])
    assert found[s, t] == pytest.approx(direct(h, o, lag), rel=1e-9)
    assert table.within[0, 0, s, t] == pytest.approx(direct(np.where(lags < 10, h, 0.0), o, lag), rel=1e-9, abs=1e-13)
    assert np.all(found[grid.years[None, :] < grid.primary_years[:, None]] == 0.0)


def test_a_published_crude_table_gives_its_risk_back():
    grid = grid_of(bundle())
    ages = np.zeros(100)
    ages[60] = 1.0
    years = np.arange(1990, 2030)
    other = np.full((years.size, 100), 0.03)
    table = build_recurrence_table(_one_cell("crude"), ages, other, years, grid)
    lags = np.arange(60)
    n = grid.years.size
    row = (table.within + table.beyond)[0, 0, list(grid.primary_years).index(grid.years[0]), :]
    guess = np.linspace(0.01, 0.05, 4001)
    crude_five = guess / (guess + 0.03) * -np.expm1(-(guess + 0.03) * 5)
    first = float(np.interp(0.11, crude_five, guess))
    second = float(np.interp(0.06, crude_five, guess))
    h = np.where(lags < 5, first, second)
    np.testing.assert_allclose(row, crude_recurrence(h, np.full(60, 0.03))[:n], rtol=1e-5)


def test_expected_survival_equals_the_integral_of_the_hazard_along_the_diagonal():
    hazard = 0.001 * np.exp(0.08 * np.arange(110))
    durations = np.array([0.3, 1.0, 7.7])
    found = expected_survival(hazard, np.array([50.5, 70.5]), np.array([0.4, 0.6]), durations)

    def alive(age, u):
        steps = np.linspace(age, age + u, 200_001)
        return np.exp(-integrate.trapezoid(hazard[np.floor(steps).astype(int)], steps))

    direct_mix = [0.4 * alive(50.5, u) + 0.6 * alive(70.5, u) for u in durations]
    np.testing.assert_allclose(found, direct_mix, rtol=1e-5)


@pytest.mark.parametrize("pause", [(), (2020, 2021)])
def test_smoothed_primaries_are_the_spline_regression_of_statsmodels(pause):
    rng = np.random.default_rng(3)
    years = np.arange(1997, 2022)
    counts = rng.poisson(np.exp(5 + 0.02 * (years - 2009))[None, :] * np.array([[1.0], [0.3]])).astype(float)
    found = smooth_primaries(counts, years, pause)
    x = (years - years.mean()) / np.ptp(years)
    data = pd.DataFrame({"y": counts.sum(0), "x": x})
    kept = ~np.isin(years, pause)
    spline = smf.glm("y ~ cr(x, df=4) - 1", data, family=sm.families.Poisson(),
                     freq_weights=kept.astype(float)).fit()
    np.testing.assert_allclose(found.sum(0), spline.predict(data), rtol=1e-6)
    np.testing.assert_allclose(found.sum(0)[kept].sum(), counts.sum(0)[kept].sum(), rtol=1e-8)


def test_a_pause_in_registration_does_not_dent_the_smooth_series():
    years = np.arange(1997, 2022)
    steady = np.tile(400.0 + 2 * (years - 1997), (3, 1))
    dented = steady.copy()
    dented[:, years >= 2020] *= 0.885
    np.testing.assert_allclose(
        smooth_primaries(dented, years, (2020, 2021)), smooth_primaries(steady, years), rtol=2e-3)
