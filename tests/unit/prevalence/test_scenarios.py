"""Repetitions of the national table vary one thing each."""

import numpy as np
import pytest

from sbc_prevalence.model import NaturalHistoryIncidence, PrevalenceModel
from sbc_prevalence.model.survival import LogLogisticSurvival
from sbc_prevalence.prevalence.scenarios import RATIO, scenarios

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
