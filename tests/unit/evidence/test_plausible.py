"""What is possible and looks like a slip is pointed at, and stops nothing."""

import pandas as pd
import pytest

from sbc_prevalence.evidence import Deaths, EvidenceBundle, PrimaryRegistrations, PublishedSurvival
from small_study import bundle

YEARS = range(2001, 2008)


def counted(kind, areas, count):
    rows = [(area, year, count) for area in areas for year in YEARS]
    return kind.from_frame(pd.DataFrame(rows, columns=["area_code", "year", "count"]), source="x", as_of="2020-12-31")


def told(*pieces):
    return {warning.code: warning for warning in EvidenceBundle(*pieces).warnings()}


def test_the_usual_study_is_left_in_peace():
    assert not {"W-DEATHS-PRIMARIES", "W-AREA-DEATHS", "W-UNIT-MONTHS"} & {w.code for w in bundle().warnings()}


@pytest.mark.parametrize(("deaths", "is_told"), [(4, True), (20, False), (60, False), (95, True)])
def test_deaths_that_do_not_suit_the_primaries_are_pointed_at(deaths, is_told):
    found = told(counted(Deaths, "AB", deaths), counted(PrimaryRegistrations, "AB", 100))
    assert ("W-DEATHS-PRIMARIES" in found) is is_told


def test_an_area_without_the_deaths_that_others_have_is_named():
    found = told(counted(Deaths, "AB", 20), counted(PrimaryRegistrations, "ABC", 100))
    assert found["W-AREA-DEATHS"].detail == "without deaths: C"
    assert "W-AREA-DEATHS" not in told(counted(Deaths, "T", 60), counted(PrimaryRegistrations, "ABC", 100))


@pytest.mark.parametrize(("last", "is_told"), [(10.0, False), (60.0, True)])
def test_durations_that_look_like_months_are_pointed_at(last, is_told):
    frame = pd.DataFrame({
        "study": "X", "presentation": "de_novo", "survival_kind": "observed", "measure": "survival",
        "duration_years": [last / 5, last], "value": [0.6, 0.2], "diagnosis_year_from": 2000, "diagnosis_year_to": 2005})
    piece = PublishedSurvival.from_frame(frame, source="x", as_of="2020-12-31")
    assert ("W-UNIT-MONTHS" in told(piece)) is is_told
