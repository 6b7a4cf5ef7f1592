"""Content that is missing, impossible or contradicts itself is refused, all faults at once."""

import numpy as np
import pytest
from content_factory import headline, make_content, tables, words

from sbc_prevalence.errors import ReleaseError


def test_every_fault_is_listed_at_once() -> None:
    head = {k: v for k, v in headline().items() if k != "basis"}
    held = {k: v for k, v in tables().items() if k != "sources"} | {"surprise": tables()["priors"]}
    with pytest.raises(ReleaseError) as caught:
        make_content(headline=head, words=words() | {"tail": ""}, tables=held, rounding_unit=0)
    text = str(caught.value)
    for piece in ("'basis' is missing", "'tail' is missing", "'sources' is missing", "'surprise'",
                  "rounding_unit"):
        assert piece in text


@pytest.mark.parametrize(("column", "value", "message"), [
    ("median", np.nan, "not finite"), ("upper", np.inf, "not finite"), ("lower", -1.0, "negative"),
    ("lower", 1e9, "lower <= median <= upper"),
])
def test_impossible_intervals_are_refused(column: str, value: float, message: str) -> None:
    held = tables()
    held["estimates"].loc[5, column] = value
    with pytest.raises(ReleaseError, match=message):
        make_content(tables=held)


def test_a_headline_that_is_not_in_the_tables_is_refused() -> None:
    with pytest.raises(ReleaseError, match="'living' differs from the row"):
        make_content(headline=headline() | {"living_median": 4000.0})
    with pytest.raises(ReleaseError, match="has 0 rows for its 'living'"):
        make_content(headline=headline() | {"index_date": "2020-06-30"})


def test_two_levels_of_interval_and_doubled_rows_are_refused() -> None:
    held = tables()
    held["estimates"].loc[3, "ci_prob"] = 0.89
    with pytest.raises(ReleaseError, match="more than one ci_prob"):
        make_content(tables=held)
    held = tables()
    frame = held["estimates"]
    held["estimates"] = frame.iloc[[*range(len(frame)), 7]].reset_index(drop=True)
    with pytest.raises(ReleaseError, match="1 rows occur twice"):
        make_content(tables=held)


def test_areas_rounded_more_coarsely_are_named_in_the_order_of_the_tables() -> None:
    content = make_content(rounding_units={"living": {"S08000031": 50, "S08000015": 50, "S92000003": 50}})
    assert "the living of Scotland, NHS Ayrshire and Arran, NHS Greater Glasgow and Clyde to 50" in content.rounding_words
