"""Spark gives the same cells as DuckDB on the same records."""

import os
import shutil

import pandas as pd
import pytest

from record_worlds import (
    BANDS,
    DEFINITION,
    cases_of,
    frame_of,
    identity_mapping,
    random_people,
    records_of,
    row,
)
from sbc_prevalence.config import parse_config
from sbc_prevalence.intake import take_in
from sbc_prevalence.records import link_sources, simulate_registry, tabulate, validate_records

pytestmark = [
    pytest.mark.spark,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("java") or os.environ.get("JAVA_HOME")), reason="no Java on this machine"
    ),
]
YEARS = (2010, 2023)
TABLES = {
    "registrations": lambda c: tabulate.registrations(
        c, years=YEARS, source="register", by=("presentation", "sex"), ages=BANDS
    ),
    "life_table_cells": lambda c: tabulate.life_table_cells(c, entry="registration", source="register"),
    "lexis": lambda c: tabulate.lexis_person_years(
        c, ages=BANDS, years=YEARS, entry="registration", source="register"
    ),
    "living": lambda c: tabulate.living_and_lost(
        c, index_dates=["2016-02-29", "2023-12-31"], ages=BANDS, source="register"
    ),
    "living, ages together": lambda c: tabulate.living_and_lost(
        c, index_dates=["2023-12-31", "2016-02-29"], by=("sex",), source="register"
    ),
    "triangle": lambda c: tabulate.reporting_triangle(c, years=YEARS, source="register"),
    "at_death": lambda c: tabulate.death_certificate_cases(c, years=YEARS, source="register"),
    "spread": lambda c: tabulate.spread(c, years=YEARS, source="register"),
    "routes": lambda c: tabulate.routes(c, years=YEARS, source="register"),
    "overlap": lambda c: tabulate.overlapping_lists(
        link_sources(c, rule="earliest", sources=["register", "trust"]), years=YEARS
    ),
}


@pytest.fixture(scope="module")
def session():
    sql = pytest.importorskip("pyspark.sql")
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.driver.memory": "1g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    builder = sql.SparkSession.builder.master("local[1]")
    for key, value in settings.items():
        builder = builder.config(key, value)
    made = builder.getOrCreate()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def pair(session):
    people = random_people(150, seed=5)
    frame = pd.concat([records_of(people), records_of(people[::2], "trust")], ignore_index=True)
    return cases_of(frame), cases_of(frame, engine=session)


def test_the_attrition_table_is_the_same(pair):
    pd.testing.assert_frame_equal(pair[0].attrition, pair[1].attrition)


@pytest.mark.parametrize("name", TABLES)
def test_spark_gives_the_same_cells(pair, name):
    duck, spark = (TABLES[name](cases) for cases in pair)
    pd.testing.assert_frame_equal(duck, spark, check_dtype=False)


def test_validation_counts_the_same_faults_on_spark(session):
    frame = frame_of(
        row(), row(person_id="p2", sex="F"), row(person_id="p3", death_date="2010-01-01", vital_status="dead"),
        row(person_id="p4"), row(person_id="p4"), row(person_id="p5", metastatic_date="2019-02-29"))
    mapping = identity_mapping(*frame.columns)
    here, there = (
        validate_records(frame, mapping=mapping, definition=DEFINITION, engine=engine) for engine in ("duckdb", session))
    assert [(p.code, p.column) for p in there.problems] == [(p.code, p.column) for p in here.problems]
    assert {p.code for p in here.problems} == {"E-WORD", "E-DEATH-BEFORE-DIAGNOSIS", "E-DUPLICATE", "E-DATE"}


def test_a_configuration_gives_the_same_evidence_on_spark(session, tmp_path):
    made = simulate_registry(2000, 1, tmp_path)
    text = made.config.read_text("utf-8")
    duck, spark = (
        take_in(parse_config(words, directory=made.folder).readable())
        for words in (text, text.replace('engine = "duckdb"', 'engine = "spark"'))
    )
    assert spark.errors == ()
    for one, two in zip(duck.pieces, spark.pieces, strict=True):
        pd.testing.assert_frame_equal(one.frame, two.frame, check_dtype=False)
    pd.testing.assert_frame_equal(duck.records.attrition, spark.records.attrition)
