"""Survival from cells, period survival and net survival against raw rows, lifelines and closed forms."""

import numpy as np
import pandas as pd
import pytest
from lifelines import AalenJohansenFitter, KaplanMeierFitter, WeibullFitter

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.estimators.survival import kaplan_meier, survival_at
from sbc_prevalence.estimators.survival_cells import (
    aalen_johansen_of_cells,
    in_calendar_period,
    kaplan_meier_of_cells,
    survival_cells,
)

AT = [0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0]


def rows(n, seed, *, late=0.3):
    rng = np.random.default_rng(seed)
    life = 3.0 * rng.exponential(size=n) ** (1 / 0.8)
    other = rng.exponential(12.0, n)
    until = rng.uniform(0, 10, n)
    entry = np.where(rng.uniform(size=n) < late, rng.exponential(0.5, n), 0.0)
    end = np.minimum(np.minimum(life, other), until)
    cause = np.where(until <= np.minimum(life, other), 0, np.where(life < other, 1, 2))
    frame = pd.DataFrame({"entry_years": entry, "exit_years": end, "cause": cause, "died": (cause > 0).astype(int)})
    return frame[frame["entry_years"] < frame["exit_years"]].reset_index(drop=True)


@pytest.mark.parametrize("late", [0.0, 0.3])
def test_two_hundred_thousand_people_and_their_cells_have_one_curve(late):
    people = rows(200_000, 1, late=late)
    cells = survival_cells(people)
    assert cells["weight"].sum() == len(people)
    assert len(cells) < 20_000
    raw = KaplanMeierFitter().fit(people["exit_years"], people["died"], entry=people["entry_years"] if late else None)
    found = survival_at(kaplan_meier_of_cells(cells), AT)
    np.testing.assert_allclose(found["survival"], raw.survival_function_at_times(AT), atol=1e-3)
    spread = raw.confidence_interval_survival_function_.reindex(AT, method="ffill").to_numpy()
    np.testing.assert_allclose(found[["lower", "upper"]], spread, atol=1.5e-3)


def test_cells_of_cells_are_the_cells():
    people = rows(5_000, 2).assign(sex="female")
    cells = survival_cells(people, by=["sex"])
    again = survival_cells(cells, by=["sex"], event="event")
    assert again["weight"].sum() == pytest.approx(len(people))
    np.testing.assert_allclose(survival_at(kaplan_meier_of_cells(again), AT)["survival"],
                               survival_at(kaplan_meier_of_cells(cells), AT)["survival"], atol=1e-3)


def test_cells_have_the_likelihood_of_the_people():
    people = rows(20_000, 6)
    cells = survival_cells(people)
    raw = WeibullFitter().fit(people["exit_years"], people["died"], entry=people["entry_years"])
    own = WeibullFitter().fit(cells["exit_years"], cells["event"], entry=cells["entry_years"], weights=cells["weight"])
    np.testing.assert_allclose([own.lambda_, own.rho_], [raw.lambda_, raw.rho_], rtol=3e-3)
    np.testing.assert_allclose(own.summary["se(coef)"], raw.summary["se(coef)"], rtol=0.02)


def test_causes_that_compete_sum_to_all_deaths_and_are_those_of_lifelines():
    people = rows(20_000, 3, late=0.0)
    found = aalen_johansen_of_cells(survival_cells(people, event="cause"))
    everybody = kaplan_meier_of_cells(survival_cells(people, event="cause"))
    total = found.groupby("duration_years")["cumulative_incidence"].sum()
    np.testing.assert_allclose(total, 1.0 - everybody["survival"], atol=1e-12)
    for cause in (1, 2):
        fitter = AalenJohansenFitter(calculate_variance=False, seed=1)
        fitter.fit(people["exit_years"], people["cause"], event_of_interest=cause)
        raw = fitter.cumulative_density_.iloc[:, 0].reindex(AT, method="ffill")
        mine = found[found["event"] == cause].set_index("duration_years")["cumulative_incidence"]
        mine = mine.reindex(AT, method="ffill")
        np.testing.assert_allclose(mine, raw, atol=1e-3)


def test_late_entry_takes_survivor_bias_out_of_competing_causes():
    """Hazards .2 and .1: F_1 = (2/3) (1 - exp(-.3 t)), for people seen from a random time on too."""
    rng = np.random.default_rng(4)
    first, second, entry = rng.exponential(5.0, 60_000), rng.exponential(10.0, 60_000), rng.exponential(1.0, 60_000)
    end = np.minimum(first, second)
    people = pd.DataFrame({"entry_years": entry * (rng.uniform(size=60_000) < 0.5), "exit_years": end,
                           "cause": np.where(first < second, 1, 2)}).query("entry_years < exit_years")
    found = aalen_johansen_of_cells(survival_cells(people, event="cause")).query("event == 1")
    at = found.set_index("duration_years")["cumulative_incidence"].reindex([1.0, 3.0, 6.0], method="ffill")
    np.testing.assert_allclose(at, 2 / 3 * (1 - np.exp(-0.3 * np.array([1.0, 3.0, 6.0]))), atol=0.012)


def test_period_survival_is_that_of_the_period():
    """Hazard .4 until 2010 and .1 after: followed by cohort the two are mixed, in 2011-2019 there is only .1."""
    rng = np.random.default_rng(5)
    n = 40_000
    diagnosed = rng.uniform(2000, 2020, n)
    need = rng.exponential(size=n)
    early = np.maximum(2010 - diagnosed, 0.0)
    life = np.where(need < 0.4 * early, need / 0.4, early + (need - 0.4 * early) / 0.1)
    until = 2020 - diagnosed
    people = pd.DataFrame({"diagnosed": diagnosed, "entry_years": 0.0, "exit_years": np.minimum(life, until),
                           "died": (life <= until).astype(int)})
    found = survival_at(kaplan_meier(in_calendar_period(people, 2011.0, 2020.0)), [1.0, 5.0])["survival"]
    np.testing.assert_allclose(found, np.exp([-0.1, -0.5]), atol=0.012)
    mixed = survival_at(kaplan_meier(people), [5.0])["survival"]
    assert mixed[0] < 0.5


def test_an_empty_period_is_refused():
    with pytest.raises(EvidenceError, match="begin before"):
        in_calendar_period(pd.DataFrame({"diagnosed": []}), 2010.0, 2010.0)


def test_people_who_leave_before_they_enter_are_refused():
    with pytest.raises(EvidenceError, match="1 of 1 row"):
        survival_cells(pd.DataFrame({"entry_years": [2.0], "exit_years": [1.0], "died": [1]}))
