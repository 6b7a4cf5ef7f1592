"""The counting method: closed forms, lifelines, Greenwood, simulation, and days that are easily got wrong."""

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.datasets import load_lung
from statsmodels.duration.survfunc import SurvfuncRight

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.estimators.counting import count_living, step_curve
from sbc_prevalence.estimators.days import days_of, decimal_year, end_of_day, years_before
from sbc_prevalence.estimators.standardise import wilson_interval
from sbc_prevalence.estimators.survival import records

LEAP = datetime.date(2024, 2, 29)


def people(*rows):
    return pd.DataFrame(rows, columns=["diagnosis_date", "exit_date", "died"])


def register(n, seed, *, hazard=0.2, loss=0.05, years=12.0):
    """Diagnosed evenly over the years to the end of 2020, deaths and losses at constant hazards, known to its end."""
    rng = np.random.default_rng(seed)
    diagnosed = 2021.0 - years * rng.uniform(size=n)
    life, lost = rng.exponential(1 / hazard, n), rng.exponential(1 / loss, n)
    end = np.minimum(lost, days_between(diagnosed, 2021.0))
    frame = pd.DataFrame({"diagnosed": diagnosed, "exit_years": np.minimum(life, end), "died": (life <= end).astype(int)})
    return frame, life > days_between(diagnosed, 2021.0)


def days_between(diagnosed, year):
    return (days_of(year) - days_of(diagnosed)) / 365.25


def test_somebody_lost_after_two_years_counts_as_survival_says():
    """Exponential, mean 5, lost at 2, index at 4: exp(-2/5) = .670320."""
    frame = pd.DataFrame({"diagnosed": [2016.0], "exit_years": [2.0], "died": [0]})
    found = count_living(frame, [datetime.date(2019, 12, 31)], survival=lambda u: np.exp(-u / 5)).iloc[0]
    assert found["known_alive"] == 0
    assert found["living"] == pytest.approx(0.670320, abs=5e-7)
    assert found["se_binomial"] == pytest.approx(np.sqrt(0.670320 * (1 - 0.670320)), abs=1e-6)
    assert found["se_curve"] == 0


def test_the_index_date_is_the_end_of_its_day():
    frame = people(("2020-01-01", "2024-02-29", 0),   # last known on the day itself: alive
                   ("2020-01-01", "2024-02-29", 1),   # died on it: dead
                   ("2020-01-01", "2024-03-01", 1),   # died the day after: alive
                   ("2024-02-29", "2024-05-01", 0),   # diagnosed on it: counts
                   ("2024-03-01", "2024-05-01", 0))   # diagnosed the day after: does not
    found = count_living(frame, [LEAP]).iloc[0]
    assert (found["diagnosed"], found["known_alive"], found["lost"]) == (4, 3, 0)


def test_a_window_before_the_twenty_ninth_of_february_ends_with_the_twenty_eighth():
    assert years_before(LEAP, 1) == end_of_day(datetime.date(2023, 2, 28))
    assert years_before(LEAP, 4) == end_of_day(datetime.date(2020, 2, 29))
    frame = people(("2023-02-28", "2024-05-01", 0), ("2023-03-01", "2024-05-01", 0), ("2024-02-29", "2024-05-01", 0))
    assert count_living(frame, [LEAP], windows=[1, None])["living"].tolist() == [2, 3]


def test_every_day_of_a_leap_year_can_be_an_index_date():
    frame, _ = register(300, 1)
    days = [datetime.date(2016, 1, 1) + datetime.timedelta(days=n) for n in range(366)]
    found = count_living(frame, days, windows=[5, None], beyond="flat")
    assert len(found) == 732
    assert found["living"].between(0, 300).all()


def test_decimal_years_and_days_are_inverse():
    years = np.array([1999.0, 2000.25, 2019.999, 2020.5, 2024.164])
    np.testing.assert_allclose(decimal_year(days_of(years)), years, atol=1e-9)
    assert days_of(2021.0) == end_of_day(datetime.date(2020, 12, 31))


def test_dates_and_times_of_the_same_people_give_the_same_number():
    """31 December of a leap year included: its decimal year belongs to that year."""
    frame = people(("2020-12-31", "2021-06-01", 0), ("2018-05-05", "2020-12-31", 0), ("2018-05-05", "2019-05-05", 1))
    table = frame.assign(presentation="de_novo", entry_date=frame["diagnosis_date"])
    timed = records(table)
    assert timed["diagnosed"].max() < 2021.0
    date = [datetime.date(2020, 12, 31)]
    assert count_living(timed, date)["living"].tolist() == count_living(frame, date)["living"].tolist() == [2]


def test_the_curve_is_that_of_lifelines_with_delayed_entry():
    raw = load_lung()
    rng = np.random.default_rng(2)
    end = raw["time"].to_numpy(float)
    entry = np.where(rng.uniform(size=end.size) < 0.3, np.floor(end * 0.4), 0.0)
    own = step_curve(entry, end, raw["status"].to_numpy(float))
    theirs = KaplanMeierFitter().fit(end, raw["status"], entry=entry).survival_function_at_times(own.times)
    np.testing.assert_allclose(np.exp(own.log_survival), theirs, rtol=1e-10, atol=1e-12)


def test_the_part_of_the_curve_is_greenwoods_for_people_lost_at_the_start():
    """Ten people lost at diagnosis: N = 10 S(u), so that se_curve = 10 se(S(u)), .0358 at 365 days in R's lung."""
    raw = load_lung()
    day = 1 / 365.25
    lost = pd.DataFrame({"diagnosed": 2018.0, "exit_years": 1e-9, "died": np.zeros(10, int)})
    known = pd.DataFrame({"diagnosed": 1990.0, "exit_years": raw["time"] * day, "died": raw["status"]})
    found = count_living(pd.concat([known, lost]), [datetime.date(2018, 12, 31)], windows=[3]).iloc[0]
    oracle = SurvfuncRight(raw["time"], raw["status"])
    at = np.searchsorted(oracle.surv_times, 365, side="right") - 1
    assert found["expected_of_lost"] == pytest.approx(10 * oracle.surv_prob[at], rel=1e-9)
    assert found["expected_of_lost"] == pytest.approx(4.092, abs=5e-4)
    assert found["se_curve"] == pytest.approx(10 * oracle.surv_prob_se[at], rel=1e-9)
    assert found["se_curve"] == pytest.approx(0.358, abs=5e-4)


def test_the_number_is_unbiased_and_its_standard_errors_hold():
    """400 registers: people lost as alive would be 15 % too many; both standard errors are those of repetition."""
    date, error, stated, counted, poisson, naive = [datetime.date(2020, 12, 31)], [], [], [], [], []
    inside = 0
    for seed in range(400):
        frame, alive = register(np.random.default_rng(seed + 10_000).poisson(400), seed)
        found = count_living(frame, date, beyond="flat").iloc[0]
        error.append(found["living"] - alive.sum())
        stated.append(found["se"])
        counted.append(found["living"])
        poisson.append(found["se_poisson"])
        naive.append(found["known_alive"] + found["lost"])
        inside += found["lower"] <= alive.sum() <= found["upper"]
    truth = 400 / 12 * (1 - np.exp(-0.2 * 12)) / 0.2
    assert abs(np.mean(error)) < 3 * np.std(error) / 20
    assert np.mean(counted) == pytest.approx(truth, abs=3 * np.std(counted) / 20)
    assert np.mean(naive) > 1.1 * truth
    assert np.std(error) == pytest.approx(np.sqrt(np.mean(np.square(stated))), rel=0.12)
    assert np.std(counted) == pytest.approx(np.mean(poisson), rel=0.12)
    assert 0.92 <= inside / 400 <= 0.985


@given(st.integers(0, 10_000), st.sampled_from([1.0, 2.5, 5.0]))
@settings(max_examples=25, deadline=None)
def test_windows_are_nested_and_bands_sum_to_everybody(seed, years):
    frame, _ = register(60, seed)
    found = count_living(frame, [datetime.date(2020, 6, 30)], windows=[years, years + 3, None], beyond="flat")
    assert found["living"].is_monotonic_increasing
    assert (found["known_alive"] <= found["living"]).all()
    assert (found["living"] <= found["known_alive"] + found["lost"] + 1e-9).all()


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_the_order_of_people_does_not_matter(seed):
    frame, _ = register(50, seed)
    shuffled = frame.sample(frac=1.0, random_state=seed)
    dates = [datetime.date(2018, 2, 28), datetime.date(2020, 12, 31)]
    pd.testing.assert_frame_equal(count_living(frame, dates, beyond="flat"), count_living(shuffled, dates, beyond="flat"))


def test_each_group_has_its_own_curve():
    quick, _ = register(500, 1, hazard=0.6)
    slow, _ = register(500, 2, hazard=0.05)
    both = pd.concat([quick.assign(sex="male"), slow.assign(sex="female")])
    date = [datetime.date(2020, 12, 31)]
    apart = [count_living(f, date, beyond="flat")["living"].iloc[0] for f in (quick, slow)]
    found = count_living(both, date, survival_by=["sex"], beyond="flat").iloc[0]
    assert found["living"] == pytest.approx(sum(apart))


def test_a_curve_that_ends_too_early_is_refused_unless_said_otherwise():
    frame = people(("2010-01-01", "2011-01-01", 0), ("2010-01-01", "2010-06-01", 1))
    with pytest.raises(EvidenceError, match="E-BEYOND-CURVE"):
        count_living(frame, [LEAP])
    assert count_living(frame, [LEAP], beyond="flat").iloc[0]["lost_beyond_curve"] == 1


@pytest.mark.parametrize(("frame", "words"), [
    (people(("2020-01-01", "2019-01-01", 1)), "before being diagnosed"),
    (people(("2020-01-01", "2021-01-01", 2)), "died must be 0 or 1"),
    (people(("2020-01-01", None, 0)), "must be given for everybody"),
    (pd.DataFrame({"died": [1]}), "needs diagnosis_date"),
    (pd.DataFrame({"diagnosed": [2000.0], "exit_years": [1.0]}), "needs died"),
])
def test_people_who_cannot_be_read_are_refused_without_their_values(frame, words):
    with pytest.raises(EvidenceError, match=words) as refusal:
        count_living(frame, [LEAP])
    assert "2019-01-01" not in str(refusal.value)


def test_wilsons_interval_is_the_printed_one():
    """81 of 263, Newcombe (1998), Statistics in Medicine 17, 857-872, table I: .2553 to .3662; 0 of 20: 0 to .1611."""
    lower, upper = wilson_interval([81, 0, 1], [263, 20, 29])
    np.testing.assert_allclose(lower, [0.2553, 0.0, 0.0061], atol=5e-5)
    np.testing.assert_allclose(upper, [0.3662, 0.1611, 0.1718], atol=5e-5)


def test_a_proportion_has_wilsons_interval_and_more_living_than_people_are_refused():
    frame, _ = register(300, 3)
    date = [datetime.date(2020, 12, 31)]
    found = count_living(frame, date, beyond="flat", population=10_000).iloc[0]
    lower, upper = wilson_interval(found["living"], 10_000)
    assert (found["proportion_lower"], found["proportion_upper"]) == (lower, upper)
    with pytest.raises(EvidenceError, match="population"):
        count_living(frame, date, beyond="flat", population=10)
