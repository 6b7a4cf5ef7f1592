"""Records open from any of their forms with the same rows, and show their shape only."""

import logging
import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pytest

from record_worlds import cases_of, frame_of, identity_mapping, row
from sbc_prevalence.errors import DataError
from sbc_prevalence.records import apply_mapping, open_records

FRAME = frame_of(row(person_id="0012", birth_year="0060"), row(person_id="CANARY", route="gp"))


def written(kind, folder):
    import duckdb

    if kind == "csv":
        FRAME.to_csv(folder / "x.csv", index=False)
        return folder / "x.csv"
    if kind == "gz":
        FRAME.to_csv(folder / "x.csv.gz", index=False)
        return folder / "x.csv.gz"
    if kind == "parquet":
        FRAME.to_parquet(folder / "x.parquet")
        return folder / "x.parquet"
    if kind == "arrow":
        return pa.Table.from_pandas(FRAME)
    if kind == "ibis":
        import ibis

        return ibis.memtable(FRAME)
    if kind == "duckdb":
        con = duckdb.connect(folder / "x.duckdb")
        con.register("f", FRAME)
        con.execute("create table records as select * from f")
        con.close()
        return folder / "x.duckdb"
    return FRAME


@pytest.mark.parametrize("kind", ["csv", "gz", "parquet", "arrow", "ibis", "duckdb", "pandas"])
def test_every_form_holds_the_same_texts(kind, tmp_path):
    records = open_records(written(kind, tmp_path))
    assert records.rows == 2
    got = records.table.execute()[list(FRAME.columns)].fillna("").sort_values("person_id", ignore_index=True)
    pd.testing.assert_frame_equal(
        got.astype(object), FRAME.sort_values("person_id", ignore_index=True), check_dtype=False
    )
    assert {str(kind) for kind in records.table.schema().types} == {"string"}


def test_nothing_is_guessed_in_a_csv(tmp_path):
    (tmp_path / "x.csv").write_text("a,b,c\n0012,01/02/2019,TRUE\n7,1e3,\n")
    assert open_records(tmp_path / "x.csv").table.execute()["a"].tolist() == ["0012", "7"]


@pytest.mark.parametrize(
    "make",
    [
        lambda f: open_records(f),
        lambda f: apply_mapping(open_records(f), identity_mapping(*f.columns)),
        lambda f: cases_of(f),
    ],
)
def test_a_face_shows_shape_only(make, caplog):
    frame = frame_of(row(person_id="CANARY", area_code="S08000099"))
    with caplog.at_level(logging.DEBUG):
        records = make(frame)
    shown = repr(records) + str(records) + records._repr_html_() + repr([records]) + caplog.text
    assert "CANARY" not in shown
    assert "S08000099" not in shown
    assert "rows=1" in shown


@pytest.mark.parametrize(("source", "code"), [("absent.csv", "E-FILE"), (__file__, "E-FILE"), (3, "E-FRAME")])
def test_what_is_not_read_is_refused(source, code):
    with pytest.raises(DataError, match=code):
        open_records(source)


def test_an_unknown_engine_is_refused():
    with pytest.raises(DataError, match="E-ENGINE"):
        open_records(FRAME, engine="excel")


def test_importing_the_package_loads_no_engine():
    code = (
        "import sys, sbc_prevalence, sbc_prevalence.records, sbc_prevalence.records.mapping;"
        "print([m for m in ('ibis', 'duckdb', 'pyspark', 'pyarrow') if m in sys.modules])"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )
