"""Classical survival against R's survival package (lung), lifelines, statsmodels and closed forms."""

import numpy as np
import pandas as pd
import pytest
from lifelines.datasets import load_lung
from statsmodels.duration.survfunc import SurvfuncRight

from patient_worlds import register
from sbc_prevalence.errors import DataError, EvidenceError
from sbc_prevalence.estimators.relative_survival import expected_survival, relative_survival
from sbc_prevalence.estimators.survival import fit_family, kaplan_meier, records, survival_at
from sbc_prevalence.kernels.background import background_cumulative_hazard

DAY = 1 / 365.25


@pytest.fixture(scope="module")
def lung():
    """228 patients of survival::lung, times in days taken as years of a day each: only the unit is another."""
    raw = load_lung()
    frame = pd.DataFrame({"presentation": "recurrent", "diagnosis_year": 1990, "entry_years": 0.0,
                          "exit_years": raw["time"] * DAY, "died": raw["status"],
                          "sex": raw["sex"].map({1: "male", 2: "female"})})
    return records(frame)


def test_kaplan_meier_of_lung_is_that_of_r(lung):
    """survival::survfit, R 4.2.2: n = 228, 165 events, S(100, 180, 365, 730 days), median 310 days (log-log 284-361)."""
    curve = kaplan_meier(lung)
    assert (len(lung), curve["deaths"].sum(), curve["at_risk"].iloc[0]) == (228, 165, 228)
    found = survival_at(curve, np.array([100, 180, 365, 730]) * DAY)
    np.testing.assert_allclose(found["survival"], [0.8640, 0.7217, 0.4092, 0.1157], atol=5e-5)
    assert curve.loc[curve["survival"] <= 0.5, "duration_years"].iloc[0] / DAY == pytest.approx(310)
    assert curve.loc[curve["lower"] <= 0.5, "duration_years"].iloc[0] / DAY == pytest.approx(284)
    assert curve.loc[curve["upper"] <= 0.5, "duration_years"].iloc[0] / DAY == pytest.approx(361)
    by_sex = kaplan_meier(lung, by=["sex"])
    medians = by_sex[by_sex["survival"] <= 0.5].groupby("sex")["duration_years"].first() / DAY
    assert medians.to_dict() == pytest.approx({"male": 270, "female": 426})


def test_the_standard_error_of_lung_is_that_of_statsmodels_and_r(lung):
    """Greenwood's se of S(365) is .0358 in R; the interval on the log-log scale follows from it."""
    oracle = SurvfuncRight(lung["exit_years"], lung["died"])
    at = np.searchsorted(oracle.surv_times, 365 * DAY, side="right") - 1
    s, se = oracle.surv_prob[at], oracle.surv_prob_se[at]
    assert se == pytest.approx(0.0358, abs=5e-5)
    half = 1.959964 * se / (s * abs(np.log(s)))
    found = survival_at(kaplan_meier(lung), [365 * DAY])
    np.testing.assert_allclose([found["lower"][0], found["upper"][0]], s ** np.exp([half, -half]), rtol=1e-6)


def test_weibull_of_lung_is_that_of_r(lung):
    """survreg: intercept 6.034904, scale 0.7593936, logLik -1153.851; times in days there."""
    found = fit_family(lung, "weibull")
    median, shape = found.parameters["estimate"]
    scale = median / np.log(2) ** (1 / shape)
    assert np.log(scale / DAY) == pytest.approx(6.034904, abs=2e-5)
    assert 1 / shape == pytest.approx(0.7593936, rel=2e-5)
    assert found.log_likelihood + found.deaths * np.log(DAY) == pytest.approx(-1153.851, abs=1e-3)
    assert found.survival(np.array([median]))[0] == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("ties", [False, True])
def test_kaplan_meier_with_late_entry_is_that_of_statsmodels(ties):
    people = register(400, 3, followed=6.0)
    people = people[people["entry_years"] < 1.5]
    if ties:  # deaths, exits and entries on the same days
        people = people.round({"entry_years": 1, "exit_years": 1})
        people = people[people["entry_years"] < people["exit_years"]]
    oracle = SurvfuncRight(people["exit_years"], people["died"], entry=people["entry_years"])
    found = kaplan_meier(records(people)).iloc[1:]
    np.testing.assert_allclose(found["duration_years"], oracle.surv_times)
    np.testing.assert_array_equal(found["at_risk"], oracle.n_risk)
    np.testing.assert_array_equal(found["deaths"], oracle.n_events)
    np.testing.assert_allclose(found["survival"], oracle.surv_prob, rtol=1e-10, atol=1e-12)


def test_entry_takes_the_survivor_bias_out():
    """Timed from diagnosis, the registered follow the sum of both waiting times: (1.8 e^-.3u - .3 e^-1.8u) / 1.5."""
    people = records(register(20_000, 2, followed=9.0))
    naive = people.assign(entry_years=0.0)
    u = np.array([1.0, 3.0, 6.0])
    honest, biased = (survival_at(kaplan_meier(frame), u)["survival"].to_numpy() for frame in (people, naive))
    np.testing.assert_allclose(honest, np.exp(-0.3 * u), atol=0.05)
    np.testing.assert_allclose(biased, (1.8 * np.exp(-0.3 * u) - 0.3 * np.exp(-1.8 * u)) / 1.5, atol=0.01)
    for frame, mean in ((people, 3.333), (naive, 3.889)):
        fit = fit_family(frame, "piecewise_exponential").parameters["estimate"]
        years = (frame["exit_years"] - frame["entry_years"]).sum() / frame["died"].sum()
        assert years == pytest.approx(mean, rel=0.03)
        if mean == 3.333:
            np.testing.assert_allclose(fit, 0.3, atol=0.03)


def test_a_curve_that_would_fall_to_nought_because_nobody_was_there_is_refused():
    late = pd.DataFrame({"presentation": "de_novo", "diagnosis_year": 2010, "entry_years": [0.0, 1.0, 1.0, 1.0],
                         "exit_years": [0.2, 2.0, 3.0, 4.0], "died": [1, 1, 0, 1]})
    with pytest.raises(EvidenceError, match=r"would be 0 from 0\.2 years on"):
        kaplan_meier(records(late))
    later = kaplan_meier(records(late), start=0.5)
    np.testing.assert_allclose(later["survival"], [1.0, 2 / 3, 0.0])
    np.testing.assert_allclose(later["duration_years"], [0.5, 2.0, 4.0])


@pytest.mark.parametrize(("family", "truth"), [
    ("weibull", {"survival_median": np.log(2) ** (1 / 0.9) / 0.3, "survival_shape": 0.9}),
    ("generalised_gamma", {"survival_median": np.log(2) ** (1 / 0.9) / 0.3, "survival_shape": 0.9, "gamma_shape": 1.0}),
])
def test_families_recover_what_made_the_records(family, truth):
    found = fit_family(records(register(8000, 6, shape=0.9, followed=8.0)), family).parameters.set_index("parameter")
    for name, value in truth.items():
        row = found.loc[name]
        assert abs(row["estimate"] - value) < 4 * row["se"]
        assert row["se"] < 0.2


def test_a_mixture_cure_is_refused_without_other_causes():
    with pytest.raises(EvidenceError, match="mortality from other causes"):
        fit_family(records(register(50, 1)), "mixture_cure")


def test_faulty_records_are_refused():
    with pytest.raises(DataError, match="E-ENTRY-AFTER-EXIT"):
        records(register(50, 1).assign(entry_years=20.0, exit_years=15.0))


# ---- expected and relative survival: closed forms -------------------------------------------------------------


def life_table(rate, *, sexes=None, years=range(2000, 2031)):
    rows = [{"age": age, "year": year, "hazard": rate(age, year, sex), **({"sex": sex} if sexes else {})}
            for sex in (sexes or ("female",)) for year in years for age in range(100)]
    return pd.DataFrame(rows)


def matched(people, age=60.0, sex="female"):
    return people.assign(age_years=age, sex=sex)


def test_background_follows_birthdays_and_new_years_exactly():
    """Aged 59.75 on 1 July 2010 (2010.5): birthday after .25, new year after .5, and so on."""
    hazard = np.arange(1.0, 5.0)[:, None] * 0.001 * np.arange(100)[None, :]
    u = np.array([0.2, 0.25, 0.6, 1.0, 2.0])
    found = background_cumulative_hazard(hazard, 2010, np.array([59.75]), np.array([2010.5]), u)
    expected = 0.001 * np.array([0.2 * 59, 0.25 * 59, 0.25 * 59 + 0.25 * 60 + 0.1 * 60 * 2, 0, 0])
    np.testing.assert_allclose(found[0, :3], expected[:3], rtol=1e-12)
    assert found[0, 3] == pytest.approx(0.001 * (0.25 * 59 + 0.25 * 60 + 0.5 * 60 * 2), rel=1e-12)
    second = 0.001 * (0.25 * 60 * 2 + 0.25 * 61 * 2 + 0.5 * 61 * 3)
    assert found[0, 4] == pytest.approx(found[0, 3] + second, rel=1e-12)


@pytest.mark.parametrize("method", ["ederer_1", "ederer_2"])
def test_a_constant_background_is_taken_out_exactly(method):
    people = matched(records(register(4000, 9, death=0.3, registration=np.inf)))
    table = life_table(lambda age, year, sex: 0.02)
    u = [1.0, 2.5, 5.0]
    expected = expected_survival(people, table, u, method=method)["expected"]
    np.testing.assert_allclose(expected, np.exp(-0.02 * np.array(u)), rtol=1e-9)
    found = relative_survival(people, table, u, method=method)
    np.testing.assert_allclose(found["relative"], found["observed"] / expected, rtol=1e-12)
    assert abs(found["relative"][1] - np.exp(-0.28 * 2.5)) < 0.03


def test_ederer_one_follows_everybody_and_ederer_two_those_at_risk():
    """Half at .01 and half at .2 a year of background, and no excess: the old go first, in the second method too."""
    rng = np.random.default_rng(4)
    old = rng.uniform(size=20_000) < 0.5
    life = rng.exponential(1 / np.where(old, 0.2, 0.01))
    frame = pd.DataFrame({"presentation": "de_novo", "diagnosis_year": 2010, "entry_years": 0.0,
                          "exit_years": np.minimum(life, 8.0), "died": (life < 8.0).astype(int)})
    people = records(frame).assign(age_years=np.where(old, 80.0, 50.0))
    table = life_table(lambda age, year, sex: 0.2 if age >= 80 else 0.01)
    u = np.array([1.0, 4.0, 7.5])
    first, second = (expected_survival(people, table, u, method=m)["expected"] for m in ("ederer_1", "ederer_2"))
    np.testing.assert_allclose(first, 0.5 * np.exp(-0.2 * u) + 0.5 * np.exp(-0.01 * u), atol=0.005)
    np.testing.assert_allclose(second, first, atol=0.01)
    np.testing.assert_allclose(relative_survival(people, table, u)["relative"], 1.0, atol=0.02)


def test_each_sex_has_its_own_background():
    people = matched(records(register(300, 9, registration=np.inf)))
    people["sex"] = np.where(np.arange(len(people)) % 2 == 0, "female", "male")
    table = life_table(lambda age, year, sex: {"female": 0.01, "male": 0.05}[sex], sexes=("female", "male"))
    found = expected_survival(people, table, [2.0])["expected"][0]
    share = (people["sex"] == "female").mean()
    assert found == pytest.approx(share * np.exp(-0.02) + (1 - share) * np.exp(-0.10), rel=1e-9)
    with pytest.raises(EvidenceError, match="lacks a sex"):
        expected_survival(people, table[table["sex"] == "female"], [2.0])


def test_relative_survival_without_a_life_table_is_refused():
    people = matched(records(register(50, 9)))
    with pytest.raises(EvidenceError, match="background mortality by age, sex and calendar year"):
        relative_survival(people, None, [1.0])
    with pytest.raises(EvidenceError, match="age_years"):
        relative_survival(people.drop(columns="age_years"), life_table(lambda *_: 0.01), [1.0])
