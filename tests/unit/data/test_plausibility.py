"""Counts that look like a slip of the pen are pointed at, and small or steady numbers are left alone."""

import pandas as pd
import pytest

from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.data.plausibility import jumps
from sbc_prevalence.data.schemas import check
from sbc_prevalence.data.tables import Provenance, Table

ORIGIN = Provenance(name="t.csv", source="a registry", as_of="2025-12-31")


def rows_of(counts: list[object], kind: str = "deaths", **columns: object) -> tuple[int, ...]:
    """File rows that are pointed at in one series of years."""
    people = "population" if kind == "population" else "count"
    frame = pd.DataFrame({"area_code": "A", "year": range(2000, 2000 + len(counts)), people: counts, **columns})
    checked = check(Table.from_frame(frame, name="t.csv", provenance=ORIGIN), kind)
    return tuple(row for w in jumps(kind, "t.csv", checked) for row in w.rows)


@pytest.mark.parametrize("kind", ["deaths", "primary_registrations", "population"])
@pytest.mark.parametrize(("at", "count"), [(0, 500), (3, 500), (7, 500), (3, 5), (3, 1)])
def test_a_digit_too_many_or_too_few_is_pointed_at_by_its_row(kind, at, count):
    series = [50] * 8
    series[at] = count
    assert rows_of(series, kind) == (at + 2,)


@pytest.mark.parametrize("series", [
    [0, 3, 1, 9, 0, 2], [1, 35, 2, 1, 1], [100, 130, 170, 220, 290, 380, 500], [1250, 1240, 980, 700, 1300, 1260],
    [50, 500, 50]])
def test_small_numbers_steady_trends_and_short_series_are_left_alone(series):
    assert rows_of(series) == ()


def test_an_interval_is_judged_by_its_nearer_end():
    frame = {"count_lower": [50, 50, 1, 50, 50], "count_upper": [50, 50, 60, 50, 50],
             "count_status": ["exact", "exact", "suppressed", "exact", "exact"]}
    assert rows_of([50, 50, None, 50, 50], **frame) == ()
    assert rows_of([50, 50, None, 50, 50], **{**frame, "count_upper": [50, 50, 4, 50, 50]}) == (4,)


def test_the_warning_names_rows_and_never_a_value():
    frame = pd.DataFrame({"area_code": "A", "year": range(2000, 2006), "count": [61, 61, 6107, 61, 61, 61]})
    (warning,) = jumps("deaths", "t.csv", check(Table.from_frame(frame, name="t.csv", provenance=ORIGIN), "deaths"))
    assert (warning.severity, warning.code, warning.column, warning.rows) == ("warning", "W-JUMP", "count", (4,))
    assert "6107" not in str(warning)


@pytest.mark.parametrize(("kind", "name"), [
    ("deaths", "scotland_deaths"), ("primary_registrations", "scotland_primary_registrations"),
    ("population", "scotland_population"), ("deaths", "uk_nations_deaths"),
    ("primary_registrations", "uk_nations_primary_registrations")])
def test_the_carried_tables_give_no_cause(kind, name):
    assert jumps(kind, name, check(load_carried(name), kind)) == []


@pytest.mark.parametrize("kind", ["published_survival", "registrations", "living_counts"])
def test_other_kinds_are_not_judged(kind):
    assert jumps(kind, "t.csv", pd.DataFrame({"area_code": ["A"], "year": [2000], "count": [5]})) == []
