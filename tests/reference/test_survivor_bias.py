"""People registered while alive and timed from diagnosis: 3.89 years instead of 3.33, unless entry is honoured.

Registration hazard 1.5, death hazard 0.3 a year: P(registered alive) = 1.5 / 1.8 = .8333, mean survival 1 / 0.3 = 3.3333,
mean survival from diagnosis of those registered alive 1 / 1.8 + 1 / 0.3 = 3.8889. lifelines with ``entry`` is the oracle.
"""

import numpy as np
import pandas as pd
import pytest
from lifelines import ExponentialFitter, WeibullFitter
from lifelines.utils import median_survival_times
from scipy import optimize

from patient_worlds import register
from sbc_prevalence.evidence import EvidenceBundle, PatientSurvival
from sbc_prevalence.evidence.tabulate import tabulated
from sbc_prevalence.model.lay_out import lay_out
from small_study import AREAS, a_model, bundle, small_inputs

ORIGIN = {"source": "a register", "as_of": "2080-12-31"}
N = 200_000
PEOPLE = register(N, 11, followed=np.inf)


def mean_of_cells(people: pd.DataFrame) -> float:
    cells = tabulated(people)
    return float(cells["person_years"].sum() / cells["deaths"].sum())


def test_the_share_registered_alive_and_their_naive_mean_are_those_of_the_closed_form():
    assert len(PEOPLE) / N == pytest.approx(0.8333, abs=0.003)
    assert PEOPLE["exit_years"].mean() == pytest.approx(3.8889, abs=0.02)
    assert mean_of_cells(PEOPLE.assign(entry_years=0.0)) == pytest.approx(3.8889, abs=0.02)


def test_cells_from_entry_give_the_true_mean():
    assert mean_of_cells(PEOPLE) == pytest.approx(3.3333, abs=0.02)


def test_lifelines_with_entry_says_the_same():
    some = PEOPLE.head(20_000)
    naive = ExponentialFitter().fit(some["exit_years"], some["died"])
    honest = ExponentialFitter().fit(some["exit_years"], some["died"], entry=some["entry_years"])
    assert naive.lambda_ == pytest.approx(3.8889, abs=0.08)
    assert honest.lambda_ == pytest.approx(3.3333, abs=0.08)
    assert mean_of_cells(some) == pytest.approx(honest.lambda_, rel=1e-6)


@pytest.mark.parametrize(("shape", "followed"), [(0.8, 8.0), (1.3, 5.0)])
def test_cells_and_persons_give_the_same_weibull(shape, followed):
    """Maximum of the likelihood of cells against lifelines on the persons: apart by a small part of the error."""
    people = register(6000, 5, shape=shape, followed=followed)
    oracle = WeibullFitter().fit(people["exit_years"], people["died"], entry=people["entry_years"])
    cells = tabulated(people)
    low, high = (cells[c].to_numpy() for c in ("duration_from_years", "duration_to_years"))

    def minus(theta):
        scale, k = np.exp(theta)
        growth = (high / scale) ** k - (low / scale) ** k
        hazard = growth / (high - low)
        return -(cells["deaths"] * np.log(hazard) - hazard * cells["person_years"]).sum()

    exactly = {"xatol": 1e-8, "fatol": 1e-8}
    scale, k = np.exp(optimize.minimize(minus, [1.0, 0.0], method="Nelder-Mead", options=exactly).x)
    assert abs(scale - oracle.lambda_) < 0.05 * oracle.summary.loc["lambda_", "se(coef)"]
    assert abs(k - oracle.rho_) < 0.15 * oracle.summary.loc["rho_", "se(coef)"]
    assert -minus(np.log([oracle.lambda_, oracle.rho_])) == pytest.approx(oracle.log_likelihood_, rel=1e-3)


def test_in_the_model_records_recover_the_true_mean_and_would_not_without_entry():
    """A register of the population described: the mode of its likelihood over the mean survival, all else exponential."""
    people = register(6000, 12, followed=10.0)
    model = a_model(trend="none")
    means = np.linspace(2.8, 4.6, 361)

    def mode(frame):
        records = PatientSurvival.from_frame(frame, population="described", **ORIGIN)
        evidence = EvidenceBundle(*bundle().pieces, records)
        given = lay_out(evidence, evidence.align(AREAS, last_year=2020, backcast_years=8, recurrence_lag_years=8))
        centre = {p.name: np.broadcast_to(p.natural(np.zeros(p.shape), np.asarray(p.center), 1.0), (means.size, *p.shape))
                  for p in model.parameters(given).priors}
        ones = np.ones(means.size)
        p = {**centre, "survival_median": np.log(2) * means, "survival_shape": ones,
             "other_cause_multiplier": 1e-3 * ones, "hazard_tail_ratio": ones}
        return means[np.argmax(model.loglik_terms(p, given)["patient_survival"])]

    spread = 3.33 / np.sqrt(people["died"].sum())
    assert mode(people) == pytest.approx(3.333, abs=3 * spread)
    assert mode(people.assign(entry_years=0.0)) == pytest.approx(3.889, abs=3 * 3.889 / 3.333 * spread)
    assert small_inputs().survival_cells is None


def test_the_median_with_entry_is_that_of_the_true_curve():
    some = PEOPLE.head(20_000)
    honest = WeibullFitter().fit(some["exit_years"], some["died"], entry=some["entry_years"])
    assert median_survival_times(honest.survival_function_at_times(np.linspace(2.0, 2.7, 701))) == pytest.approx(
        np.log(2) / 0.3, rel=0.03)
