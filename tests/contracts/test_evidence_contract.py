"""What holds of every kind of evidence, whatever it counts."""

import dataclasses
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sbc_prevalence.config.entries import ENTRY_TYPES
from sbc_prevalence.config.project import TEMPLATE_COLUMNS
from sbc_prevalence.data.kinds import SCHEMAS
from sbc_prevalence.errors import DataError, EvidenceError, InputError, Problem
from sbc_prevalence.evidence import (
    EVIDENCE_KINDS,
    AccuracyPrior,
    CompletenessPrior,
    DependencePrior,
    Evidence,
)
from sbc_prevalence.evidence.coverage import USES

CELL = 7654321
ORIGIN = {"source": "a registry", "as_of": "2024-12-31"}
OPTIONS: dict[str, dict[str, Any]] = {
    "registrations": {"window_days": 120},
    "reporting_triangle": {"form": "cumulative"},
    "death_certificate_cases": {
        "mention": CompletenessPrior("known", value=0.8), "registrations_hold": "all"},
    "overlapping_lists": {"lists": ("one", "two"), "dependence": DependencePrior(2.0, 0.5, 8.0)},
    "grouped_codes": {"window_days": 120},
    "living_counts": {
        "definition": "alive_on_date",
        "sensitivity": AccuracyPrior(value=1),
        "specificity": AccuracyPrior(found=99, of=100, window="alive_on_date"),
    },
    "patient_survival": {"population": "described"},
    "life_table_cells": {"population": "study"},
}
SAMPLES: dict[str, list[dict[str, Any]]] = {
    "deaths": [{"area_code": "A", "year": 2001, "age_band": b, "count": CELL} for b in ("<50", "50+")],
    "primary_registrations": [{"area_code": a, "year": 2001, "count": CELL} for a in "AB"],
    "primary_age_profile": [{"area_code": "A", "age_band": b, "count": CELL} for b in ("<50", "50+")],
    "population": [{"area_code": a, "year": 2001, "population": CELL} for a in "AB"],
    "published_survival": [
        {
            "study": "X",
            "presentation": "de_novo",
            "survival_kind": "observed",
            "measure": "survival",
            "duration_years": 5,
            "value": 0.7654321,
            "diagnosis_year_from": 2000,
            "diagnosis_year_to": 2005,
        }
    ],
    "distant_recurrence": [
        {
            "study": "X",
            "risk_kind": "net",
            "stage": "all",
            "receptor": "all",
            "age_from": 15,
            "age_to": 99,
            "diagnosis_year_from": 1990,
            "diagnosis_year_to": 2000,
            "duration_from_years": 0,
            "duration_to_years": 5,
            "value": 0.7654321,
        }
    ],
    "registrations": [{"area_code": "A", "year": 2001, "presentation": "de_novo", "count": CELL}],
    "completeness_audit": [
        {"area_code": "A", "presentation": "all", "source_audited": "r", "n_known": CELL, "n_found": 85}
    ],
    "validation_sample": [
        {"area_code": "A", "presentation": "all", "source_audited": "r", "stratum": word, "in_source": side,
         "n_records": CELL, "n_examined": 90, "n_true": 40}
        for word, side in (("flagged", "yes"), ("other", "no"))
    ],
    "regime_survey": [{"area_code": "A", "answer": "none"}, {"area_code": "B", "answer": "no_answer"}],
    "overlapping_lists": [
        {"area_code": "A", "year": 2001, "history": h, "count": CELL} for h in ("01", "10", "11")
    ],
    "grouped_codes": [
        {
            "area_code": "A",
            "year": 2001,
            "presentation": "recurrent",
            "count": CELL,
            "n_validated": 40,
            "n_metastatic": 30,
        }
    ],
    "living_counts": [
        {"area_code": "A", "index_date": "2020-12-31", "count": CELL, "base_population": CELL + 1}
    ],
    "reporting_triangle": [
        {"area_code": "A", "year": 2001, "presentation": "all", "report_year": 2001 + lag, "count": CELL + lag}
        for lag in range(2)
    ],
    "death_certificate_cases": [
        {"area_code": "A", "year": 2001, "presentation": "all", "registered_in_life": CELL, "death_initiated": 5,
         "certificate_only": 3}
    ],
    "patient_survival": [
        {"presentation": "de_novo", "diagnosis_year": 2001, "entry_years": 0.77, "exit_years": 0.7765432101, "died": 1}
    ],
    "life_table_cells": [
        {
            "presentation": "de_novo",
            "diagnosis_year_from": 2001,
            "diagnosis_year_to": 2002,
            "duration_from_years": 0,
            "duration_to_years": 1,
            "deaths": 3,
            "person_years": 7.654321,
        }
    ],
    "other_cause_mortality": [{"age": a, "year": 2001, "hazard": 0.7654321} for a in range(100)],
    "comparison_figures": [
        {"region": "R", "measure": "living", "date_or_period": "2013", "value": CELL, "counts": "people"}
    ],
}


def made(kind: str) -> Evidence:
    return EVIDENCE_KINDS[kind].from_frame(
        pd.DataFrame(SAMPLES[kind]), name=kind, **ORIGIN, **OPTIONS.get(kind, {})
    )


every_kind = pytest.mark.parametrize("kind", sorted(EVIDENCE_KINDS))


def test_every_kind_has_a_schema_a_config_entry_a_use_and_a_sample_here() -> None:
    kinds = set(EVIDENCE_KINDS)
    assert kinds == set(SCHEMAS) == set(ENTRY_TYPES) == set(USES) == set(SAMPLES)
    assert kinds == set(TEMPLATE_COLUMNS) - {"areas"}


@every_kind
def test_checking_twice_changes_nothing(kind: str) -> None:
    once = made(kind)
    held = once.frame_kind or kind
    twice = EVIDENCE_KINDS[held].from_frame(once.frame, name=kind, **OPTIONS.get(held, {}))
    pd.testing.assert_frame_equal(once.frame, twice.frame)


@every_kind
def test_shuffled_rows_and_columns_give_the_same_evidence(kind: str) -> None:
    frame = pd.DataFrame(SAMPLES[kind])
    shuffled = frame.iloc[::-1][list(frame.columns[::-1])].rename(columns=str.upper)
    again = EVIDENCE_KINDS[kind].from_frame(shuffled, name=kind, **ORIGIN, **OPTIONS.get(kind, {}))
    pd.testing.assert_frame_equal(again.frame.iloc[::-1].reset_index(drop=True), made(kind).frame)


@every_kind
def test_its_face_shows_shape_and_source_but_no_cell(kind: str) -> None:
    piece = made(kind)
    for text in (repr(piece), piece._repr_html_()):
        assert "7654321" not in text
        assert "a registry" in text
        assert str(len(SAMPLES[kind])) in text


@every_kind
def test_it_is_frozen_and_its_frame_is_a_copy(kind: str) -> None:
    piece = made(kind)
    with pytest.raises(dataclasses.FrozenInstanceError):
        piece.name = "other"  # type: ignore[misc]
    piece.frame["source"] = "changed"
    assert set(piece.frame["source"]) == {"a registry"}


@every_kind
def test_it_does_not_change_what_it_was_given(kind: str) -> None:
    given = pd.DataFrame(SAMPLES[kind])
    before = given.copy(deep=True)
    EVIDENCE_KINDS[kind].from_frame(given, **ORIGIN, **OPTIONS.get(kind, {}))
    pd.testing.assert_frame_equal(given, before)


@every_kind
def test_every_row_knows_its_source_and_date(kind: str) -> None:
    assert {"source", "as_of"} <= set(made(kind).frame.columns)
    with pytest.raises(DataError, match="E-SOURCE-MISSING"):
        EVIDENCE_KINDS[kind].from_frame(pd.DataFrame(SAMPLES[kind]), **OPTIONS.get(kind, {}))


@every_kind
def test_an_empty_table_is_refused(kind: str) -> None:
    with pytest.raises(DataError, match="E-EMPTY"):
        EVIDENCE_KINDS[kind].from_frame(
            pd.DataFrame(SAMPLES[kind]).iloc[:0], **ORIGIN, **OPTIONS.get(kind, {})
        )


@every_kind
def test_each_required_column_is_missed(kind: str) -> None:
    frame = pd.DataFrame(SAMPLES[kind])
    for column in SCHEMAS[kind].template:
        if column in frame.columns:
            with pytest.raises(DataError) as caught:
                EVIDENCE_KINDS[kind].from_frame(frame.drop(columns=column), **ORIGIN, **OPTIONS.get(kind, {}))
            assert column in {p.column for p in caught.value.problems}


@every_kind
def test_an_unknown_option_is_refused(kind: str) -> None:
    with pytest.raises(EvidenceError, match="E-OPTION-UNKNOWN"):
        EVIDENCE_KINDS[kind].from_frame(
            pd.DataFrame(SAMPLES[kind]), **ORIGIN, **OPTIONS.get(kind, {}), completness=0.9
        )


@every_kind
def test_a_frame_that_was_not_checked_cannot_become_evidence(kind: str) -> None:
    with pytest.raises(EvidenceError, match="E-UNCHECKED"):
        EVIDENCE_KINDS[kind](
            name="x",
            data=pd.DataFrame({"count": [1]}),
            provenance=made(kind).provenance,
            **OPTIONS.get(kind, {}),
        )


@every_kind
def test_the_columns_of_its_template_are_known(kind: str) -> None:
    assert set(TEMPLATE_COLUMNS[kind]) <= set(SCHEMAS[kind].columns)
    assert set(SCHEMAS[kind].template) <= set(TEMPLATE_COLUMNS[kind])


@every_kind
def test_config_options_are_those_of_the_class(kind: str) -> None:
    fields = {field.name for field in dataclasses.fields(EVIDENCE_KINDS[kind])} - {
        "name",
        "data",
        "provenance",
    }
    extra = {"risk_kind"} if kind == "distant_recurrence" else set()
    assert set(ENTRY_TYPES[kind].OPTION_KEYS) == fields | extra


TEXTS = st.one_of(
    st.sampled_from(
        ["", "NA", "<5", "-1", "1e3", "2001", "40.5", "0.5", "87", "all", "5", "0", "inf", "<50", "50+"]
    ),
    st.text(max_size=8),
)


@every_kind
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_spoilt_cells_give_evidence_or_a_list_of_problems_and_nothing_else(
    kind: str, data: st.DataObject
) -> None:
    frame = pd.DataFrame(SAMPLES[kind]).astype(str)
    for column in data.draw(
        st.lists(st.sampled_from(list(frame.columns)), min_size=1, max_size=2, unique=True)
    ):
        row = data.draw(st.integers(0, len(frame) - 1))
        frame.loc[row, column] = data.draw(TEXTS)
    problems: tuple[Problem, ...] | None = None
    try:
        EVIDENCE_KINDS[kind].from_frame(frame, **ORIGIN, **OPTIONS.get(kind, {}))
    except InputError as error:
        problems = error.problems
    assert problems is None or problems
    assert all(p.code and p.requirement and p.remedy for p in problems or ())
