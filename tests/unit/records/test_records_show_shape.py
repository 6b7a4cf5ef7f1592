"""Whatever holds records shows its shape and nothing else, however it is printed."""

import dataclasses
import importlib
import pkgutil

import ibis
import pandas as pd
import pytest

import sbc_prevalence.records as records
from record_worlds import DEFINITION, frame_of, identity_mapping, row
from sbc_prevalence.records.engine import Records
from sbc_prevalence.records.supply import RecordSupply
from sbc_prevalence.records.tabulate.common import of_source

CANARY = "ZZCANARY"


def holders() -> set[type]:
    """Every class in the room that holds a table of people."""
    found = set()
    for module in pkgutil.walk_packages(records.__path__, "sbc_prevalence.records."):
        for item in vars(importlib.import_module(module.name)).values():
            if isinstance(item, type) and dataclasses.is_dataclass(item) and item.__module__ == module.name and any(
                "ibis.Table" in str(f.type) or "Records" in str(f.type) or "Cases" in str(f.type)
                for f in dataclasses.fields(item)
            ):
                found.add(item)
    return found


@pytest.fixture(scope="module")
def objects() -> list[object]:
    """One of each, made from the record of one person in two sources."""
    frame = frame_of(row(person_id=CANARY, source=f"a{1}"), row(person_id=CANARY, source="b"))
    mapping = identity_mapping(*frame.columns)
    opened = records.open_records(frame)
    report = records.validate_records(opened, mapping=mapping, definition=DEFINITION)
    cases = records.define_cases(report.or_raise(), DEFINITION)
    linked = records.link_sources(cases, rule="earliest", sources=["a1", "b"])
    supply = RecordSupply((), DEFINITION, None, "duckdb", (), "S92000003")
    supply._mapped["a1"], supply._cases["a1"] = opened, cases
    held = [item.cached() for item in (opened, cases, linked)]
    return [supply, opened, report, cases, linked, of_source(cases, "a1"), *held]


def test_there_is_an_object_of_every_class_that_holds_people(objects):
    assert {type(item) for item in objects} == holders()


@pytest.mark.parametrize("interactive", [False, True])
def test_no_face_of_it_holds_a_cell(objects, interactive):
    ibis.options.interactive = interactive
    try:
        for item in objects:
            faces = [repr(item), str(item), f"{item}", getattr(item, "_repr_html_", str)() or ""]
            assert CANARY not in " ".join(faces)
            assert "1960" not in " ".join(faces)
            if isinstance(item, Records):
                assert f"rows={item.rows}" in repr(item)
    finally:
        ibis.options.interactive = False


def test_tables_that_come_out_hold_nobody(objects):
    cases = next(item for item in objects if type(item).__name__ == "LinkedCases")
    made = [cases.attrition, cases.disagreements, records.tabulate.overlapping_lists(cases, years=(2018, 2018))]
    assert all(CANARY not in pd.DataFrame(table).to_csv() for table in made)
