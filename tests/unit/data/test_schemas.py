"""Schemas of tidy tables: which cells pass, which types come out, which rows are named."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sbc_prevalence.data import cells
from sbc_prevalence.data.kinds import SCHEMAS
from sbc_prevalence.data.messages import MESSAGES
from sbc_prevalence.data.schemas import check, problems
from sbc_prevalence.data.tables import Provenance, Table
from sbc_prevalence.errors import DataError

ORIGIN = Provenance(name="t.csv", source="a registry", as_of="2025-12-31")


def table(rows: str, header: str = "area_code,year,count") -> Table:
    frame = pd.DataFrame([line.split(",") for line in rows.split()], columns=header.split(","), dtype=object)
    return Table(name="t.csv", frame=frame, provenance=ORIGIN)


def codes(rows: str, header: str = "area_code,year,count", kind: str = "deaths") -> set[str]:
    return {p.code for p in problems(table(rows, header), kind)[1]}


@pytest.mark.parametrize(("text", "code"), [
    ("0", ""), ("12", ""), ("12.0", ""), (" 7 ", ""), ("+3", ""), ("10000000", ""),
    ("40.5", "E-FRACTION"), ("-1", "E-NEGATIVE"), ("", "E-MISSING"), ("NaN", "E-MISSING"),
    ("n/a", "E-MISSING"),
    ("[x]", "E-MISSING"), ("-inf", "E-INFINITE"), ("∞", "E-INFINITE"), ("1e3", "E-EXPONENT"),
    ("1E+2", "E-EXPONENT"),
    ("1,234", "E-THOUSANDS"), ("1 234 567", "E-THOUSANDS"), ("1'234", "E-THOUSANDS"),
    ("12,5", "E-DECIMAL-COMMA"),
    ("−5", "E-UNICODE"), ("１２", "E-UNICODE"), ("<5", "E-SUPPRESSED"), ("≤4", "E-SUPPRESSED"),
    ("*", "E-SUPPRESSED"),
    ("c", "E-SUPPRESSED"), ("1-4", "E-SUPPRESSED"), ("..", "E-SUPPRESSED"), ("0x10", "E-NOT-NUMBER"),
    ("1_000", "E-THOUSANDS"), ("five", "E-NOT-NUMBER"), ("True", "E-NOT-NUMBER"), ("12%", "E-PERCENT-SIGN"),
    ("10000001", "E-TOO-LARGE"), ("012", "E-LEADING-ZERO"),
])  # fmt: skip
def test_a_count_is_plain_digits_of_a_whole_number(text: str, code: str) -> None:
    assert cells.whole_number()(text) == code


@pytest.mark.parametrize(("text", "code"), [
    ("0.5", ""), ("1e-05", ""), (".5", ""), ("1", ""), ("87", "E-PERCENT"), ("101", "E-RANGE"),
    ("-0.1", "E-NEGATIVE"),
    ("*", "E-MISSING"), ("0,5", "E-DECIMAL-COMMA"),
])  # fmt: skip
def test_a_proportion_in_percent_is_told_apart(text: str, code: str) -> None:
    assert cells.number_between(0, 1, proportion=True)(text) == code


@pytest.mark.parametrize(("text", "found"), [
    ("0101019998", True), ("born 0101019998 in", True), ("943 476 5919", True), ("PMC8343992", False),
    ("doi 10.1016/j.breast.2017.01.001", False), ("0101019991", True), ("see 0101019991", False),
    ("S08000029", False),
])  # fmt: skip
def test_a_patient_number_in_text_is_noticed(text: str, found: bool) -> None:
    assert cells.holds_patient_number(text) is found


def test_every_code_that_a_check_can_give_has_words_and_a_remedy() -> None:
    assert all(message.requirement and message.remedy.endswith((".", "?")) for message in MESSAGES.values())


def test_a_value_and_an_interval_come_out_in_one_form() -> None:
    frame = check(
        table(
            "A,2001,7,,, A,2002,,1,4,suppressed A,2003,,5,5,exact",
            "area_code,year,count,count_lower,count_upper,count_status",
        ),
        "deaths",
    )
    assert frame["count_lower"].tolist() == [7, 1, 5]
    assert frame["count_upper"].tolist() == [7, 4, 5]
    assert frame["count_status"].tolist() == ["exact", "suppressed", "exact"]
    assert frame["count"].isna().tolist() == [False, True, False]
    assert str(frame["count"].dtype) == "Int64"
    assert frame["count_lower"].dtype == frame["year"].dtype == "int64"
    assert set(frame["source"]) == {"a registry"}


@pytest.mark.parametrize(("cellsof", "code"), [
    ("7,8,9,rounded", "E-COUNT-BOUNDS"), (",5,4,rounded", "E-COUNT-BOUNDS"), (",4,5,exact", "E-COUNT-BOUNDS"),
    (",4,,rounded", "E-COUNT-FORM"), (",,4,rounded", "E-COUNT-FORM"), (",1,4,", "E-COUNT-FORM"),
    ("7,,,rounded", "E-COUNT-FORM"), (",,,", "E-MISSING"), (",1,4,hidden", "E-CHOICE"),
    (",-1,4,bounded", "E-NEGATIVE"),
])  # fmt: skip
def test_a_count_that_is_neither_value_nor_interval_is_refused(cellsof: str, code: str) -> None:
    found = problems(
        table(f"A,2001,1,,, A,2002,{cellsof}", "area_code,year,count,count_lower,count_upper,count_status"),
        "deaths",
    )[1]
    assert [p.code for p in found] == [code]
    assert found[0].rows == (3,)


def test_columns_of_a_template_left_empty_count_as_absent() -> None:
    frame = check(table("A,2001,,,3,,", "area_code,year,sex,age_band,count,source,as_of"), "deaths")
    assert list(frame.columns[:3]) == ["area_code", "year", "count"]
    assert frame["as_of"].tolist() == ["2025-12-31"]


def test_column_names_ignore_case_and_spaces() -> None:
    assert check(table("A,2001,3", "Area code,YEAR, Count ".replace(" Count ", "Count")), "deaths")[
        "count"
    ].tolist() == [3]


def test_a_year_gap_is_found_within_each_area() -> None:
    assert codes("A,2001,3 A,2002,3 B,2004,3 B,2005,1") == set()
    assert codes("A,2001,3 A,2003,3 B,2002,3 B,2003,1") == {"E-YEAR-GAP"}


def test_a_sum_of_areas_is_found_by_its_numbers_without_knowing_the_codes() -> None:
    parts = "A,2001,30 B,2001,50 C,2001,70 A,2002,31 B,2002,52 C,2002,75 A,2003,33 B,2003,40 C,2003,71"
    assert codes(parts) == set()
    assert codes(f"{parts} T,2001,150 T,2002,158 T,2003,145") == {"E-AREA-TOTAL"}
    assert codes(f"{parts} T,2001,150 T,2002,170 T,2003,145") == set()


def test_a_nation_among_its_boards_is_found_by_its_code() -> None:
    assert codes("S08000015,2001,3 S92000003,2001,9") == {"E-AREA-TOTAL"}
    assert codes("S08000015,2002,3 S92000003,2001,9") == set()
    assert codes("E92000001,2001,90 S92000003,2001,9") == set()
    assert codes("E92000001,2001,90 K02000001,2001,99") == {"E-AREA-TOTAL"}


def test_population_may_hold_an_area_and_its_whole() -> None:
    header = "area_code,year,population"
    assert codes("S08000015,2001,300 S92000003,2001,900", header, "population") == set()


def test_an_age_gap_and_an_overlap_are_told_apart() -> None:
    header = "area_code,year,age_band,count"
    assert codes("A,2001,<50,1 A,2001,50-69,1 A,2001,70+,1", header) == set()
    assert codes("A,2001,<50,1 A,2001,55-69,1 A,2001,70+,1", header) == {"E-AGE-GAP"}
    assert codes("A,2001,<50,1 A,2001,45-69,1 A,2001,70+,1", header) == {"E-AGE-OVERLAP"}
    assert codes("A,2001,<50,1 A,2001,50+,1 A,2002,<50,1 A,2002,50-59,1", header) == {"E-AGE-GAP"}


SURVIVAL = (
    "study,presentation,survival_kind,measure,duration_from_years,duration_years,value,lower,upper,n,"
    "diagnosis_year_from,diagnosis_year_to,de_novo_share"
)


@pytest.mark.parametrize(("row", "expected"), [
    ("X,de_novo,observed,survival,,5,.3,.25,.35,,2000,2005,", set()),
    ("X,de_novo,observed,median,,,2.1,,,400,2000,2005,", set()),
    ("X,de_novo,observed,hazard,3,4,.14,.11,.18,,,,", set()),
    ("X,all,observed,survival,,5,.3,,,,2000,2005,.3", set()),
    ("X,all,observed,survival,,5,.3,,,,2000,2005,", {"E-DE-NOVO-SHARE"}),
    ("X,all,observed,survival,,5,.3,,,,2000,2005,30", {"E-PERCENT"}),
    ("X,de_novo,observed,survival,,5,30,,,,2000,2005,", {"E-PERCENT"}),
    ("X,de_novo,observed,survival,,5,1,,,,2000,2005,", {"E-RANGE"}),
    ("X,de_novo,observed,survival,,0,1,,,,2000,2005,", set()),
    ("X,de_novo,observed,survival,,,.3,,,,2000,2005,", {"E-POINT"}),
    ("X,de_novo,observed,survival,,5,.3,.31,.35,,2000,2005,", {"E-INTERVAL"}),
    ("X,de_novo,observed,survival,,5,.3,.25,,,2000,2005,", {"E-INTERVAL"}),
    ("X,de_novo,observed,median,,2,2.1,,,,2000,2005,", {"E-POINT"}),
    ("X,de_novo,observed,median,,,33,,,,2000,2005,", {"E-UNIT-MONTHS"}),
    ("X,de_novo,observed,hazard,,4,.14,,,,2000,2005,", {"E-POINT"}),
    ("X,de_novo,observed,hazard,4,4,.14,,,,2000,2005,", {"E-POINT"}),
    ("X,de_novo,observed,hazard,0,1,14,,,,2000,2005,", {"E-RANGE"}),
    ("X,de_novo,observed,survival,,5,.3,,,,2005,2000,", {"E-ORDER"}),
    ("X,de_novo,,survival,,5,.3,,,,2000,2005,", {"E-MISSING"}),
])  # fmt: skip
def test_each_measure_of_survival_has_the_columns_that_give_it_a_meaning(
    row: str, expected: set[str]
) -> None:
    first = "W,de_novo,observed,survival,,5,.3,.25,.35,90,2000,2005,.5"
    assert codes(f"{first} {row}", SURVIVAL, "published_survival") == expected


def test_survival_may_not_rise_even_past_a_missing_duration_or_through_a_median() -> None:
    stem = "X,de_novo,observed,{},,{},{},,,,2000,2005,"
    falls = [
        stem.format("survival", 1, ".6"),
        stem.format("median", "", "2"),
        stem.format("survival", 5, ".3"),
    ]
    assert codes(" ".join(falls), SURVIVAL, "published_survival") == set()
    rises = [stem.format("survival", 1, ".4"), stem.format("median", "", "2")]
    assert codes(" ".join(rises), SURVIVAL, "published_survival") == {"E-SURVIVAL-RISES"}
    late = [*falls, stem.format("survival", 10, ".35")]
    assert codes(" ".join(late), SURVIVAL, "published_survival") == {"E-SURVIVAL-RISES"}


def test_recurrence_intervals_of_a_group_do_not_overlap() -> None:
    header = (
        "study,risk_kind,stage,receptor,age_from,age_to,diagnosis_year_from,diagnosis_year_to,"
        "duration_from_years,duration_to_years,value"
    )
    stem = "X,net,I,HR+,15,59,1992,1999,"
    assert codes(f"{stem}0,5,.03 {stem}5,10,.04", header, "distant_recurrence") == set()
    assert codes(f"{stem}0,5,.03 {stem}0,10,.07", header, "distant_recurrence") == {"E-OVERLAP"}
    assert codes(f"{stem}5,5,.03", header, "distant_recurrence") == {"E-ORDER"}
    assert codes(f"{stem}0,5,3.4", header, "distant_recurrence") == {"E-PERCENT"}


def test_other_kinds_hold_their_own_rules() -> None:
    audit = "area_code,presentation,source_audited,n_known,n_found"
    assert codes("A,all,registry,100,85", audit, "completeness_audit") == set()
    assert codes("A,all,registry,85,100", audit, "completeness_audit") == {"E-FOUND"}
    living = "area_code,index_date,count,base_population"
    assert codes("A,2020-12-31,40,4000", living, "living_counts") == set()
    assert codes("A,2020-12-31,4000,40", living, "living_counts") == {"E-EXCEEDS-BASE"}
    registered = "area_code,year,presentation,count"
    assert codes("A,2020,de_novo,4 A,2020,recurrent,4", registered, "registrations") == set()
    assert codes("A,2020,de_novo,4 A,2020,all,8", registered, "registrations") == {"E-PRESENTATION-MIXED"}


def test_a_table_without_source_says_how_to_give_it() -> None:
    bare = Table(name="t.csv", frame=table("A,2001,3").frame)
    with pytest.raises(DataError, match=r"E-SOURCE-MISSING.*\[\[evidence\]\]"):
        check(bare, "deaths")
    frame = check(bare, "deaths", defaults={"source": "x", "as_of": "2002-01-31"})
    assert frame["source"].tolist() == ["x"]


def test_rows_in_messages_are_those_of_the_file() -> None:
    found = problems(table("A,2001,3 A,2002,-3 A,2003,3 A,2004,-3"), "deaths")[1]
    assert found[0].rows == (3, 5)
    assert found[0].n_rows == 4
    assert "2 of 4 rows fail (file rows 3, 5)" in str(found[0])


TEXTS = st.one_of(
    st.sampled_from(["", "NA", "<5", "-1", "1e3", "2001", "40.5", "S08000029", "all", "٣", "1,2", "inf"]),
    st.text(max_size=12),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kind=st.sampled_from(sorted(SCHEMAS)), data=st.data())
def test_any_text_in_any_column_gives_a_frame_or_a_list_of_problems(kind: str, data: st.DataObject) -> None:
    names = list(SCHEMAS[kind].columns)
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    rows = data.draw(
        st.lists(st.lists(TEXTS, min_size=len(chosen), max_size=len(chosen)), min_size=1, max_size=4)
    )
    frame, found = problems(Table(name="t", frame=pd.DataFrame(rows, columns=chosen, dtype=object)), kind)
    assert (frame is None) == bool(found)
    assert all(p.code and p.requirement and p.remedy for p in found)


@settings(max_examples=150, deadline=None)
@given(
    texts=st.lists(TEXTS, min_size=3, max_size=3),
    column=st.sampled_from(["area_code", "year", "sex", "age_band", "count", "source", "as_of"]),
)
def test_any_text_in_an_otherwise_sound_table_gives_a_frame_or_problems(
    texts: list[str], column: str
) -> None:
    frame = table(
        "A,2001,all,female,3,x,2024-01-01 A,2002,all,female,3,x,2024-01-01 B,2002,all,female,3,x,2024-01-01",
        "area_code,year,age_band,sex,count,source,as_of",
    ).copy()
    frame[column] = texts
    typed, found = problems(Table(name="t", frame=frame, provenance=ORIGIN), "primary_registrations")
    assert (typed is None) == bool(found)
