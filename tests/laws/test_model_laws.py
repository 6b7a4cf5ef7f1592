"""Laws of the whole model: any draw of its parameters, any family (model.md section 9)."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbc_prevalence.grid import AreaSet
from sbc_prevalence.kernels.survivorship import FIRST_NODES, FIRST_WEIGHTS, LATER_NODES, LATER_WEIGHTS
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.model.observing import RegisteredCounts
from sbc_prevalence.model.survival import FAMILIES, TRENDS
from small_study import (
    AREAS,
    a_model,
    bundle,
    frames,
    grid_of,
    prior_draws,
    scotland_inputs,
    small_inputs,
)

MODELS = st.builds(a_model, st.sampled_from(sorted(FAMILIES)), st.sampled_from(TRENDS),
                   st.sampled_from(["natural_history", "smooth"]))
SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=30, deadline=None)


@FEW
@given(MODELS, SEEDS)
def test_areas_sum_to_the_nation_in_every_draw(model, seed):
    inputs = small_inputs()
    p = prior_draws(model, inputs, 4, seed)
    found = model.latent(p, inputs)
    np.testing.assert_allclose(
        found["incidence"].sum(-2), model.incidence.whole(p, inputs), rtol=1e-10)
    seen = model.observed(p, inputs)
    np.testing.assert_allclose(found["living"].sum((1, 2)), seen["living"][:, 0], rtol=1e-10)
    np.testing.assert_allclose(found["deaths"].sum((1, 2)), seen["deaths"][:, 0], rtol=1e-10)


@FEW
@given(MODELS, SEEDS)
def test_the_balance_holds_in_every_draw_presentation_and_area(model, seed):
    inputs = small_inputs()
    found = model.latent(prior_draws(model, inputs, 4, seed), inputs)
    living, cases, dead = found["living"], found["incidence"], found["deaths"]
    before = np.concatenate([np.zeros_like(living[..., :1]), living[..., :-1]], -1)
    np.testing.assert_allclose(living, before + cases - dead, rtol=1e-11, atol=1e-9)
    assert np.all(dead >= 0)
    assert np.all(living <= np.cumsum(cases, -1))


@settings(max_examples=10, deadline=None)
@given(MODELS, SEEDS, st.permutations(range(3)))
def test_permuting_areas_permutes_results(model, seed, order):
    inputs = small_inputs()
    evidence = bundle()
    areas = AreaSet(tuple(AREAS.codes[i] for i in order), tuple(AREAS.names[i] for i in order),
                    AREAS.total_code, AREAS.total_name)
    permuted = lay_out(evidence, replace(grid_of(evidence), areas=areas))
    p = prior_draws(model, inputs, 3, seed)
    moved = {name: value[..., order] if name in ("area_effect", "area_slope") else value
             for name, value in p.items()}
    before, after = model.latent(p, inputs), model.latent(moved, permuted)
    for name in ("incidence", "living", "deaths"):
        np.testing.assert_allclose(after[name], before[name][..., order, :], rtol=1e-9)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_shuffling_the_rows_of_every_table_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    shuffled = {name: frame.sample(frac=1.0, random_state=int(rng.integers(2**31))).reset_index(drop=True)
                for name, frame in frames().items()}
    model = a_model()
    evidence = bundle(tables=shuffled)
    again = lay_out(evidence, grid_of(evidence))
    p = prior_draws(model, small_inputs(), 3)
    first, second = model.loglik_terms(p, small_inputs()), model.loglik_terms(p, again)
    assert set(first) == set(second)
    for name in first:
        np.testing.assert_allclose(second[name], first[name], rtol=1e-9)
    for name, value in model.latent(p, small_inputs()).items():
        np.testing.assert_allclose(model.latent(p, again)[name], value, rtol=1e-9)


def test_the_order_of_columns_and_columns_of_no_meaning_change_nothing():
    model, p = a_model(), prior_draws(a_model(), small_inputs(), 2)
    turned = {name: frame[frame.columns[::-1]] for name, frame in frames().items()}
    evidence = bundle(tables=turned)
    again = model.loglik_terms(p, lay_out(evidence, grid_of(evidence)))
    for name, value in model.loglik_terms(p, small_inputs()).items():
        np.testing.assert_array_equal(again[name], value)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_no_survival_means_no_living_and_none_dies_later_than_the_year_of_diagnosis(family):
    inputs, model = small_inputs(), a_model(family)
    p = prior_draws(model, inputs, 2)
    p["other_cause_multiplier"] = np.full(2, 1e9)
    found = model.latent(p, inputs)
    assert np.all(found["living"] < 1e-3 * found["incidence"])
    np.testing.assert_allclose(found["deaths"], found["incidence"], rtol=1e-3)


@FEW
@given(MODELS, SEEDS, st.floats(0.0, 1.0))
def test_a_lower_hazard_ratio_never_means_fewer_living(model, seed, share):
    inputs = small_inputs()
    p = prior_draws(model, inputs, 3, seed)
    lower = {**p, "hazard_ratio_recurrent": share * p["hazard_ratio_recurrent"]}
    assert np.all(model.latent(lower, inputs)["living"] >= model.latent(p, inputs)["living"] - 1e-9)


@FEW
@given(MODELS, SEEDS)
def test_other_cause_mortality_is_a_floor_in_every_year_since_diagnosis(model, seed):
    inputs = small_inputs()
    p = prior_draws(model, inputs, 3, seed)
    n, first = inputs.n_years, FIRST_NODES.size
    hazards = model.survival.baseline_with_tail(p, inputs)
    gone = np.exp(-p["other_cause_multiplier"][:, None, None] * inputs.floor)
    later = gone[..., first + n + 1:].reshape(3, 2, n - 1, LATER_NODES.size) @ LATER_WEIGHTS
    life_table = np.concatenate([(gone[..., :first] @ FIRST_WEIGHTS)[..., None], later], -1)[:, :, None, :]
    only_other_causes = model.survival.survivorship(p, inputs, hazards * 1e-12)
    np.testing.assert_allclose(only_other_causes, np.broadcast_to(life_table, only_other_causes.shape), rtol=1e-9)
    assert np.all(model.survival.survivorship(p, inputs, hazards) <= only_other_causes + 1e-12)


def _living_given_counts(completeness: float, seed: int) -> float:
    """Posterior mean of the living over a grid of incidence levels, registrations fixed, all else as drawn."""
    inputs, model = small_inputs(area_evidence=True), a_model(incidence="smooth")
    one = {name: value[0] for name, value in prior_draws(model, inputs, 1, seed).items()}
    levels = np.exp(np.linspace(np.log(1.0), np.log(2000.0), 200))
    p = {name: np.broadcast_to(value, (levels.size, *np.shape(value))) for name, value in one.items()}
    p = {**p, "total_rate": levels, "registrations_extra_sd": np.full(levels.size, 0.05),
         "completeness_register_de_novo": np.full(levels.size, completeness)}
    terms = model.loglik_terms(p, inputs)["register_de_novo"]
    weight = np.exp(terms - terms.max())
    living = model.latent(p, inputs)["living"][..., -3].sum((1, 2))
    return float((weight * living).sum() / weight.sum())


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.floats(0.1, 0.8), st.floats(1.1, 2.0))
def test_lower_completeness_at_fixed_counts_means_more_living(seed, completeness, factor):
    higher = min(completeness * factor, 1.0)
    assert _living_given_counts(completeness, seed) > _living_given_counts(higher, seed)


def test_registered_is_true_when_completeness_is_one():
    inputs, model = small_inputs(area_evidence=True), a_model()
    p = prior_draws(model, inputs, 3)
    source = inputs.completeness_sources[0]
    p[f"completeness_{source.name}"] = np.ones(3)
    seen = model.observed(p, inputs)
    rows = seen["incidence"][:, 0, inputs.arrays[f"{source.name}_level"], inputs.arrays[f"{source.name}_year"]]
    counted = next(o for o in inputs.observations if isinstance(o, RegisteredCounts) and o.name == source.name)
    np.testing.assert_allclose(counted.expected(seen, inputs), rows, rtol=1e-12)


def test_draws_together_and_one_by_one_give_the_same_numbers():
    inputs = scotland_inputs()
    for family in FAMILIES:
        model = a_model(family)
        p = prior_draws(model, inputs, 3)
        together = model.latent(p, inputs)
        for i in range(3):
            alone = model.latent({name: value[i] for name, value in p.items()}, inputs)
            for name, value in alone.items():
                np.testing.assert_allclose(together[name][i], value, rtol=1e-11)


def test_a_steady_state_holds_incidence_times_mean_survival():
    inputs, model = small_inputs(), a_model(trend="none")
    p = prior_draws(model, inputs, 1)
    p |= {"survival_median": np.full(1, 0.35), "survival_shape": np.ones(1), "hazard_tail_ratio": np.ones(1),
          "hazard_ratio_recurrent": np.ones(1), "hazard_trend": np.zeros(1),
          "between_study_sd": np.zeros(1)}
    alive = model.latent(p, inputs)["alive"][0, 0]
    mean = 0.35 / np.log(2.0)
    assert alive[0].sum() == pytest.approx(mean, rel=1e-7)
