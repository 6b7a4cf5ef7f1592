"""Survival records in the model: cells against the exact likelihood, whose survival they tell, what they cost others."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from patient_worlds import register
from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.evidence import EvidenceBundle, LifeTableCells, PatientSurvival
from sbc_prevalence.model.inputs import CellGrid, ModelInputs
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.model.observing import SurvivalRecords
from sbc_prevalence.model.simulate import simulate_world
from sbc_prevalence.model.survival import FAMILIES, TRENDS
from small_study import AREAS, a_model, bundle, prior_draws, small_inputs

ORIGIN = {"source": "a register", "as_of": "2030-12-31"}
PEOPLE = register(1500, 4, shape=0.9, recurrent=0.6, ratio=1.4, followed=10.0)


def laid_out(*pieces, without=()):
    kept = [piece for piece in bundle().pieces if piece.kind not in without]
    evidence = EvidenceBundle(*kept, *pieces)
    evidence.validate(AREAS)
    return lay_out(evidence, evidence.align(AREAS, last_year=2020, backcast_years=8, recurrence_lag_years=8))


def records(frame=PEOPLE, cls=PatientSurvival, **options):
    return cls.from_frame(frame, **{"population": "described", "name": "register", **ORIGIN, **options})


@cache
def inputs() -> ModelInputs:
    """The small study with the records of 1,500 people."""
    return laid_out(records())


def exact(model, p, people, given):
    """delta log h(t) - [H(t) - H(entry)] of every person, from the model's own cumulative hazard at their times."""
    step = 1e-6
    times = np.concatenate([people["entry_years"], people["exit_years"] - step, people["exit_years"] + step])
    edges = np.unique(np.clip(times, 0.0, None))
    years = np.unique(people["diagnosis_year"])
    whole = given.floor[:, 12:12 + given.n_years + 1]
    floor = np.stack([np.interp(edges, np.arange(given.n_years + 1), row) for row in whole])
    finer = replace(given, survival_cells=CellGrid(edges, floor, years + 0.5))
    average = model.survival.baseline_with_tail(p, finer)
    hazards = model.survival.own_hazards(p, average)
    found = model.survival.cell_hazards(p, finer, hazards, model.strata(p, finer), floor)
    kind = (people["presentation"] == "recurrent").to_numpy(int)
    group = np.searchsorted(years, people["diagnosis_year"])

    def at(u):
        return found[..., kind, group, np.searchsorted(edges, np.clip(u, 0.0, None))]

    entry, before, after = (at(people[c].to_numpy() + d) for c, d in
                            (("entry_years", 0.0), ("exit_years", -step), ("exit_years", step)))
    log_hazard = np.log((after - before) / (2 * step))
    return (people["died"].to_numpy() * log_hazard - ((after + before) / 2 - entry)).sum(-1)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_cells_say_what_the_persons_say(family):
    """Wherever the records leave doubt, the error is below a thousandth of the log-likelihood, far below its spread."""
    model = a_model(family)
    p = prior_draws(model, inputs(), 200, seed=2)
    found = model.loglik_terms(p, inputs())["register"]
    likely = found > found.max() - 60
    assert likely.sum() > 20
    p = {name: value[likely] for name, value in p.items()}
    persons, found = exact(model, p, PEOPLE, inputs()), found[likely]
    error = found - persons
    assert np.all(np.abs(error) < 1e-3 * np.abs(persons))
    assert np.std(error) < 0.05 * np.std(persons)


def test_longer_periods_of_diagnosis_say_nearly_the_same():
    model = a_model()
    p = prior_draws(model, inputs(), 12, seed=2)
    found, pooled = (model.loglik_terms(p, laid_out(records(period_years=n)))["register"] for n in (1, 5))
    np.testing.assert_allclose(pooled, found, rtol=1e-3)


def test_without_records_nothing_is_there_and_nothing_costs():
    model = a_model()
    assert "cells" not in model.observed(prior_draws(model, small_inputs(), 1), small_inputs())
    assert small_inputs().survival_cells is None
    p = prior_draws(model, inputs(), 3)
    with_records, without = model.loglik_terms(p, inputs()), model.loglik_terms(p, laid_out())
    assert {**with_records, "register": 0}.keys() == {*without, "register"}
    for name, value in without.items():
        np.testing.assert_allclose(with_records[name], value, rtol=1e-12)


def test_records_of_the_population_see_its_own_survival():
    """Their hazard at whole years is that with which the living are counted: trend, ratio, floor and own error."""
    for trend in TRENDS:
        model = a_model(trend=trend)
        p = prior_draws(model, inputs(), 4, seed=9)
        cells = inputs().survival_cells
        seen = model.observed(p, inputs())["cells"]["register"]
        strata = model.survival.strata(p, inputs())
        hazards = model.survival.own_hazards(p, model.survival.baseline_with_tail(p, inputs()))
        at_years = model.survival.whole_years(hazards, inputs())
        floor = p["other_cause_multiplier"][:, None, None] * model.survival.whole_years(inputs().floor, inputs())
        factor = np.exp(strata.slopes[..., None, None] * model.survival.decades(inputs()))
        growth = np.maximum(factor * strata.ratios[..., None, None] * np.diff(at_years)[:, None, None, :],
                            np.diff(floor)[:, :, None, :])
        total = np.concatenate([np.zeros((*growth.shape[:-1], 1)), np.cumsum(growth, -1)], -1)
        for i, middle in enumerate(cells.diagnosed):
            s = int(middle - 0.5) - inputs().grid.first_year
            for e in np.flatnonzero(cells.edges == np.round(cells.edges)):
                np.testing.assert_allclose(seen[:, :, i, e], total[:, :, s, int(cells.edges[e])], rtol=1e-9)


def test_records_of_another_population_have_an_error_of_their_own():
    other = laid_out(records(population="study"))
    near = laid_out(records(population="study", own_system=True))
    model = a_model()
    names = set(model.parameters(other).names) - set(model.parameters(inputs()).names)
    assert names == {"study_survival_error_register", "study_ratio_error_register"}
    p = prior_draws(model, other, 3)
    hazards = model.observed(p, other)["cells"]["register"]
    assert not np.allclose(hazards, model.observed(p, inputs())["cells"]["register"])
    away = {**p, "own_survival_error": p["own_survival_error"] + 1.0,
            "ratio_transfer_error": p["ratio_transfer_error"] * 2}
    np.testing.assert_array_equal(model.observed(away, other)["cells"]["register"], hazards)
    system = {**p, "system_survival_error": p["system_survival_error"] + 1.0}
    np.testing.assert_array_equal(model.observed(system, other)["cells"]["register"], hazards)
    moved, before = (model.observed(q, near)["cells"]["register"] for q in (system, p))
    assert not np.allclose(moved, before)
    alone = laid_out(records(PEOPLE[PEOPLE["presentation"] == "recurrent"], population="study"))
    assert "study_ratio_error_register" not in model.parameters(alone).names


def narrow_cells(at_risk):
    rows = []
    for kind, hazard in (("de_novo", 0.3), ("recurrent", 0.4)):
        for j in range(40):
            low, n = j / 20, 2000.0 * np.exp(-hazard * j / 20)
            gone = n * -np.expm1(-hazard / 20)
            rows.append({"presentation": kind, "diagnosis_year_from": 2010, "diagnosis_year_to": 2012,
                         "duration_from_years": low, "duration_to_years": low + 0.05, "deaths": round(gone),
                         **({"at_risk": round(n)} if at_risk else {"person_years": gone / hazard})})
    return pd.DataFrame(rows)


def test_people_at_risk_and_person_years_of_narrow_cells_say_the_same():
    model = a_model()
    by_people, by_years = (laid_out(records(narrow_cells(at_risk), LifeTableCells)) for at_risk in (True, False))
    p = prior_draws(model, by_people, 20)
    one, other = (model.loglik_terms(p, given)["register"] for given in (by_people, by_years))
    np.testing.assert_allclose(one - one[0], other - other[0], rtol=0.02, atol=0.5)


def test_withdrawals_count_by_half():
    frame = narrow_cells(True)
    given = laid_out(records(frame.assign(withdrawn=10), LifeTableCells))
    np.testing.assert_array_equal(given.arrays["register_exposure"][:len(frame)], frame["at_risk"] - 5)


@pytest.mark.parametrize("at_risk", [True, False])
def test_simulated_deaths_have_the_mean_of_their_likelihood(at_risk):
    model, given = a_model(), laid_out(records(narrow_cells(at_risk), LifeTableCells))
    piece = next(o for o in given.observations if isinstance(o, SurvivalRecords))
    p = {k: v[0] for k, v in prior_draws(model, given, 1).items()}
    seen, rng = model.observed(p, given), np.random.default_rng(1)
    drawn = np.array([piece.simulate(p, seen, given, lambda word: rng)["register_deaths"] for _ in range(3000)])
    growth, exposure = piece.growth(seen, given), given.arrays["register_exposure"]
    mean = exposure * (-np.expm1(-growth) if at_risk else growth / given.arrays["register_width"])
    assert np.all(np.abs(drawn.mean(0) - mean) < 5 * np.sqrt(mean / 3000) + 1e-9)
    assert np.all(drawn[:, len(narrow_cells(at_risk)):] == 0)


def test_one_more_set_of_records_changes_no_other_stream():
    p = simulate_world(a_model(), inputs(), 3).parameters
    few, many = (simulate_world(a_model(), given, 3, parameters=p).inputs.arrays for given in (laid_out(), inputs()))
    np.testing.assert_array_equal(few["deaths_values"], many["deaths_values"])
    assert many["register_deaths"].shape == inputs().arrays["register_deaths"].shape


def test_records_alone_tell_survival_where_nothing_is_published():
    given = laid_out(records(), without=("published_survival",))
    assert given.last_survival_follow_up == 10.0
    assert given.points.size == 0
    model = a_model()
    terms = model.loglik_terms(prior_draws(model, given, 3), given)
    assert set(terms) == {"deaths", "register"}
    assert all(np.isfinite(term).all() for term in terms.values())
    with pytest.raises(EvidenceError, match="E-KIND-MISSING"):
        laid_out(without=("published_survival",))


def test_follow_up_beyond_the_grid_is_refused():
    with pytest.raises(EvidenceError, match="E-FOLLOW-UP-LONG"):
        laid_out(records(PEOPLE.assign(diagnosis_year=1990, exit_years=PEOPLE["exit_years"] + 30)))
