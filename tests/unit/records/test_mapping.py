"""A mapping says everything; what it does not say is a fault with row numbers, never a value."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from record_worlds import frame_of, identity_mapping, row
from sbc_prevalence.errors import DataError
from sbc_prevalence.records import apply_mapping, load_mapping, open_records, preset, presets
from sbc_prevalence.records.mapping import format_precision, missing_columns
from sbc_prevalence.records.schema import REQUIRED, SCHEMA

CANARY = "CANARYID77"


NEEDED = ["person_id", "source", "extract_date", "sex", "area_code"]


def mapped(frame, mapping=None):
    return apply_mapping(open_records(frame), mapping or identity_mapping(*frame.columns)).table.execute()


def refusal(frame, mapping=None):
    with pytest.raises(DataError) as caught:
        mapped(frame, mapping)
    return caught.value


def test_a_mapped_table_has_every_column_of_the_schema_in_order_and_type():
    records = apply_mapping(open_records(frame_of(row())), identity_mapping(*row()))
    assert list(records.columns) == list(SCHEMA)
    assert {name: str(kind) for name, kind in records.table.schema().items()} == {
        name: spec.type for name, spec in SCHEMA.items()
    }


def test_columns_that_the_source_lacks_are_empty_never_guessed():
    frame = frame_of(row()).drop(columns=["route", "birth_year"])
    got = mapped(frame, identity_mapping(*frame.columns))
    assert got["route"].isna().all()
    assert got["birth_year"].isna().all()


@pytest.mark.parametrize("name", REQUIRED)
def test_an_unmapped_required_column_is_refused(name):
    frame = frame_of(row())
    columns = [c for c in frame.columns if c != name]
    assert [p.code for p in refusal(frame, identity_mapping(*columns)).problems] == ["E-UNMAPPED"]


@pytest.mark.parametrize(
    ("column", "word", "code"),
    [
        ("sex", CANARY, "E-WORD"),
        ("metastatic_date", CANARY, "E-DATE"),
        ("metastatic_date", "2023-02-29", "E-DATE"),
        ("metastatic_date", "01/02/2019", "E-DATE"),
        ("metastatic_date", "43831", "E-DATE"),
        ("metastatic_date", "19-01-02", "E-DATE"),
        ("metastatic_date", "2019-13-01", "E-DATE"),
        ("metastatic_date", "2019-00-10", "E-DATE"),
        ("birth_year", CANARY, "E-RANGE"),
        ("birth_year", "12", "E-RANGE"),
        ("birth_year", "1960.5", "E-RANGE"),
        ("site_bone", "maybe", "E-WORD"),
        ("person_id", "", "E-MISSING"),
        ("sex", "", "E-MISSING"),
        ("person_id", "9434765919", "E-IDENTIFIER"),
        ("person_id", "943 476 5919", "E-IDENTIFIER"),
        ("person_id", "=HYPERLINK(1)", "E-FORMULA"),
        ("extract_date", "", "E-MISSING"),
        ("event", "metastasis?", "E-WORD"),
    ],
)
def test_a_cell_that_means_nothing_is_a_problem_with_its_row_and_without_its_value(column, word, code):
    frame = frame_of(row(), row(**{"person_id": "p2", column: word}))[[*dict.fromkeys([*NEEDED, column])]]
    error = refusal(frame)
    assert [(p.code, p.column, p.rows) for p in error.problems] == [(code, column, (3,))]
    assert not word or word not in str(error)


def test_all_faults_come_in_one_list():
    error = refusal(frame_of(row(sex="x", metastatic_date="y"), row(birth_year="z", route="w")))
    assert sorted(p.column for p in error.problems) == ["birth_year", "metastatic_date", "route", "sex"]


def test_an_absent_source_column_is_named():
    error = refusal(frame_of(row()).drop(columns="sex"), identity_mapping(*row()))
    assert [(p.code, p.column) for p in error.problems] == [("E-COLUMN-MISSING", "sex")]


def test_an_empty_file_is_refused():
    assert [p.code for p in refusal(frame_of(row()).iloc[:0]).problems] == ["E-EMPTY"]


@settings(max_examples=20, deadline=None)
@given(st.dates(min_value=pd.Timestamp("1900-01-01").date(), max_value=pd.Timestamp("2099-12-31").date()))
def test_a_format_reads_what_it_wrote(day):
    mapping = load_mapping(
        {
            "version": 1,
            "name": "t",
            "columns": {
                **{name: {"from": name} for name in ("person_id", "source", "sex", "area_code")},
                "extract_date": {"constant": "2024-01-01"},
                "death_date": {"from": "death_date", "formats": ["%d/%m/%Y"]},
            },
        }
    )
    got = mapped(frame_of(row(death_date=day.strftime("%d/%m/%Y"))), mapping)
    assert got["death_date"].iloc[0].date() == day


def test_precision_follows_from_the_format_that_fits():
    mapping = identity_mapping(*row())
    coarse = load_mapping(
        {
            "version": 1,
            "name": "t",
            "columns": {
                **{name: {"from": name} for name in ("person_id", "source", "sex", "area_code")},
                "extract_date": {"constant": "2024-01-01"},
                "metastatic_date": {
                    "from": "metastatic_date",
                    "formats": ["%d/%m/%Y", "%m/%Y", "%Y"],
                    "sentinels": ["31/12/9999"],
                },
            },
        }
    )
    frame = frame_of(
        *(row(metastatic_date=text) for text in ("29/02/2024", "02/2024", "2024", "31/12/9999", ""))
    )
    got = mapped(frame, coarse)
    assert got["metastatic_date_precision"].iloc[:3].tolist() == ["day", "month", "year"]
    assert [d.date().isoformat() for d in got["metastatic_date"].iloc[:3]] == [
        "2024-02-29",
        "2024-02-01",
        "2024-01-01",
    ]
    assert got["metastatic_date"].iloc[3:].isna().all()
    assert mapping.columns["sex"].constant is None


def test_sites_from_a_list_with_a_declared_separator():
    mapping = load_mapping(
        {
            "version": 1,
            "name": "t",
            "columns": {
                **{name: {"from": name} for name in ("person_id", "source", "sex", "area_code")},
                "extract_date": {"constant": "2024-01-01"},
            },
            "sites": {
                "from": "s",
                "separator": ";",
                "values": {"10": "site_bone", "11": "site_bone", "03": "site_liver", "97": "none"},
            },
        }
    )
    frame = frame_of(row(), row(), row(), row()).assign(s=["10; 03", "97", "", "11"])
    got = mapped(frame, mapping)
    assert got["site_bone"].tolist() == [True, False, None, True]
    assert got["site_liver"].tolist() == [True, False, None, False]
    assert "E-WORD" in str(refusal(frame.assign(s=["10;77"] * 4), mapping))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("%Y-%m-%d", "day"),
        ("%d/%m/%Y", "day"),
        ("%d%m%Y", "day"),
        ("%m/%Y", "month"),
        ("%Y", "year"),
        ("%d/%m", ""),
        ("%y-%m-%d", ""),
        ("%Y-%Y", ""),
        ("", ""),
        ("%d %b %Y", ""),
    ],
)
def test_a_format_is_made_of_day_month_and_full_year(text, told):
    assert format_precision(text) == told


@pytest.mark.parametrize(
    "content",
    [
        {"version": 2, "name": "t"},
        {"version": 1, "colums": {}},
        {"version": 1, "columns": {"colour": {"from": "x"}}},
        {"version": 1, "columns": {"sex": {"from": "x", "values": {"1": "man"}}}},
        {"version": 1, "columns": {"sex": {"from": "x", "constant": "female"}}},
        {"version": 1, "columns": {"death_date": {"from": "x"}}},
        {"version": 1, "columns": {"death_date": {"from": "x", "formats": ["%y"]}}},
        {"version": 1, "columns": {"site_bone": {"from": "x"}}},
        {"version": 1, "columns": {"sex": {"from": "x", "formats": ["%Y"]}}},
        {"version": 1, "columns": {}, "sites": {"from": "s", "separator": ";", "values": {"1": "site_moon"}}},
    ],
)
def test_a_mapping_that_does_not_mean_anything_is_refused(content):
    with pytest.raises(DataError):
        load_mapping(content)


@pytest.mark.parametrize("name", presets())
def test_every_preset_loads_and_each_of_its_fields_has_a_document(name):
    from importlib import resources

    mapping = preset(name)
    assert mapping.document
    assert mapping.with_constants(source="x", extract_date="2024-12-31").columns["source"].constant == "x"
    text = (resources.files("sbc_prevalence.records") / "presets" / f"{name}.toml").read_text("utf-8")
    lines = text.splitlines()
    if name != "trust_sheet":
        for i, line in enumerate(lines):
            if "from =" in line:
                assert lines[i - 1].startswith("#"), line


def test_a_preset_that_lacks_required_columns_says_which():
    assert {p.column for p in missing_columns(preset("smr06_style"))} == {"extract_date", "sex", "area_code"}
