"""What completeness rests on: every source on something, everything said of completeness on a source."""

import pandas as pd
import pytest

from completeness_study import UNCERTAIN, YEARS, audit, registrations, sample, survey, validation
from sbc_prevalence.data.tables import Provenance, Table
from sbc_prevalence.errors import DataError, EvidenceError
from sbc_prevalence.evidence import (
    CompletenessAudit,
    CompletenessPrior,
    CompletenessStep,
    EvidenceBundle,
    RegimeSurvey,
    Registrations,
    ValidationSample,
    from_table,
)
from small_study import AREAS, bundle

ORIGIN = {"source": "notes", "as_of": "2024-12-31"}
STEP = CompletenessStep(2014, "treatment data are linked from 2014")
KNOWN = CompletenessPrior("known", value=0.8)
BARE = {"completeness": None}


def found(*pieces):
    """Problems of the small study with further pieces, by code."""
    try:
        EvidenceBundle(*bundle().pieces, *pieces).validate(AREAS)
    except EvidenceError as error:
        return {p.code: p for p in error.problems}
    return {}


def words(*pieces):
    return {p.code: p for p in EvidenceBundle(*bundle().pieces, *pieces).warnings()}


@pytest.mark.parametrize("pieces", [
    (registrations(),),
    (registrations(**BARE), audit(("T", "all", "register", 100, 80))),
    (registrations(**BARE, source="the registry"), audit(("A", "all", "the registry", 100, 80))),
    (registrations(**BARE), audit(("A", "de_novo", "register", 100, 80), ("B", "recurrent", "register", 50, 20))),
    (registrations(**BARE), survey()),
    (registrations(**BARE), survey(source_surveyed="register"), audit(("A", "all", "register", 9, 3))),
    (registrations(**BARE), validation(sample("A", "all", ("in", "yes", 100, 50, 40), ("out", "no", 900, 90, 2)))),
    (registrations(steps=(STEP,)), audit(("A", "all", "register", 100, 80, 2015), by_year=True)),
    (registrations(), registrations("other")),
], ids=range(9))
def test_a_source_with_a_prior_an_audit_a_sample_or_a_survey_is_anchored(pieces):
    assert found(*pieces) == {}


@pytest.mark.parametrize(("pieces", "code", "column"), [
    ((registrations(**BARE),), "E-COMPLETENESS-MISSING", None),
    ((registrations(**BARE), audit(("A", "recurrent", "register", 100, 80))), "E-COMPLETENESS-MISSING", None),
    ((registrations(**BARE), survey(presentation="de_novo")), "E-COMPLETENESS-MISSING", None),
    ((registrations(), audit(("A", "all", "a register", 100, 80))), "E-AUDIT-UNMATCHED", "source_audited"),
    ((registrations(presentations=["recurrent"]), audit(("A", "de_novo", "register", 9, 8))), "E-AUDIT-UNMATCHED",
     "source_audited"),
    ((registrations(source="x"), registrations("other", source="x", areas="AB"), audit(("A", "all", "x", 9, 8))),
     "E-AUDIT-AMBIGUOUS", "source_audited"),
    ((registrations(steps=(STEP,)), audit(("A", "all", "register", 100, 80))), "E-AUDIT-YEAR", "source_audited"),
    ((registrations(), survey()), "E-COMPLETENESS-TWICE", None),
    ((registrations(**BARE), survey(), survey(dict.fromkeys("ABC", "full"), name="again")), "E-SURVEY-TWICE", None),
    ((registrations(), survey(source_surveyed="no such register")), "E-SURVEY-UNMATCHED", None),
    ((registrations(**BARE), survey({"A": "full", "B": "none"})), "E-AREA-MISSING", "area_code"),
    ((registrations(**BARE, areas="T"), survey()), "E-AREA-LEVEL", "area_code"),
    ((registrations(**BARE), survey(), audit(("T", "all", "register", 9, 8))), "E-AREA-LEVEL", "area_code"),
    ((registrations(**BARE), survey({**dict.fromkeys("ABC", "full"), "T": "full"})), "E-AREA-LEVEL", "area_code"),
], ids=range(14))
def test_what_has_no_anchor_or_no_source_is_refused_by_name(pieces, code, column):
    problems = found(*pieces)
    assert code in problems
    assert problems[code].column == column
    assert problems[code].remedy


def test_the_message_names_the_presentation_that_nothing_anchors():
    problem = found(registrations(**BARE), audit(("A", "recurrent", "register", 9, 8)))["E-COMPLETENESS-MISSING"]
    assert problem.detail == "presentation: de_novo"


def test_two_sources_of_the_same_people_are_pointed_at_and_one_source_twice_is_refused():
    assert "W-SAME-PEOPLE" in words(registrations(), registrations("other"))
    assert "W-SAME-PEOPLE" not in words(registrations(presentations=["de_novo"]),
                                        registrations("other", presentations=["recurrent"]))
    assert "E-SOURCE-OVERLAP" in found(registrations(source="x"), registrations("other", source="x"))


@pytest.mark.parametrize(("value", "says"), [(1, "every true case is registered"), (0.8, "exact")])
def test_completeness_taken_as_known_is_pointed_at(value, says):
    warning = words(registrations(completeness=CompletenessPrior("known", value=value)))["W-COMPLETENESS-KNOWN"]
    assert warning.severity == "warning"
    assert says in warning.requirement


@pytest.mark.parametrize(("prior", "says"), [
    ({"kind": "known", "value": 85}, "percentage"),
    ({"kind": "known", "value": 1.2}, "needs a specificity"),
    ({"kind": "known", "value": 250}, "below 1"),
    ({"kind": "known", "value": 0}, "no evidence"),
    ({"kind": "logit_normal", "median": 1, "lower95": 0.8, "upper95": 1}, "exactly 1 only as kind='known'"),
    ({"kind": "logit_normal", "median": 0.9, "lower95": 0, "upper95": 0.99}, "no evidence"),
    ({"kind": "logit_normal", "median": 80, "lower95": 60, "upper95": 90}, "percentage"),
    ({"kind": "logit_normal", "median": 0.5, "lower95": 0.6, "upper95": 0.9}, "lower95 < median"),
    ({"kind": "beta", "value": 0.9}, "'known' or 'logit_normal'"),
])
def test_a_completeness_that_is_none_is_refused_and_says_what_the_number_would_mean(prior, says):
    with pytest.raises(EvidenceError, match=says):
        CompletenessPrior(**prior)


@pytest.mark.parametrize(("steps", "says", "prior"), [
    ((CompletenessStep(2010, "x"),), "inside the years", UNCERTAIN),
    ((CompletenessStep(2030, "x"),), "inside the years", UNCERTAIN),
    ((CompletenessStep(2016, "x"), CompletenessStep(2014, "y")), "must rise", UNCERTAIN),
    ((STEP, STEP), "must rise", UNCERTAIN),
    ((STEP,), "takes no steps", KNOWN),
    ((2014,), "is a CompletenessStep", UNCERTAIN),
])
def test_steps_lie_inside_the_counts_in_order_and_never_beside_what_is_known(steps, says, prior):
    with pytest.raises(EvidenceError, match=says):
        registrations(steps=steps, completeness=prior)


@pytest.mark.parametrize(("step", "says"), [
    ({"year": 2014, "reason": " "}, "needs its reason"),
    ({"year": "2014", "reason": "x"}, "calendar year"),
    ({"year": 20140, "reason": "x"}, "calendar year"),
])
def test_a_step_has_a_year_and_a_reason(step, says):
    with pytest.raises(EvidenceError, match=says):
        CompletenessStep(**step)


def test_a_step_in_a_configuration_is_a_mapping_and_its_slips_are_named():
    rows = [("A", year, "recurrent", 5) for year in YEARS]
    frame = pd.DataFrame(rows, columns=["area_code", "year", "presentation", "count"])
    table = Table.from_frame(frame, name="r", provenance=Provenance(name="r", source="r", as_of="2024-12-31"))
    options = {"window_days": 120, "completeness": {"kind": "known", "value": 0.5}}
    piece = from_table("registrations", table, window_days=120, steps=({"year": 2014, "reason": "linkage"},),
                       completeness={"kind": "logit_normal", "median": 0.5, "lower95": 0.3, "upper95": 0.7})
    assert isinstance(piece, Registrations)
    assert piece.steps == (CompletenessStep(2014, "linkage"),)
    for step, key in (({"year": 2014}, "steps.reason"), ({"year": 2014, "reason": "x", "level": 0.8}, "steps.level")):
        with pytest.raises(EvidenceError) as caught:
            from_table("registrations", table, **options, steps=(step,))
        assert key in {p.key for p in caught.value.problems}


def test_free_variation_over_time_is_not_an_option():
    with pytest.raises(EvidenceError, match="E-OPTION-UNKNOWN"):
        registrations(trend="random_walk")


def test_an_audit_never_finds_more_than_was_known():
    rows = pd.DataFrame([("A", "all", "register", 50, 51)],
                        columns=["area_code", "presentation", "source_audited", "n_known", "n_found"])
    with pytest.raises(DataError, match="E-FOUND"):
        CompletenessAudit.from_frame(rows, **ORIGIN)


@pytest.mark.parametrize(("answer", "code"), [
    ("mostly", "E-CHOICE"), ("", "E-MISSING"), ("yes", "E-CHOICE"), ("NA", "E-MISSING"), ("3", "E-CHOICE")])
def test_an_answer_that_is_none_of_the_four_is_refused(answer, code):
    rows = pd.DataFrame([("A", "full"), ("B", answer)], columns=["area_code", "answer"])
    with pytest.raises(DataError, match=code) as caught:
        RegimeSurvey.from_frame(rows, **ORIGIN)
    assert [p.rows for p in caught.value.problems if p.column == "answer"] == [(3,)]


def test_recording_nothing_and_not_answering_are_answers():
    piece = survey({"A": "none", "B": "no_answer", "C": "Full"})
    assert piece.counts().to_dict() == {"full": 1, "partial": 0, "none": 1, "no_answer": 1}


def test_an_area_answers_once():
    rows = pd.DataFrame([("A", "full"), ("A", "none")], columns=["area_code", "answer"])
    with pytest.raises(DataError, match="E-DUPLICATE"):
        RegimeSurvey.from_frame(rows, **ORIGIN)


@pytest.mark.parametrize(("strata", "code", "column"), [
    ((("in", "yes", 100, 101, 40), ("out", "no", 900, 90, 2)), "E-EXAMINED", "n_examined"),
    ((("in", "yes", 100, 50, 51), ("out", "no", 900, 90, 2)), "E-EXAMINED", "n_true"),
    ((("in", "yes", 100, 50, 40), ("out", "no", 900, 0, 0)), "E-UNEXAMINED", "n_examined"),
    ((("in", "yes", 100, 50, 40), ("more", "yes", 900, 90, 2)), "E-STRATA-SIDE", "in_source"),
    ((("in", "yes", 100, 50, 40), ("out", "maybe", 900, 90, 2)), "E-CHOICE", "in_source"),
])
def test_a_sample_that_does_not_fit_into_itself_is_refused(strata, code, column):
    with pytest.raises(DataError) as caught:
        validation(sample("A", "all", *strata))
    assert (code, column) in {(p.code, p.column) for p in caught.value.problems}


def test_every_area_of_a_sample_has_the_same_strata():
    rows = [sample("A", "all", ("in", "yes", 100, 50, 40), ("out", "no", 900, 90, 2)),
            sample("B", "all", ("in", "yes", 100, 50, 40), ("other", "no", 900, 90, 2))]
    with pytest.raises(DataError, match="E-STRATA"):
        validation(*rows)
    empty = sample("B", "all", ("in", "yes", 0, 0, 0), ("out", "no", 900, 90, 2))
    assert isinstance(validation(rows[0], empty), ValidationSample)
