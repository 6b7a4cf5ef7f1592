"""Life tables against closed forms, and the laws of a mixture of ages."""

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence.data.life_table import (
    FLOOR_SHARE,
    cumulative_hazard,
    expected_hazard,
    expected_survival,
    hazard_from_qx,
    life_expectancy,
    other_cause_hazard,
    other_cause_table,
    rates_by_single_age,
    scale_to_life_expectancy,
)
from sbc_prevalence.errors import DataError


def test_a_constant_hazard_lives_its_reciprocal():
    assert life_expectancy(np.full(100, 0.0125)) == pytest.approx(80.0, abs=1e-9)
    assert life_expectancy(np.full((3, 2, 50), 0.5)).shape == (3, 2)


def test_a_gompertz_table_agrees_with_numerical_integration():
    hazard = 3e-5 * np.exp(0.095 * np.arange(100))
    fine = np.arange(0, 130, 1e-3) + 5e-4
    survival = np.exp(-cumulative_hazard(hazard, fine))
    assert life_expectancy(hazard) == pytest.approx(survival.sum() * 1e-3, abs=1e-4)


def test_hazard_from_qx_gives_qx_back():
    qx = np.array([0.0, 0.01, 0.3])
    np.testing.assert_allclose(-np.expm1(-hazard_from_qx(qx)), qx, atol=1e-15)


@pytest.mark.parametrize("target", [60.0, 75.2, 83.0])
def test_scaling_reaches_the_life_expectancy_and_keeps_the_shape(target):
    shape = 3e-5 * np.exp(0.095 * np.arange(100))
    scaled = scale_to_life_expectancy(shape, target)
    assert life_expectancy(scaled) == pytest.approx(target, abs=1e-8)
    np.testing.assert_allclose(scaled / shape, scaled[0] / shape[0])


def test_a_life_expectancy_that_no_multiple_gives_is_refused():
    with pytest.raises(DataError, match="E-LIFE-TABLE"):
        scale_to_life_expectancy(np.full(100, 0.0125), 5000.0)


def test_the_cause_is_taken_out_but_never_more_than_the_floor_allows():
    rates = pd.DataFrame({age: [0.005 if age == 0 else 0.5] for age in range(100)}, index=[2000])
    table = other_cause_table(np.full(100, 0.0125), pd.Series({2000: 80.0}), rates, [1999, 2000, 2005])
    assert sorted(table["year"].unique()) == [1999, 2000, 2005]
    young, old = table[table["age"] == 0], table[table["age"] == 60]
    np.testing.assert_allclose(young["hazard"], 0.0075, atol=1e-9)
    np.testing.assert_allclose(old["hazard"], FLOOR_SHARE * 0.0125, atol=1e-9)


def test_rates_are_pooled_over_years_and_the_window_keeps_its_width_at_the_ends():
    years = list(range(2000, 2010))
    deaths = pd.DataFrame({"0-1": np.arange(10.0)}, index=years)
    people = pd.DataFrame({"0-1": np.full(10, 100.0)}, index=years)
    rates = rates_by_single_age(deaths, people, {"0-1": (0, 1)}, window=5)
    assert list(rates.columns) == [0, 1]
    assert rates.loc[2000, 0] == rates.loc[2002, 1] == pytest.approx(0.02)
    assert rates.loc[2009, 0] == rates.loc[2007, 0] == pytest.approx(0.07)
    assert rates.loc[2005, 0] == pytest.approx(0.05)


def test_expected_survival_of_one_age_follows_attained_age():
    hazard = np.array([0.1, 0.2, 0.4])
    got = expected_survival(hazard, [0.5], [1.0], [0.0, 0.5, 1.0, 2.0, 10.5])
    exponents = [0.0, 0.05, 0.05 + 0.1, 0.05 + 0.2 + 0.2, 0.05 + 0.2 + 0.4 * 9]
    np.testing.assert_allclose(got, np.exp(-np.array(exponents)), rtol=1e-12)


def test_a_mixture_is_the_weighted_mean_and_keeps_leading_axes():
    rng = np.random.default_rng(1)
    hazard = rng.uniform(0.01, 0.3, (4, 2, 100))
    ages, weights, durations = [42.5, 67.0, 81.25], [2.0, 1.0, 1.0], np.linspace(0, 40, 17)
    got = expected_survival(hazard, ages, weights, durations)
    single = [expected_survival(hazard, [a], [1.0], durations) for a in ages]
    assert got.shape == (4, 2, 17)
    np.testing.assert_allclose(got, 0.5 * single[0] + 0.25 * single[1] + 0.25 * single[2], rtol=1e-12)
    np.testing.assert_allclose(got[..., 0], 1.0)
    assert (np.diff(got, axis=-1) < 0).all()


def test_expected_hazard_is_minus_the_slope_of_log_survival():
    hazard = 3e-5 * np.exp(0.095 * np.arange(100))
    ages, weights = [52.3, 71.7], [1.0, 3.0]
    durations = np.array([0.1, 3.05, 9.6, 20.5])
    step = 1e-5
    ahead, behind = (expected_survival(hazard, ages, weights, durations + s) for s in (step, -step))
    slope = -(np.log(ahead) - np.log(behind)) / (2 * step)
    np.testing.assert_allclose(expected_hazard(hazard, ages, weights, durations), slope, rtol=1e-6)


@pytest.mark.parametrize("arguments", [
    ([50.0], [-1.0], [1.0]), ([50.0], [0.0], [1.0]), ([-5.0], [1.0], [1.0]), ([50.0], [1.0], [-1.0]),
    ([50.0, 60.0], [1.0], [1.0])])
def test_impossible_mixtures_are_refused(arguments):
    with pytest.raises(ValueError, match="must"):
        expected_survival(np.full(100, 0.01), *arguments)


def table_of(ages, years):
    rows = [(a, y, 0.01 * (a + 1)) for y in years for a in ages]
    return pd.DataFrame(rows, columns=["age", "year", "hazard"])


def test_the_tidy_table_becomes_arrays_whatever_the_order_of_rows():
    ages, years, hazard = other_cause_hazard(table_of(range(3), (2001, 2000)).astype(str).iloc[::-1])
    assert ages.tolist() == [0, 1, 2]
    assert years.tolist() == [2000, 2001]
    np.testing.assert_allclose(hazard, [[0.01, 0.02, 0.03]] * 2)


@pytest.mark.parametrize("spoil", [
    lambda t: t.assign(hazard=0.0), lambda t: t.assign(hazard="x"), lambda t: t.iloc[:-1],
    lambda t: pd.concat([t, t.iloc[:1]]), lambda t: t[t["age"] > 0], lambda t: t[t["year"] != 2001],
    lambda t: t.assign(hazard=np.inf)])
def test_broken_life_tables_are_refused(spoil):
    with pytest.raises(DataError):
        other_cause_hazard(spoil(table_of(range(3), (2000, 2001, 2002))))
