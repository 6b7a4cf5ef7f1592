"""Completion of unobserved years and the completeness index: closed forms, published figures, simulated pasts."""

import datetime

import numpy as np
import pandas as pd
import pytest
from lifelines import WeibullFitter
from scipy import special

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.estimators.completeness_index import completeness_index, completeness_index_at_age
from sbc_prevalence.estimators.completion import complete_prevalence
from sbc_prevalence.estimators.days import end_of_day
from sbc_prevalence.estimators.incidence_trend import fit_trend
from sbc_prevalence.estimators.simulated_registers import RegisterWorld, simulate_register
from sbc_prevalence.estimators.strata_survival import FAMILIES, fit_strata

LIMITS = (1, 3, 5, 10, 20)
LAST = datetime.date(2020, 12, 31)
SINCE = datetime.date(1991, 1, 1)
EXPONENTIAL = [.283469, .632121, .811124, .964326, .998727]
WEIBULL = [.272736, .586279, .753600, .924939, .991108]


@pytest.mark.parametrize(("years", "printed"), list(zip(LIMITS, EXPONENTIAL, strict=True)))
def test_the_index_of_exponential_survival(years, printed):
    found = completeness_index(lambda u: np.exp(-u / 3), years)
    assert found == pytest.approx(1 - np.exp(-years / 3), rel=1e-9)
    assert found == pytest.approx(printed, abs=5e-7)


@pytest.mark.parametrize(("years", "printed"), list(zip(LIMITS, WEIBULL, strict=True)))
def test_the_index_of_weibull_survival(years, printed):
    found = completeness_index(lambda u: np.exp(-((u / 2.5) ** 0.8)), years)
    assert found == pytest.approx(special.gammainc(1 / 0.8, (years / 2.5) ** 0.8), rel=1e-8)
    assert found == pytest.approx(printed, abs=5e-7)


def test_growth_makes_a_register_more_complete():
    """Rate 1/3 becomes 1/3 + .03: of 2752.294 living of 1,000 a year, 5 years hold 1 - exp(-5 (1/3 + .03))."""
    found = completeness_index(lambda u: np.exp(-u / 3), 5, growth=0.03)
    assert found == pytest.approx(1 - np.exp(-5 * (1 / 3 + 0.03)), rel=1e-9)
    limited = 1000 * (1 - np.exp(-5 * (1 / 3 + 0.03))) / (1 / 3 + 0.03)
    assert limited / found == pytest.approx(2752.294, abs=5e-4)


def test_the_index_at_an_age_is_that_of_capocaccia_and_de_angelis():
    """Constant incidence and hazard 1/3: (1 - e^(-L/3)) / (1 - e^(-x/3)); incidence a^2 needs an integral by parts."""
    def survival(_, u):
        return np.exp(-u / 3)

    assert completeness_index_at_age(lambda a: 1.0, survival, 8, 5) == pytest.approx(
        (1 - np.exp(-5 / 3)) / (1 - np.exp(-8 / 3)), rel=1e-8)
    whole = [a**2 * 3 - 2 * a * 9 + 2 * 27 for a in (60.0, 55.0)]
    seen = whole[0] - np.exp(-5 / 3) * whole[1]
    everybody = whole[0] - np.exp(-60 / 3) * 54
    assert completeness_index_at_age(lambda a: a**2, survival, 60, 5) == pytest.approx(seen / everybody, rel=1e-8)


def test_an_index_without_end_is_refused():
    with pytest.raises(EvidenceError, match="finite"):
        completeness_index(lambda u: 0.1 + 0.9 * np.exp(-u), 5)
    with pytest.raises(EvidenceError, match="within the horizon"):
        completeness_index(lambda u: np.exp(-u), 5, horizon_years=3)


def test_a_trend_of_poisson_counts_is_found_with_its_error():
    rng = np.random.default_rng(1)
    times, z = np.arange(12) + 0.5, []
    for _ in range(300):
        counts = rng.poisson(np.exp(np.array([3.0, 4.0])[None, :] + 0.04 * times[:, None]))
        found = fit_trend(counts.astype(float), times, np.ones(12), dispersion="poisson")
        z.append((found.growth[0] - 0.04) / np.sqrt(found.covariance[-1, -1]))
    assert abs(np.mean(z)) < 0.2
    assert np.std(z) == pytest.approx(1.0, abs=0.13)


def test_years_that_vary_more_than_poisson_widen_the_trend():
    rng = np.random.default_rng(2)
    counts = rng.negative_binomial(20, 20 / (20 + 100), (10, 1)).astype(float)
    quasi, plain = (fit_trend(counts, np.arange(10.0), np.ones(10), dispersion=d) for d in ("estimated", "poisson"))
    assert quasi.dispersion > 2
    sd = [np.std(t.draws(4000, np.random.default_rng(3))[0][:, 1]) for t in (quasi, plain)]
    assert sd[0] > 1.4 * sd[1]


def strata_people(n, seed):
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 2, n)
    life = np.array([3.0, 6.0])[stratum] * (-np.log(rng.uniform(size=n))) ** (1 / 0.8)
    until = rng.uniform(0, 12, n)
    entry = np.where(rng.uniform(size=n) < 0.3, rng.uniform(0, 1, n), 0.0)
    end = np.minimum(life, until)
    at_risk = entry < end
    return entry[at_risk], end[at_risk], (life <= until).astype(float)[at_risk], stratum[at_risk]


def test_one_stratum_has_the_weibull_of_lifelines_with_its_errors():
    entry, end, died, stratum = strata_people(2500, 1)
    ours = fit_strata(entry, end, died, np.zeros_like(stratum), ("all",), "weibull")
    theirs = WeibullFitter().fit(end, died, entry=entry)
    assert np.exp(ours.estimates) == pytest.approx([theirs.lambda_, theirs.rho_], rel=5e-3)
    errors = np.sqrt(np.diag(ours.covariance)) * np.exp(ours.estimates)
    assert errors == pytest.approx(theirs.summary["se(coef)"].to_numpy(), rel=0.02)


@pytest.mark.parametrize("family", FAMILIES)
def test_families_hold_the_curve_of_each_stratum(family):
    fit = fit_strata(*strata_people(6000, 4), ("a", "b"), family, least_hazard=0.0)
    u = np.array([0.0, 1.0, 3.0, 8.0])
    found = np.exp(fit.log_survival(fit.estimates[None], u))[0]
    exact = np.exp(-((u / np.array([[3.0], [6.0]])) ** 0.8))
    np.testing.assert_allclose(found, exact, atol=0.07 if family == "log_logistic" else 0.025)
    assert np.all(np.diff(np.exp(fit.log_survival(fit.draws(50, np.random.default_rng(1)), u))) <= 0)


def test_no_hazard_falls_below_the_least():
    fit = fit_strata(*strata_people(2000, 4), ("a", "b"), "log_logistic", least_hazard=np.array([0.2, 0.3]))
    u = np.linspace(0, 60, 601)
    growth = -np.diff(fit.log_survival(fit.estimates[None], u)[0]) / 0.1
    assert growth[0].min() >= 0.2 - 1e-9
    assert growth[1].min() >= 0.3 - 1e-9


def test_a_mixture_cure_is_refused_without_other_causes():
    with pytest.raises(EvidenceError, match="least_hazard"):
        fit_strata(*strata_people(500, 4), ("a", "b"), "mixture_cure")


def test_constant_rates_completed_by_a_known_integral():
    """prevsim with a Weibull and a constant rate: 517 counted, and 249.55 of 10.06 to 20 years ago, 766.55 within 1 %."""
    scale, shape, rate, days = 2857.794, 0.517145, 1000 / 3676, np.array([3676.0, 20 * 365.25])
    below = scale / shape * special.gamma(1 / shape) * special.gammainc(1 / shape, (days / scale) ** shape)
    assert 517 + rate * (below[1] - below[0]) == pytest.approx(766.55, rel=0.01)
    index = completeness_index(lambda u: np.exp(-((u / scale) ** shape)), 3676.0, horizon_years=20 * 365.25)
    assert rate * below[0] * (1 / index - 1) == pytest.approx(rate * (below[1] - below[0]), rel=1e-7)


@pytest.fixture(scope="module")
def world():
    return simulate_register(RegisterWorld(yearly=300, growth=0.03, loss=0.02), 5)


def complete(people, **more):
    return complete_prevalence(people, LAST, **{
        "registered_from": datetime.date(2010, 1, 1), "since": SINCE, "strata": ["age_band", "sex"],
        "families": ["weibull"], "draws": 600, **more})


def test_the_parts_sum_to_the_whole_and_hold_the_truth(world):
    found = complete(world[world["diagnosed"] >= 2010])
    assert found.lower <= world["lives"].sum() <= found.upper
    assert found.draws.mean() == pytest.approx(found.known_alive + found.expected_of_lost + found.unobserved, rel=0.01)
    assert found.growth == pytest.approx(0.03, abs=0.02)
    assert found.completeness_index == pytest.approx(
        (world["lives"] & (world["diagnosed"] >= 2010)).sum() / world["lives"].sum(), abs=0.04)
    assert str(found).count("known") == 1


def test_a_trend_that_is_left_out_gives_too_many(world):
    """Diagnoses grew by 3 % a year; a constant rate back in time, as the best-known peer has it, overstates the past."""
    seen = world[world["diagnosed"] >= 2010]
    assert complete(seen, trend="none", growth_sd=0.0).unobserved > 1.15 * complete(seen, growth_sd=0.0).unobserved


def test_a_register_that_saw_everything_adds_nobody(world):
    found = complete(world, registered_from=SINCE)
    assert found.unobserved == 0
    assert found.completeness_index == 1
    assert found.upper <= found.known_alive + found.lost


def test_nothing_after_the_index_date_is_used(world):
    early = datetime.date(2018, 12, 31)
    changed = world.copy()
    after = changed["diagnosed"] + changed["exit_years"] > 2019.01
    changed.loc[after, "exit_years"] += 5.0
    changed.loc[after, "died"] = 1 - changed.loc[after, "died"]
    args = {"registered_from": datetime.date(2008, 1, 1), "since": SINCE, "families": ["weibull"], "draws": 100}
    both = [complete_prevalence(f, early, **args).draws for f in (world, changed)]
    np.testing.assert_array_equal(*both)


def test_the_same_seed_gives_the_same_draws(world):
    seen = world[world["diagnosed"] >= 2012]
    np.testing.assert_array_equal(complete(seen, registered_from=datetime.date(2012, 1, 1), seed=3).draws,
                                  complete(seen, registered_from=datetime.date(2012, 1, 1), seed=3).draws)


@pytest.mark.parametrize(("more", "words"), [
    ({"since": datetime.date(2015, 1, 1)}, "in this order"), ({"weighting": "best"}, "weighting"),
    ({"strata": ["area"]}, "columns of the strata"), ({"families": ["mixture_cure"]}, "no survival family"),
    ({"trend": "spline"}, "trend is one of"), ({"registered_from": datetime.date(2019, 1, 1)}, "at least 4")])
def test_what_cannot_be_completed_is_refused(world, more, words):
    with pytest.raises(EvidenceError, match=words):
        complete(world[world["diagnosed"] >= 2010], **more)


def test_simulated_registers_hold_what_they_are_told():
    world = simulate_register(RegisterWorld(yearly=400, growth=0.05, loss=0.1), 1)
    assert isinstance(world, pd.DataFrame)
    first, last = ((world["diagnosed"] // 1 == y).sum() for y in (2001, 2020))
    assert np.log(last / first) / 19 == pytest.approx(0.05, abs=0.012)
    older = world.groupby("sex")["age_band"].apply(lambda b: (b == "70+").mean())
    assert older["male"] > older["female"] + 0.2
    assert end_of_day(LAST) > 0
