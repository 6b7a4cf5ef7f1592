"""Area codes: replaced, unknown, mixed, missing, and wholes among their parts."""

import pandas as pd
import pytest

from sbc_prevalence.data.areas import area_set_from, check_codes, superseded_codes
from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.errors import DataError
from sbc_prevalence.grid import AreaSet


@pytest.fixture(scope="module")
def boards() -> AreaSet:
    return area_set_from(load_carried("scotland_boards"), total_code="S92000003", total_name="Scotland",
                         total_level="nation")


def frame_of(codes, year="2020"):
    return pd.DataFrame({"area_code": list(codes), "year": year})


def codes_of(problems):
    return [p.code for p in problems]


def test_the_fourteen_boards_make_an_area_set(boards):
    assert len(boards.codes) == 14
    assert boards.name_of("S08000029") == "NHS Fife"
    assert boards.level == "NHS health board"


def test_four_codes_were_replaced_since_2014():
    assert superseded_codes() == {
        "S08000018": "S08000029", "S08000027": "S08000030", "S08000021": "S08000031",
        "S08000023": "S08000032"}


def test_every_board_once_is_sound(boards):
    assert check_codes(frame_of(boards.codes), boards, where="t.csv", kind="primary_registrations") == []


def test_a_replaced_code_is_refused_with_the_code_in_force_and_is_not_also_missing(boards):
    codes = ["S08000018" if c == "S08000029" else c for c in boards.codes]
    problems = check_codes(frame_of(codes), boards, where="t.csv", kind="primary_registrations")
    assert codes_of(problems) == ["E-AREA-SUPERSEDED"]
    assert "S08000029" in problems[0].remedy
    assert problems[0].rows == (codes.index("S08000018") + 2,)


def test_old_and_new_codes_in_one_series_are_named_as_mixed(boards):
    problems = check_codes(frame_of(["S08000018", "S08000029"]), boards, where="t.csv", kind="deaths")
    assert codes_of(problems) == ["E-AREA-MIXED", "E-AREA-SUPERSEDED"]


def test_an_unknown_code_gets_the_nearest_one_and_no_cell_that_is_not_a_code_is_printed(boards):
    problems = check_codes(frame_of(["S08000049", "0101501234"]), boards, where="t.csv", kind="deaths")
    assert codes_of(problems) == ["E-AREA-UNKNOWN", "E-AREA-UNKNOWN"]
    assert "S08000029" in problems[0].remedy or "S08000019" in problems[0].remedy
    assert problems[1].rows == (3,)
    assert "0101501234" not in " ".join(str(p) for p in problems)


def test_an_unknown_code_is_told_what_codes_of_this_study_look_like():
    regions = AreaSet(("NORTH", "SOUTH"), ("North", "South"), "ALL", "All")
    (problem,) = check_codes(frame_of(["NORHT"]), regions, where="t.csv", kind="deaths")
    assert "NORTH, SOUTH" in problem.remedy
    assert "9-character" not in str(problem)


def test_missing_boards_are_listed_by_code_and_name(boards):
    problems = check_codes(frame_of(boards.codes[:-2]), boards, where="t.csv", kind="primary_registrations")
    assert codes_of(problems) == ["E-AREA-MISSING"]
    assert all(code in problems[0].detail for code in boards.codes[-2:])
    assert check_codes(frame_of(boards.codes[:-2]), boards, where="t.csv", kind="deaths") == []


@pytest.mark.parametrize("kind", ["deaths", "primary_registrations", "registrations"])
def test_a_whole_among_its_parts_in_one_year_counts_people_twice(boards, kind):
    frame = frame_of(["S92000003", *boards.codes])
    problems = check_codes(frame, boards, where="t.csv", kind=kind)
    assert codes_of(problems) == ["E-AREA-TOTAL"]
    assert problems[0].rows == (2,)


def test_a_whole_in_other_years_or_in_a_population_is_sound(boards):
    earlier = pd.concat([frame_of(["S92000003"], "2019"), frame_of(boards.codes)], ignore_index=True)
    assert check_codes(earlier, boards, where="t.csv", kind="deaths") == []
    both = frame_of(["S92000003", *boards.codes])
    assert check_codes(both, boards, where="t.csv", kind="population") == []


def test_an_area_table_with_every_fault_is_refused_in_one_list():
    table = pd.DataFrame({
        "area_code": ["S08000018", "S08000016", "S08000016", "S92000003", ""],
        "area_name": ["Fife", "Borders", "Borders", "Scotland", "x"]})
    with pytest.raises(DataError) as caught:
        area_set_from(table, total_code="S92000003", total_name="Scotland", where="areas.csv")
    assert codes_of(caught.value.problems) == ["E-AREA-SUPERSEDED", "E-AREAS", "E-DUPLICATE", "E-AREA-TOTAL"]


def test_an_area_table_without_names_is_refused():
    with pytest.raises(DataError, match="area_name"):
        area_set_from(pd.DataFrame({"area_code": ["S08000016"]}), total_code="S92000003", total_name="S")


def test_one_area_may_be_the_whole():
    one = area_set_from(pd.DataFrame({"area_code": ["S92000003"], "area_name": ["Scotland"]}),
                        total_code="S92000003", total_name="Scotland")
    assert check_codes(frame_of(["S92000003"]), one, where="t.csv", kind="primary_registrations") == []
