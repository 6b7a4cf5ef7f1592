"""Laws of a model with age bands: ages sum to the whole, nobody grows younger, no difference means no change."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbc_prevalence.errors import EvidenceError, ModelError
from sbc_prevalence.evidence import Deaths, EvidenceBundle, Population
from sbc_prevalence.grid import PRESENTATIONS
from sbc_prevalence.model.ages import AgeStructure
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.model.observing import RegisteredCounts
from sbc_prevalence.model.simulate import simulate_world
from small_study import (
    BY_AGE,
    ORIGIN,
    a_model,
    bundle,
    frames_by_age,
    grid_of,
    prior_draws,
    small_inputs,
    small_inputs_by_age,
)

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=20, deadline=None)
MODELS = st.builds(a_model, st.sampled_from(["weibull", "log_logistic", "piecewise_exponential"]),
                   st.sampled_from(["diagnosis_year", "calendar_year"]),
                   st.sampled_from(["natural_history", "smooth"]), st.just(BY_AGE))


@FEW
@given(MODELS, SEEDS)
def test_ages_sum_to_the_whole_in_every_draw(model, seed):
    inputs = small_inputs_by_age()
    p = prior_draws(model, inputs, 3, seed)
    found, seen = model.latent(p, inputs), model.observed(p, inputs)
    np.testing.assert_allclose(found["age_mix"].sum(-2), 1.0, rtol=1e-12)
    np.testing.assert_allclose(found["deaths_by_age"].sum(1), found["deaths"].sum((1, 2)), rtol=1e-10)
    np.testing.assert_allclose(seen["deaths_by_age"].sum(1), seen["deaths"], rtol=1e-10)
    np.testing.assert_allclose(seen["deaths"][:, 0], found["deaths"].sum((1, 2)), rtol=1e-10)
    np.testing.assert_allclose(seen["living"][:, 0], found["living"].sum((1, 2)), rtol=1e-10)
    np.testing.assert_allclose(found["incidence"].sum(-2), model.incidence.whole(p, inputs), rtol=1e-10)


def without_differences(p):
    """Parameters under which ages differ neither in hazard nor in attribution, and the floor never holds."""
    n = p["hazard_trend"].size
    alike = {f"kappa_{group}": np.full(n, 0.9) for group in ("youngest", "middle", "oldest", "all_ages")}
    return {**p, **alike, "age_hazard_slope": np.zeros(n), "age_hazard_effect": np.zeros((n, 4)),
            "other_cause_multiplier": np.full(n, 1e-12)}


@FEW
@given(MODELS, SEEDS)
def test_ages_without_differences_leave_every_total_as_it_is(model, seed):
    inputs, plain = small_inputs_by_age(), small_inputs()
    p = without_differences(prior_draws(model, inputs, 3, seed))
    without = replace(model, ages=None)
    one, other = model.latent(p, inputs), without.latent(p, plain)
    for name in ("incidence", "alive", "living", "deaths", "kappa"):
        np.testing.assert_allclose(one[name], other[name], rtol=1e-9)
    one, other = model.observed(p, inputs), without.observed(p, plain)
    for name in ("incidence", "living", "deaths", "kappa", "points"):
        np.testing.assert_allclose(one[name], other[name], rtol=1e-9)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_coarser_bands_without_differences_hold_nearly_the_same_deaths(seed):
    """Nearly: single ages within a band are those of all years with data together."""
    fine, coarse = small_inputs_by_age(), AgeStructure(("0-64", "65+"))
    evidence = bundle(tables=frames_by_age())
    p = without_differences(prior_draws(a_model(ages=BY_AGE), fine, 2, seed))
    p |= {"age_departure": np.zeros((2, 2, 4)), "age_departure_trend": np.zeros((2, 4))}
    q = {**p, "age_departure": np.zeros((2, 2, 2)), "age_departure_trend": np.zeros((2, 2)),
         "age_hazard_effect": np.zeros((2, 2))}
    one = a_model(ages=BY_AGE).latent(p, fine)["deaths_by_age"]
    other = a_model(ages=coarse).latent(q, lay_out(evidence, grid_of(evidence), ages=coarse))["deaths_by_age"]
    np.testing.assert_allclose(one[:, :2].sum(1), other[:, 0], rtol=0.01)
    np.testing.assert_allclose(one[:, 2:].sum(1), other[:, 1], rtol=0.01)


def test_those_diagnosed_in_the_open_band_die_in_it_and_nobody_dies_younger():
    inputs, model = small_inputs_by_age(), a_model(ages=BY_AGE)
    p = prior_draws(model, inputs, 2)
    for band in range(4):
        only = np.zeros((2, 4, inputs.n_years))
        only[:, band] = 1.0
        dead = model.latent(p, inputs.with_arrays({"age_mix": only}))["deaths_by_age"]
        np.testing.assert_allclose(dead[:, :band], 0.0, atol=1e-12)
        assert np.all(dead[:, band] > 0)
    np.testing.assert_allclose(dead[:, 3], model.latent(p, inputs)["deaths"].sum((1, 2)), rtol=0.5)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_the_ratio_of_certified_deaths_lies_between_those_of_the_ages(seed):
    inputs, model = small_inputs_by_age(), a_model(ages=BY_AGE)
    found = model.latent(prior_draws(model, inputs, 3, seed), inputs)
    by_age = found["kappa_by_age"]
    assert np.all(found["kappa"] <= by_age.max(1) + 1e-12)
    assert np.all(found["kappa"] >= by_age.min(1) - 1e-12)


def test_a_steeper_hazard_in_age_means_fewer_old_people_for_each_death_among_them():
    inputs, model = small_inputs_by_age(), a_model(ages=BY_AGE)
    p = prior_draws(model, inputs, 2)
    flat, steep = ({**p, "age_hazard_slope": np.full(2, slope)} for slope in (0.0, 0.3))
    one, other = (model.latent(q, inputs)["alive_by_age"] for q in (flat, steep))
    assert np.all(other[:, :, 0] >= one[:, :, 0] - 1e-12)
    assert np.all(other[:, :, 3] <= one[:, :, 3] + 1e-12)


def test_shuffled_rows_of_deaths_by_age_change_nothing():
    tables, model = frames_by_age(), a_model(ages=BY_AGE)
    shuffled = {name: frame.sample(frac=1.0, random_state=3).reset_index(drop=True) for name, frame in tables.items()}
    evidence = bundle(tables=shuffled)
    p = prior_draws(model, small_inputs_by_age(), 2)
    again = model.loglik_terms(p, lay_out(evidence, grid_of(evidence), ages=BY_AGE))
    for name, value in model.loglik_terms(p, small_inputs_by_age()).items():
        np.testing.assert_allclose(again[name], value, rtol=1e-9)


def test_deaths_of_all_ages_serve_a_model_with_ages():
    evidence, model = bundle(), a_model(ages=BY_AGE)
    inputs = lay_out(evidence, grid_of(evidence), ages=BY_AGE)
    p = prior_draws(model, inputs, 2)
    seen = model.observed(p, inputs)
    terms = model.loglik_terms(p, inputs)
    assert np.all(np.isfinite(terms["deaths"]))
    assert "kappa_all_ages" in p
    np.testing.assert_allclose(seen["kappa"], (p["kappa_shared"] * p["kappa_all_ages"])[:, None] + 0 * seen["kappa"])


@pytest.mark.parametrize(("band", "into"), [("45-54", "0-44"), ("60-69", "50-59")])
def test_deaths_in_a_band_that_does_not_nest_are_refused_with_their_rows(band, into):
    tables = frames_by_age()
    deaths = tables["deaths"].replace({"age_band": {"40-49": "40-44", "50-64": "45-64"}}) if band == "45-54" else \
        tables["deaths"].replace({"age_band": {"50-64": "50-59", "65-79": "60-79"}})
    pieces = [p for p in bundle(tables=tables).pieces if not isinstance(p, Deaths)]
    evidence = EvidenceBundle(Deaths.from_frame(deaths, name="deaths.csv", **ORIGIN), *pieces)
    with pytest.raises(EvidenceError) as raised:
        lay_out(evidence, grid_of(evidence), ages=BY_AGE)
    found = raised.value.problems[0]
    assert found.code in ("E-AGE-NEST", "E-AGE-CUT")
    assert found.where == "deaths.csv"
    if found.code == "E-AGE-NEST":
        assert found.rows
        assert found.column == "age_band"


def test_population_in_bands_that_do_not_nest_is_refused():
    tables = frames_by_age()
    people = tables["population"].replace({"age_band": {"40-49": "40-54", "50-59": "55-59"}})
    pieces = [p for p in bundle(tables=tables).pieces if not isinstance(p, Population)]
    evidence = EvidenceBundle(Population.from_frame(people, **ORIGIN), *pieces)
    with pytest.raises(EvidenceError) as raised:
        lay_out(evidence, grid_of(evidence), ages=BY_AGE)
    assert raised.value.problems[0].code == "E-AGE-NEST"


def test_a_model_and_its_evidence_must_have_the_same_ages():
    with pytest.raises(ModelError, match="ages"):
        a_model().parameters(small_inputs_by_age())
    with pytest.raises(ModelError, match="age bands"):
        a_model(ages=BY_AGE).parameters(small_inputs())
    with pytest.raises(ModelError, match="age bands"):
        a_model(ages=AgeStructure(("0-64", "65+"))).parameters(small_inputs_by_age())


def test_simulated_deaths_by_age_are_around_their_expectation():
    inputs, model = small_inputs_by_age(), a_model(ages=BY_AGE)
    p = {name: value[0] for name, value in prior_draws(model, inputs, 1).items()}
    p["deaths_extra_sd"] = np.array(1e-6)
    rows = int(inputs.arrays["deaths_weight"].sum())
    counts = np.stack([simulate_world(model, inputs, k, parameters=p).inputs.arrays["deaths_values"][:rows, 0]
                       for k in range(200)])
    seen = model.observed(p, inputs)
    expected = (seen["deaths_by_age"] * seen["kappa_by_age"][:, None, :])[
        inputs.arrays["deaths_age"], inputs.arrays["deaths_level"], inputs.arrays["deaths_year"]][:rows]
    np.testing.assert_allclose(counts.mean(0), expected, rtol=0, atol=4.5 * np.sqrt(expected.max() / 200))
    assert len(simulate_world(model, inputs, 1).inputs.deaths_frame) == rows


def test_registrations_by_age_sum_to_those_of_all_ages():
    inputs, model = small_inputs_by_age(area_evidence=True), a_model(ages=BY_AGE)
    p = prior_draws(model, inputs, 3)
    seen = model.observed(p, inputs)
    for piece in (o for o in inputs.observations if isinstance(o, RegisteredCounts)):
        a, k = inputs.arrays, PRESENTATIONS.index(piece.presentations[0])
        rows = int(a[f"{piece.name}_weight"].sum())
        found = piece.expected(seen, inputs)[:, :rows].reshape(3, -1, 4).sum(-1)
        level, year = (a[f"{piece.name}_{word}"][:rows].reshape(-1, 4)[:, 0] for word in ("level", "year"))
        c = seen["completeness"][piece.name][:, 0, 0]
        np.testing.assert_allclose(found, c[:, None] * seen["incidence"][:, k, level, year], rtol=1e-10)


def test_registrations_whose_bands_do_not_nest_are_refused_with_their_rows():
    tables = frames_by_age()
    tables["registrations"] = tables["registrations"].replace({"age_band": {"65-74": "65-69", "75-79": "70-84",
                                                                            "80+": "85+"}})
    evidence = bundle(area_evidence=True, tables=tables)
    with pytest.raises(EvidenceError) as raised:
        lay_out(evidence, grid_of(evidence), ages=BY_AGE)
    (found,) = raised.value.problems
    assert (found.code, found.where, found.column) == ("E-AGE-NEST", "register", "age_band")
    assert set(tables["registrations"].iloc[[row - 2 for row in found.rows]]["age_band"]) == {"70-84"}
