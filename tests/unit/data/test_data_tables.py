"""Tables of text: made from frames, frozen, citable."""

import dataclasses

import pandas as pd
import pytest

from sbc_prevalence.data.tables import Provenance, Table
from sbc_prevalence.errors import DataError


def test_a_frame_becomes_text_without_inventing_decimals_or_hiding_gaps():
    frame = pd.DataFrame(
        {"count": [1.0, None, 2.5], "code": ["0012", None, pd.NA], "day": pd.to_datetime(["2020-02-29"] * 3)},
        index=[5, 6, 7])
    text = Table.from_frame(frame, name="t").frame
    assert text["count"].tolist() == ["1", "", "2.5"]
    assert text["code"].tolist() == ["0012", "", ""]
    assert text["day"].tolist() == ["2020-02-29"] * 3
    assert text.index.tolist() == [0, 1, 2]


def test_repeated_columns_and_a_foreign_index_are_refused_together():
    frame = pd.DataFrame([["1", "2"]], columns=["a", "a"], index=[4])
    with pytest.raises(DataError) as caught:
        Table("t", frame)
    assert {p.code for p in caught.value.problems} == {"E-DUPLICATE-COLUMN", "E-INDEX"}


def test_a_table_shows_its_shape_and_no_cells_and_cannot_be_rebound():
    table = Table.from_frame({"count": [987654]}, name="t")
    assert "987654" not in repr(table)
    assert len(table) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        table.name = "other"
    mine = table.copy()
    mine.loc[0, "count"] = "0"
    assert table.frame.loc[0, "count"] == "987654"


def test_a_citation_names_publisher_year_title_and_licence():
    text = Provenance("x", "Cancer Mortality", "PHS", "2021", "OGL v3.0", as_of="2020-12-31").citation()
    assert text == "PHS (2021). Cancer Mortality. As of 2020-12-31. OGL v3.0."
    assert Provenance("x").citation() == "x. x."
