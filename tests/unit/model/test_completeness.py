"""Components of completeness: what is constant, what differs, what is ordered, what is correlated."""

import numpy as np
import pytest
from scipy import special

from completeness_study import UNCERTAIN, audit, inputs_of, model_with, one, registrations, survey
from sbc_prevalence.errors import ConfigError
from sbc_prevalence.evidence import CompletenessPrior, CompletenessStep
from sbc_prevalence.model.completeness import COMPLETENESS
from sbc_prevalence.model.completeness.joint import cholesky_rows
from sbc_prevalence.model.components import model_from_specification

STEP = CompletenessStep(2014, "treatment data are linked from 2014")


def completeness(kind, inputs, seed=1, **fixed):
    model = model_with(kind)
    return model.completeness.completeness(one(model, inputs, seed, **fixed), inputs)


@pytest.mark.parametrize("kind", ["by_source", "hierarchical", "joint"])
def test_without_documented_steps_completeness_is_the_same_in_all_years(kind):
    for value in completeness(kind, inputs_of(registrations())).values():
        assert value.shape[-1] == 1


def test_no_component_offers_a_free_course_over_time():
    """Only the years of declared steps have parameters of their own."""
    inputs = inputs_of(registrations(steps=(STEP,)))
    for kind in ("by_source", "hierarchical", "joint"):
        priors = model_with(kind).parameters(inputs).priors
        assert [p.name for p in priors if p.group == "completeness" and inputs.n_years in p.shape] == []


@pytest.mark.parametrize("kind", ["by_source", "hierarchical", "joint", "regime"])
def test_a_step_changes_the_logit_from_its_year_on_in_every_area(kind):
    regime = kind == "regime"
    register = registrations(presentations=["recurrent"], completeness=None if regime else UNCERTAIN, steps=(STEP,))
    inputs = inputs_of(register, *([survey({"A": "full", "B": "partial", "C": "none"})] if regime else []))
    found = completeness(kind, inputs, completeness_step_register_recurrent=[0.8])["register_recurrent"]
    assert found.shape == (1 if kind == "by_source" else 3, inputs.n_years)
    change = special.logit(found) - special.logit(found[:, :1])
    expected = np.where(inputs.grid.years >= 2014, 0.8, 0.0)
    np.testing.assert_allclose(change, np.broadcast_to(expected, found.shape), atol=1e-9)


def test_two_steps_add_up():
    inputs = inputs_of(registrations(presentations=["recurrent"], steps=(STEP, CompletenessStep(2017, "a new form"))))
    found = completeness("by_source", inputs, completeness_step_register_recurrent=[0.5, -0.2])["register_recurrent"]
    change = special.logit(found[0, -1]) - special.logit(found[0, 0])
    assert change == pytest.approx(0.3)


def test_areas_of_a_hierarchy_lie_around_the_level_of_a_typical_one():
    inputs = inputs_of(registrations(presentations=["recurrent"]))
    found = completeness(
        "hierarchical", inputs, completeness_register_recurrent=0.7, completeness_sd_register_recurrent=0.5,
        completeness_area_register_recurrent=[-1.0, 0.0, 2.0])["register_recurrent"]
    np.testing.assert_allclose(found[:, 0], special.expit(special.logit(0.7) + 0.5 * np.array([-1, 0, 2])))


def test_a_known_completeness_is_known_in_every_area():
    inputs = inputs_of(registrations(completeness=CompletenessPrior("known", value=0.85)))
    for kind in ("hierarchical", "joint"):
        assert all(np.all(c == 0.85) for c in completeness(kind, inputs).values())
        assert not any("_sd_" in name for name in model_with(kind).parameters(inputs).names)


def test_with_all_evidence_on_the_whole_areas_have_no_completeness_of_their_own():
    inputs = inputs_of(registrations(areas="T"))
    for kind in ("hierarchical", "joint"):
        assert all(c.shape == (1, 1) for c in completeness(kind, inputs).values())


def test_a_joint_component_with_one_source_is_the_hierarchical_one():
    inputs = inputs_of(registrations(presentations=["recurrent"]))
    place = [0.3, -1.2, 0.5]
    alone = completeness("hierarchical", inputs, completeness_area_register_recurrent=place)
    joint = completeness("joint", inputs, completeness_areas=[place],
                         **{name: value for name, value in one(model_with("hierarchical"), inputs).items()
                            if name in ("completeness_register_recurrent", "completeness_sd_register_recurrent")})
    np.testing.assert_allclose(joint["register_recurrent"], alone["register_recurrent"])


@pytest.mark.parametrize("n", [2, 3, 5])
def test_partial_correlations_make_a_correlation_matrix(n):
    z = np.tanh(np.random.default_rng(n).normal(0, 1.5, n * (n - 1) // 2))
    rows = cholesky_rows(list(z), n, np)
    lower = np.array([[*row, *[0.0] * (n - len(row))] for row in rows])
    matrix = lower @ lower.T
    np.testing.assert_allclose(np.diag(matrix), 1.0)
    assert np.all(np.linalg.eigvalsh(matrix) > 0)
    assert matrix[1, 0] == pytest.approx(z[0])


def test_the_correlation_of_two_sources_is_the_one_of_their_areas():
    """Over many areas' worth of places the correlation on the logit scale is tanh(y)."""
    inputs = inputs_of(registrations(presentations=["recurrent"]), registrations("other", presentations=["recurrent"]))
    model, rng = model_with("joint"), np.random.default_rng(5)
    p = {name: np.repeat(value[None], 20_000, 0) for name, value in one(model, inputs).items()}
    p |= {"completeness_correlation": np.full((20_000, 1), 0.9),
          "completeness_areas": rng.standard_normal((20_000, 2, 3))}
    found = model.completeness.completeness(p, inputs)
    pair = [special.logit(found[name][:, 0, 0]) for name in ("register_recurrent", "other_recurrent")]
    assert np.corrcoef(pair)[0, 1] == pytest.approx(np.tanh(0.9), abs=0.01)


def test_the_regimes_keep_their_order_in_every_draw():
    inputs = inputs_of(registrations(completeness=None), survey())
    model = model_with("regime")
    p = model.parameters(inputs).draw(np.random.default_rng(2), 500)
    p |= {name: np.zeros_like(value) for name, value in p.items() if name.startswith("completeness_area_")}
    full, partial, none = (c["register_recurrent"] for c in model.completeness.regimes(p, inputs).completeness)
    assert np.all((full > partial) & (partial > none))


def test_a_survey_and_a_component_without_regimes_are_refused_and_so_is_the_reverse():
    surveyed, plain = inputs_of(registrations(completeness=None), survey()), inputs_of(registrations())
    for kind in ("by_source", "hierarchical", "joint"):
        with pytest.raises(ConfigError, match=r"model.completeness"):
            model_with(kind).parameters(surveyed)
    with pytest.raises(ConfigError, match="no survey of regimes"):
        model_with("regime").parameters(plain)


def test_a_source_that_the_survey_does_not_speak_of_has_one_completeness():
    inputs = inputs_of(registrations(), survey(source_surveyed="register", presentation="recurrent"))
    assert [s.surveyed for s in inputs.completeness_sources] == [False, True]
    found = completeness("regime", inputs)
    assert found["register_de_novo"].shape == (1, 1)
    assert found["register_recurrent"].shape == (3, 1)


@pytest.mark.parametrize("kind", sorted(COMPLETENESS))
def test_a_model_with_every_component_survives_its_specification(kind):
    model = model_with(kind)
    assert model_from_specification(model.specification()) == model


def test_the_default_is_not_named_in_a_specification():
    """Stored studies of before stay those of the same model."""
    assert "completeness" not in model_with("by_source").specification()
    with pytest.raises(ConfigError, match="completeness is one of"):
        model_from_specification({**model_with("by_source").specification(), "completeness": "free"})


def test_an_audit_of_all_presentations_is_of_all_their_cases_and_counts_once():
    inputs = inputs_of(registrations(), audit(("A", "all", "register", 200, 130)))
    (piece,) = [o for o in inputs.observations if o.name.endswith("_audit")]
    assert piece.source_names == ("register_de_novo", "register_recurrent")
    model = model_with("by_source")
    p = one(model, inputs, completeness_register_de_novo=0.9, completeness_register_recurrent=0.5)
    seen = model.observed(p, inputs)
    years = (inputs.grid.years >= inputs.grid.first_data_year) & (inputs.grid.years <= inputs.grid.last_data_year)
    de_novo, recurrent = seen["area_incidence"][:, 0, years].sum(-1)
    share = (0.9 * de_novo + 0.5 * recurrent) / (de_novo + recurrent)
    expected = 130 * np.log(share) + 70 * np.log1p(-share)
    assert model.loglik_terms(p, inputs)[piece.name] == pytest.approx(expected)


def test_an_audit_of_several_areas_weighs_them_by_their_cases():
    inputs = inputs_of(registrations(presentations=["recurrent"]), audit(("T", "recurrent", "register", 100, 60)))
    model = model_with("hierarchical")
    p = one(model, inputs, completeness_area_register_recurrent=[-2.0, 0.0, 2.0])
    seen = model.observed(p, inputs)
    c = model.completeness.completeness(p, inputs)["register_recurrent"][:, 0]
    years = (inputs.grid.years >= inputs.grid.first_data_year) & (inputs.grid.years <= inputs.grid.last_data_year)
    cases = seen["area_incidence"][1][:, years].sum(-1)
    share = (c * cases).sum() / cases.sum()
    found = model.loglik_terms(p, inputs)["register_recurrent_audit"]
    assert found == pytest.approx(60 * np.log(share) + 40 * np.log1p(-share))


def test_an_audit_of_a_source_with_steps_speaks_of_the_year_of_its_cases():
    inputs = inputs_of(
        registrations(presentations=["recurrent"], steps=(STEP,)),
        audit(("A", "recurrent", "register", 50, 20, 2012), ("A", "recurrent", "register", 50, 40, 2016), by_year=True))
    model = model_with("by_source")
    p = one(model, inputs, completeness_register_recurrent=0.4, completeness_step_register_recurrent=[1.5])
    after = special.expit(special.logit(0.4) + 1.5)
    expected = 20 * np.log(0.4) + 30 * np.log(0.6) + 40 * np.log(after) + 10 * np.log1p(-after)
    assert model.loglik_terms(p, inputs)["register_recurrent_audit"] == pytest.approx(expected)


def test_uneven_recording_by_area_reduces_to_the_shared_one_where_areas_do_not_differ():
    shared, apart = (inputs_of(registrations(extra_variation=word)) for word in ("shared", "by_area"))
    model = model_with("by_source")
    p = one(model, apart, registrations_extra_sd=0.2, registrations_extra_spread=0.0)
    a, b = model.loglik_terms(p, shared), model.loglik_terms(p, apart)
    for name in a:
        assert b[name] == pytest.approx(a[name], rel=1e-12)


def test_an_area_that_records_unevenly_has_the_larger_spread():
    inputs = inputs_of(registrations(presentations=["recurrent"], extra_variation="by_area"))
    counted = next(o for o in inputs.observations if o.name == "register_recurrent")
    p = one(model_with("by_source"), inputs, registrations_extra_sd=0.1, registrations_extra_spread=0.5,
            registrations_extra_area=[2.0, 0.0, -2.0])
    areas = inputs.arrays["register_recurrent_area"]
    np.testing.assert_allclose(counted.extra_sd(p, inputs), 0.1 * np.exp(0.5 * np.array([2.0, 0, -2]))[areas])
