"""Overlapping lists and grouped codes as evidence: what they mean, and what is refused."""

import pandas as pd
import pytest

from lists_study import NAMES, STATED, grouped, grouped_frame, lists_frame, overlapping
from sbc_prevalence.data.tables import Table
from sbc_prevalence.errors import DataError, EvidenceError
from sbc_prevalence.evidence import (
    CompletenessPrior,
    DependencePrior,
    EvidenceBundle,
    GroupedCodes,
    OverlappingLists,
    Registrations,
    from_table,
)
from sbc_prevalence.evidence.double_counting import problems as same_people
from small_study import AREAS, bundle

ORIGIN = {"source": "a linkage", "as_of": "2024-12-31"}


def two(rows, **options):
    frame = pd.DataFrame(rows, columns=["area_code", "year", "history", "count"])
    return OverlappingLists.from_frame(frame, lists=NAMES[:2], **{"dependence": STATED, **ORIGIN, **options})


def codes_of(error):
    return [p.code for p in error.value.problems]


def test_cells_are_all_there_in_one_order():
    piece = overlapping(3)
    cells = piece.cells()
    assert list(cells.columns) == [
        "area_code", "year", "year_to", "presentation", "history", "count_lower", "count_upper"]
    assert list(cells["history"].iloc[:7]) == ["001", "010", "011", "100", "101", "110", "111"]
    assert set(cells["presentation"]) == {"all"}
    assert (cells["year_to"] == cells["year"]).all()
    assert len(cells) == 3 * 4 * 7


def test_margins_may_stand_in_for_cells():
    rows = [("A", 2011, "1x", 508), ("A", 2011, "x1", 484), ("A", 2011, "11", 430)]
    told = two(rows).cells().set_index("history")["count_lower"]
    assert dict(told) == {"01": 54, "10": 78, "11": 430}
    either = [("A", 2011, "1x", 508), ("A", 2011, "x1", 484), ("A", 2011, "xx", 562)]
    pd.testing.assert_frame_equal(two(either).cells(), two(rows).cells())


def test_people_on_any_list_are_counted_once_in_the_totals():
    piece = two([("A", 2011, "1x", 508), ("A", 2011, "x1", 484), ("A", 2011, "11", 430), ("A", 2011, "xx", 562)])
    assert list(piece.totals()["count_lower"]) == [562]


def test_hidden_cells_keep_their_bounds():
    frame = pd.DataFrame({"area_code": "A", "year": 2011, "history": ["01", "10", "11"], "count": [5, None, 40],
                          "count_lower": [None, 1, None], "count_upper": [None, 4, None],
                          "count_status": [None, "suppressed", None]})
    cells = OverlappingLists.from_frame(frame, lists=NAMES[:2], dependence=STATED, **ORIGIN).cells()
    assert list(cells["count_lower"]) == [5, 1, 40]
    assert list(cells["count_upper"]) == [5, 4, 40]


def test_a_period_of_several_years_is_one_row():
    frame = pd.DataFrame({"area_code": "A", "year": 2010, "year_to": 2012, "history": ["01", "10", "11"],
                          "count": [5, 6, 40]})
    cells = OverlappingLists.from_frame(frame, lists=NAMES[:2], dependence=STATED, **ORIGIN).cells()
    assert set(zip(cells["year"], cells["year_to"], strict=True)) == {(2010, 2012)}


@pytest.mark.parametrize(("history", "code"), [
    ("00", "E-HISTORY-NOBODY"), ("1", "E-LISTS-NUMBER"), ("111111", "E-LISTS-NUMBER"), ("12", "E-HISTORY"),
    ("yes", "E-HISTORY"), ("1 1", "E-HISTORY"), ("", "E-MISSING")])
def test_what_is_no_history_is_refused_with_its_reason(history, code):
    with pytest.raises(DataError) as error:
        two([("A", 2011, "01", 5), ("A", 2011, "10", 6), ("A", 2011, "11", 40), ("A", 2011, history, 3)])
    assert code in codes_of(error)


def test_the_impossible_cell_of_people_on_no_list_says_that_it_is_what_is_estimated():
    with pytest.raises(DataError, match="what is estimated"):
        two([("A", 2011, "01", 5), ("A", 2011, "10", 6), ("A", 2011, "11", 40), ("A", 2011, "00", 36)])


def test_a_leading_zero_that_a_spreadsheet_dropped_is_pointed_at():
    frame = lists_frame(3)
    frame["history"] = frame["history"].astype(int)
    with pytest.raises(DataError, match="dropped the leading zeros"):
        OverlappingLists.from_frame(frame, lists=NAMES[:3], **ORIGIN)
    with pytest.raises(DataError, match="drops its leading zero"):
        OverlappingLists.from_frame(frame[frame["history"] >= 10], lists=NAMES[:3], **ORIGIN)


@pytest.mark.parametrize("rows", [
    [("1x", 508), ("x1", 484), ("11", 520)],
    [("10", 78), ("01", 54), ("11", 430), ("1x", 500)],
    [("1x", 508), ("x1", 484), ("xx", 1200)]])
def test_cells_that_do_not_add_up_are_refused(rows):
    with pytest.raises(DataError) as error:
        two([("A", 2011, h, n) for h, n in rows])
    assert codes_of(error) == ["E-LISTS-SUM"]


def test_missing_cells_are_named_and_never_taken_for_zero():
    with pytest.raises(DataError, match="A 2011 01") as error:
        two([("A", 2011, "10", 6), ("A", 2011, "11", 40)])
    assert codes_of(error) == ["E-LISTS-CELLS"]


@pytest.mark.parametrize(("periods", "code"), [
    ([(2010, 2012), (2012, 2013)], "E-PERIOD-OVERLAP"), ([(2010, 2009)], "E-ORDER"), ([(2023, 2026)], "E-AS-OF")])
def test_periods_run_forward_are_over_and_do_not_overlap(periods, code):
    frame = pd.DataFrame([("A", first, last, h, 9) for first, last in periods for h in ("01", "10", "11")],
                         columns=["area_code", "year", "year_to", "history", "count"])
    with pytest.raises(DataError) as error:
        OverlappingLists.from_frame(frame, lists=NAMES[:2], dependence=STATED, **ORIGIN)
    assert codes_of(error) == [code]


def test_two_lists_need_a_stated_dependence_and_three_do_not():
    with pytest.raises(EvidenceError, match="cannot tell how strongly they depend") as error:
        OverlappingLists.from_frame(lists_frame(2), lists=NAMES[:2], **ORIGIN)
    assert codes_of(error) == ["E-DEPENDENCE-MISSING"]
    assert overlapping(3).dependence is None


@pytest.mark.parametrize(("lists", "code"), [
    (("one",), "E-LISTS-NUMBER"), ((*NAMES, "six"), "E-LISTS-NUMBER"), (("a", "A", "b"), "E-LISTS-NAMES"),
    (("a", "", "b"), "E-LISTS-NAMES"), (("a", "b"), "E-HISTORY-LENGTH"), (None, "E-OPTION-MISSING")])
def test_names_of_lists_are_as_many_as_signs_and_differ(lists, code):
    with pytest.raises(EvidenceError) as error:
        OverlappingLists.from_frame(lists_frame(3), lists=lists, dependence=STATED, **ORIGIN)
    assert code in codes_of(error)


def test_counts_by_presentation_need_the_window():
    frame = lists_frame(2).assign(presentation="recurrent")
    with pytest.raises(EvidenceError) as error:
        OverlappingLists.from_frame(frame, lists=NAMES[:2], dependence=STATED, **ORIGIN)
    assert codes_of(error) == ["E-WINDOW"]
    piece = OverlappingLists.from_frame(frame, lists=NAMES[:2], dependence=STATED, window_days=120, **ORIGIN)
    assert set(piece.cells()["presentation"]) == {"recurrent"}


@pytest.mark.parametrize("values", [(0.0, -1, 2), (2.0, 3, 8), (2.0, 0.5, float("inf")), (True, 0.5, 2), (2.0, 2.0, 2.0)])
def test_an_odds_ratio_is_positive_and_inside_its_interval(values):
    with pytest.raises(EvidenceError):
        DependencePrior(*values)


def test_options_may_be_plain_mappings_as_in_a_configuration():
    table = Table.from_frame(lists_frame(2), name="lists", provenance=overlapping(2).provenance)
    piece = from_table("overlapping_lists", table, lists=list(NAMES[:2]),
                       dependence={"odds_ratio": 2.0, "lower95": 0.5, "upper95": 8.0, "source": "made up"})
    assert piece.dependence == STATED
    with pytest.raises(EvidenceError, match=r"dependence\.lower95"):
        from_table("overlapping_lists", table, lists=list(NAMES[:2]), dependence={"odds_ratio": 2.0, "upper95": 8.0})


def test_a_grouped_code_needs_a_validated_sample_or_a_stated_share():
    with pytest.raises(EvidenceError, match="must not be taken for it") as error:
        GroupedCodes.from_frame(grouped_frame(validated=False), window_days=120, **ORIGIN)
    assert codes_of(error) == ["E-SHARE-MISSING"]
    assert grouped().is_validated
    assert not grouped(validated=False).is_validated


def test_a_share_of_one_is_no_grouped_code():
    with pytest.raises(EvidenceError) as error:
        grouped(validated=False, metastatic_share=CompletenessPrior("known", 1.0))
    assert codes_of(error) == ["E-SHARE-ONE"]


@pytest.mark.parametrize(("of", "found"), [(20, 21), (20, None), (None, 3), (5000, 3)])
def test_metastatic_cases_are_among_those_validated_and_these_among_those_counted(of, found):
    frame = grouped_frame()
    frame.loc[0, ["n_validated", "n_metastatic"]] = [of, found]
    with pytest.raises(DataError) as error:
        GroupedCodes.from_frame(frame, window_days=120, **ORIGIN)
    assert codes_of(error) == ["E-VALIDATED"]


def registered(source="registry", years=range(2014, 2018), **more):
    frame = pd.DataFrame([(a, y, "recurrent", 20) for a in "ABC" for y in years],
                         columns=["area_code", "year", "presentation", "count"])
    return Registrations.from_frame(frame, name="registered", source=source, as_of="2024-12-31", window_days=120,
                                    completeness=CompletenessPrior("known", 0.9), **more)


def test_a_source_that_is_a_list_and_registrations_again_is_refused():
    found = same_people([overlapping(3), registered()], AREAS)
    assert [p.code for p in found] == ["E-SAME-PEOPLE"]
    assert "registry is evidence twice" in found[0].requirement
    assert "A 2014" in found[0].detail
    whole = EvidenceBundle(*bundle().pieces, overlapping(3), registered())
    with pytest.raises(EvidenceError, match="E-SAME-PEOPLE"):
        whole.validate(AREAS)


def test_the_same_source_in_other_years_or_of_another_presentation_is_welcome():
    assert same_people([overlapping(3), registered(years=range(2016, 2018))], AREAS) == []
    window = {"window_days": 120}
    frame = lists_frame(3).assign(presentation="de_novo")
    first = OverlappingLists.from_frame(frame, lists=NAMES[:3], **window, **ORIGIN)
    assert same_people([first, registered()], AREAS) == []


def test_lists_of_the_whole_hold_the_people_of_its_areas():
    whole = OverlappingLists.from_frame(lists_frame(3, areas="A").assign(area_code="T"), lists=NAMES[:3], **ORIGIN)
    assert [p.code for p in same_people([whole, registered()], AREAS)] == ["E-SAME-PEOPLE"]


def test_a_grouped_code_of_the_same_source_as_registrations_is_refused():
    assert [p.code for p in same_people([grouped(), registered("a register of codes")], AREAS)] == ["E-SAME-PEOPLE"]


def test_another_source_in_the_same_areas_and_years_is_pointed_at_and_stops_nothing():
    pieces = EvidenceBundle(*bundle().pieces, overlapping(3), registered("somewhere else"))
    pieces.validate(AREAS)
    warned = [p for p in pieces.warnings() if p.code == "W-SAME-PEOPLE"]
    assert [p.severity for p in warned] == ["warning"]
    assert "link them person by person" in warned[0].remedy


def test_windows_of_all_pieces_agree():
    frame = lists_frame(3, years=range(2009, 2011)).assign(presentation="recurrent")
    lists = OverlappingLists.from_frame(frame, name="lists", lists=NAMES[:3], window_days=90, **ORIGIN)
    with pytest.raises(EvidenceError, match="the same window"):
        EvidenceBundle(*bundle().pieces, lists, registered()).validate(AREAS)
