"""Completeness that is flat and anchored by nothing is refused before sampling, and the anchors are named."""

from dataclasses import replace

import pytest

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.model.anchors import ANCHORS, FLAT_LOGIT_SD, anchor_problems, logit_spreads
from sbc_prevalence.posterior.start import check_start
from small_study import a_model, small_inputs

MODEL = a_model()
DE_NOVO, RECURRENT = "register_de_novo", "register_recurrent"


def full():
    return small_inputs(area_evidence=True)


def flat(*names, sd=FLAT_LOGIT_SD):
    """The small study with a flat completeness of some sources."""
    inputs = full()
    return replace(inputs, completeness_sources=tuple(
        replace(s, logit_sd=sd) if s.name in names else s for s in inputs.completeness_sources))


def alone(*names, **more):
    """The same with nothing but registrations and published survival."""
    return flat(*names, **more).with_power({"deaths": 0.0, "snapshot": 0.0, "register_recurrent_audit": 0.0})


def test_the_small_study_is_anchored():
    assert anchor_problems(MODEL, full()) == []


def test_a_flat_completeness_that_nothing_anchors_is_refused_with_the_anchors_that_would_do():
    problems = anchor_problems(MODEL, alone(DE_NOVO, RECURRENT))
    assert [p.code for p in problems] == ["E-COMPLETENESS-FLAT"] * 2
    assert {p.where for p in problems} == {DE_NOVO, RECURRENT}
    for anchor in ANCHORS:
        assert anchor in problems[0].remedy
    with pytest.raises(EvidenceError, match="nearly flat and nothing anchors it"):
        check_start(MODEL, alone(DE_NOVO, RECURRENT))


def test_a_prior_that_says_something_is_enough():
    assert anchor_problems(MODEL, alone(DE_NOVO, RECURRENT, sd=FLAT_LOGIT_SD - 0.01)) == []


@pytest.mark.parametrize("anchor", ["deaths", "snapshot"])
def test_deaths_and_counts_of_the_living_anchor_every_source(anchor):
    assert anchor_problems(MODEL, alone(DE_NOVO, RECURRENT).with_power({anchor: 1.0})) == []


def test_an_audit_anchors_its_own_source_only():
    found = anchor_problems(MODEL, alone(DE_NOVO, RECURRENT).with_power({"register_recurrent_audit": 1.0}))
    assert [p.where for p in found] == [DE_NOVO]


def test_another_source_of_the_same_presentation_is_an_anchor_and_one_of_the_other_is_not():
    assert [p.where for p in anchor_problems(MODEL, alone(DE_NOVO))] == [DE_NOVO]
    both = alone(DE_NOVO)
    both = replace(both, completeness_sources=tuple(
        replace(s, presentations=("de_novo", "recurrent")) if s.name == RECURRENT else s
        for s in both.completeness_sources))
    assert anchor_problems(MODEL, both) == []


def test_an_override_can_make_a_completeness_flat():
    wide = MODEL.with_overrides(completeness_register_de_novo={"sd": 3.0, "reason": "for this test"})
    assert [p.where for p in anchor_problems(wide, alone())] == [DE_NOVO]


def test_known_completeness_has_no_spread():
    inputs = full()
    known = replace(inputs, completeness_sources=tuple(replace(s, known=0.8) for s in inputs.completeness_sources))
    assert set(logit_spreads(MODEL, known).values()) == {0.0}
    assert anchor_problems(MODEL, known) == []
