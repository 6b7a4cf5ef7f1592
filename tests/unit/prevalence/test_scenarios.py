"""Repetitions of the national table vary one thing each."""

import numpy as np
import pytest

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.evidence import CompletenessPrior
from sbc_prevalence.model import NaturalHistoryIncidence, PrevalenceModel
from sbc_prevalence.model.survival import LogLogisticSurvival
from sbc_prevalence.posterior.compiled import structure_key
from sbc_prevalence.prevalence.scenarios import (
    RATIO,
    OtherCompleteness,
    completeness_scenarios,
    scenarios,
    sources_of_piece,
    with_completeness,
)
from small_study import a_model, small_inputs

MODEL = PrevalenceModel(incidence=NaturalHistoryIncidence(window_days=120))


def repetitions(**given):
    asked = {"survival_families": (), "hazard_ratios": (), "area_spread": (), "judgement_width": (), "n_areas": 14}
    return scenarios(MODEL, **{**asked, **given})


@pytest.mark.parametrize("ratio", [1.0, 1.35, 1.88])
def test_a_fixed_ratio_is_that_of_the_population_described_whatever_the_published_one(ratio):
    (found,) = [s for s in repetitions(hazard_ratios=(ratio,)) if s.group == RATIO and not s.is_headline]
    own = found.model.overrides["ratio_transfer_error"]
    assert own["sd"] == 0.0
    p = {"hazard_ratio_recurrent": np.array([0.5, 3.0]), "ratio_transfer_error": np.exp(own["center"] * np.ones(2))}
    np.testing.assert_allclose(found.model.survival.own_ratio(p), ratio)


def test_a_fixed_ratio_leaves_the_published_points_a_free_ratio():
    (_, _, found) = repetitions(hazard_ratios=(1.88,))
    assert "hazard_ratio_recurrent" not in found.model.overrides
    assert found.model.specification()["ratio_from_published"] is False


def test_another_family_keeps_what_the_headline_says_of_the_ratio_and_the_trend():
    (headline, other) = repetitions(survival_families=("weibull", "log_logistic"))
    assert headline.is_headline
    assert other.model.survival == LogLogisticSurvival(trend=MODEL.survival.trend)


def test_one_area_has_no_spread_to_vary():
    assert len(repetitions(area_spread=(0.5, 2.0), n_areas=1)) == 1


def study():
    return small_inputs(area_evidence=True)


def other(name="lower", sources=("register_de_novo", "register_recurrent"), **prior):
    given = prior or {"kind": "logit_normal", "median": 0.5, "lower95": 0.3, "upper95": 0.7}
    return OtherCompleteness(name, sources, CompletenessPrior(**given), "somebody's view")


def test_a_source_has_one_name_for_each_presentation():
    assert sources_of_piece(study(), "register") == ("register_de_novo", "register_recurrent")
    assert sources_of_piece(study(), "regist") == ()


def test_each_declared_prior_of_completeness_is_a_repetition_with_areas_after_the_headline_s_own():
    found = completeness_scenarios(a_model(), study(), [other(), other("known", kind="known", value=0.8)])
    assert [s.label for s in found] == ["as stated", "lower", "known"]
    assert [s.is_headline for s in found] == [True, False, False]
    assert all(s.shows_areas for s in found)
    prior = a_model().parameters(found[1].inputs)["completeness_register_recurrent"]
    assert prior.center == pytest.approx(0.0)
    assert prior.sd == pytest.approx(2 * np.log(0.7 / 0.3) / 3.92)
    assert prior.reason == "somebody's view"
    assert completeness_scenarios(a_model(), study(), []) == []


def test_no_other_program_is_compiled_for_another_prior_or_a_value_below_one():
    for changed in (other(), other("known", kind="known", value=0.8)):
        inputs = with_completeness(study(), changed)
        assert structure_key(a_model(), inputs) == structure_key(a_model(), study())
    known = a_model().parameters(with_completeness(study(), other("k", kind="known", value=0.8)))
    prior = known["completeness_register_de_novo"]
    assert prior.sd == 0.0
    assert prior.natural(np.zeros(()), np.asarray(prior.center), 0.0) == pytest.approx(0.8)


def test_complete_by_declaration_is_exactly_one():
    inputs = with_completeness(study(), other("all", kind="known", value=1.0))
    assert [s.known for s in inputs.completeness_sources] == [1.0, 1.0]


def test_an_alternative_that_changes_nothing_is_refused():
    with pytest.raises(EvidenceError, match="must change a prior"):
        completeness_scenarios(a_model(), study(), [other(sources=())])
