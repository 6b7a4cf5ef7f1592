"""Patient records: faults without a name in them, cells that keep every death and person-year, and what is told."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patient_worlds import register
from sbc_prevalence.errors import DataError, EvidenceError
from sbc_prevalence.evidence import EvidenceBundle, LifeTableCells, PatientSurvival
from sbc_prevalence.evidence.tabulate import CELL_EDGES, tabulated
from small_study import bundle

ORIGIN = {"source": "a register", "as_of": "2030-12-31"}
SECRET = "0101019991"


def person(**changes):
    return {"presentation": "de_novo", "diagnosis_year": 2012, "entry_years": 0.25, "exit_years": 1.5, "died": 1,
            **changes}


def dated(**changes):
    return {"presentation": "recurrent", "diagnosis_date": "2012-02-29", "entry_date": "2012-03-30",
            "exit_date": "2014-02-28", "died": 1, **changes}


def cell(**changes):
    return {"presentation": "de_novo", "diagnosis_year_from": 2010, "diagnosis_year_to": 2012, "duration_from_years": 0,
            "duration_to_years": 1, "deaths": 20, "person_years": 50.5, **changes}


def patients(*rows, **options):
    return PatientSurvival.from_frame(pd.DataFrame(list(rows)), population="described", **ORIGIN, **options)


def cells(*rows):
    return LifeTableCells.from_frame(pd.DataFrame(list(rows)), population="described", **ORIGIN)


@pytest.mark.parametrize(("rows", "code", "numbers"), [
    ([person(), person(entry_years=1.6)], "E-ENTRY-AFTER-EXIT", (3,)),
    ([person(exit_years=-0.5)], "E-EXIT-BEFORE-DIAGNOSIS", (2,)),
    ([person(entry_years=-0.1)], "E-ENTRY-BEFORE-DIAGNOSIS", (2,)),
    ([person(), person(exit_years=400.0)], "E-UNIT-YEARS", (3,)),
    ([dated(), dated(exit_date="2012-01-01")], "E-EXIT-BEFORE-DIAGNOSIS", (3,)),
    ([dated(entry_date="2015-01-01")], "E-ENTRY-AFTER-EXIT", (2,)),
    ([dated(exit_date="2031-01-01")], "E-FOLLOW-UP-LATE", (2,)),
    ([person(diagnosis_year=2029, exit_years=3.0)], "E-FOLLOW-UP-LATE", (2,)),
    ([dated(exit_date="9999-12-31")], "E-DATE", (2,)),
    ([dated(exit_date="30/03/2014")], "E-DATE", (2,)),
    ([person(died=2)], "E-CHOICE", (2,)),
    ([person(presentation="all")], "E-CHOICE", (2,)),
])
def test_a_fault_names_its_rows_and_what_must_hold(rows, code, numbers):
    with pytest.raises(DataError) as caught:
        patients(*rows)
    assert [(p.code, p.rows) for p in caught.value.problems] == [(code, numbers)]


def test_the_day_of_entry_must_be_given():
    with pytest.raises(DataError, match="E-TIME-FORM") as caught:
        patients({k: v for k, v in person().items() if k != "entry_years"})
    assert "registration" in str(caught.value)
    with pytest.raises(DataError, match="E-TIME-FORM"):
        patients({**person(), **dated()})


def test_no_message_holds_what_stands_in_a_cell():
    frame = pd.DataFrame([person(), person(entry_years=9.0)]).astype(object)
    frame["presentation"] = SECRET
    frame["nhs_number"] = SECRET
    with pytest.raises(DataError) as caught:
        PatientSurvival.from_frame(frame, population="described", **ORIGIN)
    assert {p.code for p in caught.value.problems} >= {"E-CHOICE", "E-COLUMN-UNKNOWN", "E-ENTRY-AFTER-EXIT"}
    assert SECRET not in str(caught.value)


def test_whose_survival_it_is_must_be_said():
    with pytest.raises(EvidenceError, match="E-OPTION-MISSING"):
        PatientSurvival.from_frame(pd.DataFrame([person()]), **ORIGIN)
    with pytest.raises(EvidenceError, match="population is one of"):
        PatientSurvival.from_frame(pd.DataFrame([person()]), population="ours", **ORIGIN)
    with pytest.raises(EvidenceError, match="own_system"):
        patients(person(), own_system=True)


def test_dates_are_years_of_365_and_a_quarter_days():
    piece = patients(dated())
    assert piece.data["person_years"].sum() == pytest.approx((730 - 30) / 365.25)
    assert piece.data["deaths"].sum() == 1
    assert set(piece.data["diagnosis_year_from"]) == {2012}


def test_a_person_is_kept_nowhere():
    piece = patients(*(person(exit_years=1.5 + i / 1000) for i in range(50)))
    assert list(piece.frame.columns) == ["presentation", "diagnosis_year_from", "diagnosis_year_to",
                                         "duration_from_years", "duration_to_years", "deaths", "person_years",
                                         "source", "as_of"]
    assert len(piece.frame) == 14


def test_people_never_at_risk_are_left_out_and_told():
    piece = patients(person(), person(entry_years=1.5), person(entry_years=0.0, exit_years=0.0))
    told = {p.code: p.rows for p in piece.warnings()}
    assert told == {"W-NEVER-AT-RISK": (3,), "W-SAME-DAY": (4,)}
    assert piece.data["deaths"].sum() == 2
    with pytest.raises(EvidenceError, match="nobody was at risk"):
        patients(person(entry_years=1.5))


def test_records_without_a_death_are_pointed_at():
    assert [p.code for p in patients(person(died=0)).warnings()] == ["W-NO-DEATHS"]
    assert [p.code for p in cells(cell(deaths=0)).warnings()] == ["W-NO-DEATHS"]


def test_rows_of_one_sex_are_taken():
    both = patients(person(sex="female"), person(sex="male", exit_years=4.0))
    assert both.data["person_years"].sum() == pytest.approx(1.25)
    with pytest.raises(EvidenceError, match="E-SEX-MISSING"):
        patients(person(sex="male"))


@pytest.mark.parametrize(("rows", "code"), [
    ([cell(diagnosis_year_to=2009)], "E-ORDER"),
    ([cell(duration_from_years=1)], "E-ORDER"),
    ([cell(), cell(duration_from_years=0.5, duration_to_years=2)], "E-OVERLAP"),
    ([{k: v for k, v in cell().items() if k != "person_years"}], "E-EXPOSURE"),
    ([cell(at_risk=100)], "E-EXPOSURE"),
    ([cell(person_years=0)], "E-RANGE"),
    ([{**{k: v for k, v in cell().items() if k != "person_years"}, "at_risk": 19}], "E-AT-RISK"),
    ([{**{k: v for k, v in cell().items() if k != "person_years"}, "at_risk": 25, "withdrawn": 6}], "E-AT-RISK"),
    ([cell(), cell()], "E-DUPLICATE"),
])
def test_cells_that_cannot_be_are_refused(rows, code):
    with pytest.raises(DataError) as caught:
        cells(*rows)
    assert code in {p.code for p in caught.value.problems}


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60), st.integers(0, 2**31), st.integers(1, 10))
def test_no_death_and_no_person_year_is_lost(n, seed, period):
    people = register(n, seed, followed=15.0, beyond_grave=True)
    people = people[people["entry_years"] < people["exit_years"]]
    if people.empty:
        return
    found = tabulated(people, period_years=period)
    assert found["deaths"].sum() == people["died"].sum()
    assert found["person_years"].sum() == pytest.approx((people["exit_years"] - people["entry_years"]).sum())
    assert set(found["diagnosis_year_from"] % period) == {0}
    assert np.all(found["person_years"] > 0)
    width = found["duration_to_years"] - found["duration_from_years"]
    assert np.all(found["person_years"] <= len(people) * width + 1e-9)


def test_rows_at_a_time_and_all_at_once_give_the_same_cells(monkeypatch):
    people = register(700, 3)
    once = tabulated(people)
    monkeypatch.setattr("sbc_prevalence.evidence.tabulate.ROWS_AT_A_TIME", 50)
    pd.testing.assert_frame_equal(tabulated(people), once)


def test_a_death_falls_into_the_interval_that_it_ends():
    found = tabulated(pd.DataFrame([person(exit_years=0.25), person(exit_years=0.25 + 1e-9)]).assign(entry_years=0.0))
    next_edge = CELL_EDGES[CELL_EDGES > 0.25][0]
    assert found.set_index("duration_to_years")["deaths"].loc[lambda d: d > 0].to_dict() == {0.25: 1, next_edge: 1}


def test_the_same_deaths_in_records_and_in_deaths_are_told_and_explained():
    piece = patients(person())
    (told,) = [w for w in EvidenceBundle(*bundle().pieces, piece).warnings() if w.code == "W-DEATHS-TWICE"]
    assert told.severity == "warning"
    assert "chance variation" in told.remedy
    other = PatientSurvival.from_frame(pd.DataFrame([person()]), population="study", **ORIGIN)
    assert [w for w in EvidenceBundle(*bundle().pieces, other).warnings() if w.code == "W-DEATHS-TWICE"] == []


def test_two_registers_of_the_same_people_are_told():
    one, two = patients(person(), name="one"), cells(cell())
    (told,) = [w for w in EvidenceBundle(one, two).warnings() if w.code == "W-RECORDS-TWICE"]
    assert told.detail == "diagnosed 2012"
    apart = cells(cell(presentation="recurrent"))
    assert EvidenceBundle(one, apart).warnings() == []
