"""The report of an extract: all its faults together, each once, and the rows that they are in."""

from datetime import date

import ibis
import pandera.ibis as pa
import pytest

from record_worlds import DEFINITION, frame_of, identity_mapping, row
from sbc_prevalence.errors import DataError
from sbc_prevalence.records import CaseDefinition, apply_mapping, define_cases, open_records, validate_records
from sbc_prevalence.records.contract import record_schema
from sbc_prevalence.records.engine import read_by_engine

CANARY = "ZZCANARY"


def report_of(*rows: dict, **more):
    frame = frame_of(*rows)
    return validate_records(frame, **{"mapping": identity_mapping(*frame.columns), "definition": DEFINITION, **more})


def test_faults_of_cells_of_rows_and_across_rows_come_in_one_list():
    report = report_of(
        row(), row(person_id=CANARY, sex="F"), row(person_id="p3", death_date="2010-01-01", vital_status="dead"),
        row(person_id="p4"), row(person_id="p4"), row(person_id="p5", vital_status="unknown"))
    assert [(p.code, p.rows) for p in report.errors] == [
        ("E-WORD", (3,)), ("E-DEATH-BEFORE-DIAGNOSIS", (4,)), ("E-DUPLICATE", (5, 6)), ("E-STATUS-UNKNOWN", ())]
    assert report.records is None
    with pytest.raises(DataError, match="4 problems found"):
        report.or_raise()
    assert CANARY not in f"{report}{report.table().to_csv()}"
    assert report.table()["rows"].tolist()[:3] == [1, 1, 2]


def test_sound_records_come_back_with_the_types_of_the_schema():
    report = report_of(row(), row(person_id="p2"))
    assert report.problems == ()
    record_schema().validate(report.or_raise().table, lazy=True)


def test_a_table_in_the_schema_needs_no_mapping_and_has_its_words_checked():
    frame = frame_of(row(), row(person_id="p2"))
    table = apply_mapping(open_records(frame), identity_mapping(*frame.columns)).table
    assert validate_records(table, definition=DEFINITION).problems == ()
    other = table.mutate(sex=ibis.literal("F"), birth_year=ibis.literal(12))
    assert [(p.code, p.column) for p in validate_records(other, definition=DEFINITION).errors] == [
        ("E-WORD", "sex"), ("E-RANGE", "birth_year")]
    text = table.mutate(birth_year=table.birth_year.cast("string"))
    assert [p.code for p in validate_records(text, definition=DEFINITION).errors] == ["E-TYPE"]


def test_the_pandera_schema_says_that_a_rule_is_broken_and_shows_no_cell():
    frame = frame_of(row(person_id=CANARY))
    table = apply_mapping(open_records(frame), identity_mapping(*frame.columns)).table
    with pytest.raises(pa.errors.SchemaErrors) as caught:
        record_schema().validate(table.mutate(sex=table.person_id), lazy=True)
    assert CANARY not in f"{caught.value}{caught.value.failure_cases.to_csv()}"


def test_an_error_of_the_engine_is_not_behind_the_refusal():
    def fails():
        raise ValueError(CANARY)

    with pytest.raises(DataError) as caught:
        read_by_engine(fails, "extract")
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert CANARY not in str(caught.value)


def test_the_day_after_the_cut_is_the_future_and_the_cut_itself_is_not():
    kept = report_of(row(), data_cut=date(2023, 12, 31))
    assert kept.problems == ()
    assert {p.code for p in report_of(row(), data_cut=date(2023, 12, 30)).errors} == {"E-FUTURE"}


def test_people_of_unknown_status_may_be_declared_lost_and_are_then_followed_to_their_last_contact():
    unknown = row(vital_status="unknown", last_contact_date="2020-02-02")
    assert [p.code for p in report_of(unknown).errors] == ["E-STATUS-UNKNOWN"]
    lost = CaseDefinition(window_days=90, sex="all", followed_to="extract_date", unknown_status="lost")
    report = report_of(unknown, definition=lost)
    assert report.errors == ()
    exits = define_cases(report.or_raise(), lost).table.exit_date.execute()
    assert str(exits.iloc[0])[:10] == "2020-02-02"


def test_nine_digits_are_refused_only_where_most_of_them_read_like_dates_of_birth():
    dates = [row(person_id=f"1{m:02}600{i:03}") for i, m in enumerate((1, 5, 12))]
    assert {p.code for p in report_of(*dates).errors} == {"E-IDENTIFIER"}
    serial = [row(person_id=f"9{90 + i}000000") for i in range(9)]
    assert report_of(*serial, dates[0]).errors == ()
