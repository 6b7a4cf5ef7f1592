"""Reading: cells stay text, and a file that cannot be trusted is refused with its rows."""

import hashlib

import pytest

from sbc_prevalence.data import read
from sbc_prevalence.data.read import parse_table, read_table
from sbc_prevalence.data.tables import Provenance
from sbc_prevalence.errors import DataError


def test_cells_stay_as_written_and_the_hash_is_of_the_bytes(tmp_path):
    content = "﻿area_code, year,count\nS08000015,2020,NA\nS08000016,0020,*\n\n".encode()
    path = tmp_path / "deaths.csv"
    path.write_bytes(content)
    table = read_table(path, provenance=Provenance(name="x", source="register"))
    assert list(table.frame.columns) == ["area_code", "year", "count"]
    assert table.frame["count"].tolist() == ["NA", "*"]
    assert table.frame["year"].tolist() == ["2020", "0020"]
    assert table.provenance.sha256 == hashlib.sha256(content).hexdigest()
    assert table.provenance.source == "register"
    assert table.name == "deaths.csv"


def test_quoted_commas_and_line_breaks_stay_inside_a_cell():
    table = parse_table(b'a,b\n"x, y","line 1\nline 2"\n', name="t.csv")
    assert table.frame.iloc[0].tolist() == ["x, y", "line 1\nline 2"]


@pytest.mark.parametrize(("content", "code"), [
    (b"", "E-EMPTY"),
    (b"  \n\n", "E-EMPTY"),
    (b"a,b\n", "E-EMPTY"),
    (b"a,b\n1,2\x00\n", "E-ENCODING"),
    ("a,b\n1,2\n".encode("utf-16"), "E-ENCODING"),
    ("a,b\n1,Orkneyé\n".encode("latin-1"), "E-ENCODING"),
    (b"a,a\n1,2\n", "E-DUPLICATE-COLUMN"),
    (b"a,\n1,2\n", "E-COLUMN-NAME"),
    (b"a;b\n1;2\n", "E-CSV"),
    (b'a,b\n"1,2\n', "E-CSV"),
    (b"a,b\n1,2,3\n", "E-RAGGED"),
    (b"a,b\n1\n", "E-RAGGED"),
])
def test_untrustworthy_files_are_refused(content, code):
    with pytest.raises(DataError) as caught:
        parse_table(content, name="t.csv")
    assert code in [p.code for p in caught.value.problems]
    assert "t.csv" in str(caught.value)


def test_ragged_rows_are_named_by_file_row_and_all_faults_come_together():
    with pytest.raises(DataError) as caught:
        parse_table(b"a,a\n1,2\n1\n1,2\n1,2,3\n", name="t.csv")
    assert {p.code for p in caught.value.problems} == {"E-DUPLICATE-COLUMN", "E-RAGGED"}
    ragged = next(p for p in caught.value.problems if p.code == "E-RAGGED")
    assert ragged.rows == (3, 5)


def test_an_absent_or_huge_file_is_refused(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="E-FILE"):
        read_table(tmp_path / "no.csv")
    big = tmp_path / "big.csv"
    big.write_text("a,b\n1,2\n")
    monkeypatch.setattr(read, "MAX_BYTES", 4)
    with pytest.raises(DataError, match="E-FILE-SIZE"):
        read_table(big)
