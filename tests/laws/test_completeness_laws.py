"""Laws of completeness, for every component and any draw of its parameters."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completeness_study import audit, inputs_of, model_with, one, registrations, sample, survey, validation
from sbc_prevalence.evidence import CompletenessPrior, EvidenceBundle
from sbc_prevalence.grid import AreaSet
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.model.observing import RegisteredCounts
from sbc_prevalence.model.observing.regimes import regime_probabilities
from small_study import AREAS, bundle, grid_of

KINDS = ["by_source", "hierarchical", "joint", "regime"]
SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=10, deadline=None)
BY_AREA = ("area_effect", "area_slope", "registrations_extra_area", "completeness_area")


def pieces(kind):
    """Two sources of registrations with everything that the component can use."""
    if kind == "regime":
        return (registrations(completeness=None, extra_variation="by_area"),
                survey({"A": "no_answer", "B": "full", "C": "none"}), audit(("A", "all", "register", 60, 20)))
    return (registrations(extra_variation="by_area"), registrations("other", presentations=["recurrent"]),
            audit(("A", "all", "register", 60, 40), ("B", "recurrent", "other", 30, 10)),
            validation(sample("C", "all", ("in", "yes", 100, 50, 40), ("out", "no", 900, 90, 2))))


@cache
def inputs_for(kind):
    return inputs_of(*pieces(kind))


def living_given_counts(model, inputs, p):
    """Posterior mean of the living over a grid of incidence levels, registrations and completeness fixed."""
    levels = np.exp(np.linspace(np.log(0.5), np.log(4000.0), 250))
    many = {name: np.broadcast_to(value, (levels.size, *np.shape(value))) for name, value in p.items()}
    many |= {"total_rate": levels, "registrations_extra_sd": np.full(levels.size, 0.05)}
    terms = model.loglik_terms(many, inputs)["regimes"]
    weight = np.exp(terms - terms.max())
    living = model.latent(many, inputs)["living"][..., -3].sum((1, 2))
    return float((weight * living).sum() / weight.sum())


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(seed=SEEDS, factor=st.floats(0.2, 0.9))
def test_a_smaller_share_of_more_people_is_the_same_number_of_registrations(kind, seed, factor):
    """Registrations see completeness times incidence only: at fixed counts lower completeness means more living."""
    inputs, model = inputs_for(kind), model_with(kind)
    seen = model.observed(one(model, inputs, seed), inputs)
    moved = {**seen, "completeness": {name: factor * c for name, c in seen["completeness"].items()},
             "area_incidence": seen["area_incidence"] / factor}
    for counted in (o for o in inputs.observations if isinstance(o, RegisteredCounts)):
        np.testing.assert_allclose(counted.expected(moved, inputs), counted.expected(seen, inputs), rtol=1e-12)


@FEW
@given(seed=SEEDS)
def test_the_less_fully_areas_say_they_record_the_more_people_live_with_the_disease(seed):
    model, living = model_with("regime", incidence="smooth"), []
    for answer in ("full", "partial", "none"):
        inputs = inputs_of(registrations(presentations=["recurrent"], completeness=None),
                           survey(dict.fromkeys("ABC", answer)))
        p = one(model, inputs, seed, completeness_area_register_recurrent=np.zeros(3))
        living.append(living_given_counts(model, inputs, p))
    assert living[0] < living[1] < living[2]


@pytest.mark.parametrize("kind", ["by_source", "hierarchical", "joint"])
@FEW
@given(seed=SEEDS)
def test_registered_is_true_where_completeness_is_one(kind, seed):
    inputs = inputs_of(registrations(completeness=CompletenessPrior("known", value=1)))
    model = model_with(kind)
    p = one(model, inputs, seed)
    seen = model.observed(p, inputs)
    for counted in (o for o in inputs.observations if isinstance(o, RegisteredCounts)):
        k = ("de_novo", "recurrent").index(counted.presentations[0])
        rows = seen["incidence"][k][inputs.arrays[f"{counted.name}_level"], inputs.arrays[f"{counted.name}_year"]]
        np.testing.assert_allclose(counted.expected(seen, inputs), rows, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(seed=SEEDS, order=st.permutations(range(3)))
def test_permuting_areas_permutes_completeness_and_changes_no_likelihood(kind, seed, order):
    inputs = inputs_for(kind)
    evidence = EvidenceBundle(*bundle().pieces, *pieces(kind))
    areas = AreaSet(tuple(AREAS.codes[i] for i in order), tuple(AREAS.names[i] for i in order),
                    AREAS.total_code, AREAS.total_name)
    permuted = lay_out(evidence, replace(grid_of(evidence), areas=areas))
    model = model_with(kind)
    p = one(model, inputs, seed)
    moved = {name: value[..., order] if name.startswith(BY_AREA) else value for name, value in p.items()}
    before, after = (model.completeness.completeness(q, x) for q, x in ((p, inputs), (moved, permuted)))
    for name, value in before.items():
        expected = value[..., order, :] if value.shape[-2] > 1 else value
        np.testing.assert_allclose(after[name], expected, rtol=1e-9)
    terms = model.loglik_terms(moved, permuted)
    for name, value in model.loglik_terms(p, inputs).items():
        np.testing.assert_allclose(terms[name], value, rtol=1e-8)
    if kind == "regime":
        np.testing.assert_allclose(regime_probabilities(model, moved, permuted),
                                   regime_probabilities(model, p, inputs)[list(order)], atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(seed=SEEDS)
def test_completeness_is_a_probability_in_every_draw_area_and_year(kind, seed):
    inputs = inputs_for(kind)
    model = model_with(kind)
    p = model.parameters(inputs).draw(np.random.default_rng(seed), 50)
    found = model.completeness.completeness(p, inputs)
    assert set(found) == {source.name for source in inputs.completeness_sources}
    for value in found.values():
        assert value.shape[0] == 50
        assert value.shape[1] in (1, 3)
        assert np.all((value >= 0) & (value <= 1))


@pytest.mark.parametrize("kind", KINDS)
def test_draws_together_and_one_by_one_give_the_same_likelihood(kind):
    inputs = inputs_for(kind)
    model = model_with(kind)
    p = model.parameters(inputs).draw(np.random.default_rng(4), 3)
    together = model.loglik_terms(p, inputs)
    for i in range(3):
        alone = model.loglik_terms({name: value[i] for name, value in p.items()}, inputs)
        for name, value in alone.items():
            np.testing.assert_allclose(together[name][i], value, rtol=1e-10)
