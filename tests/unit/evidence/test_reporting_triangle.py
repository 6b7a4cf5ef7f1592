"""Reporting triangles as evidence: what they hold, and what is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence.errors import DataError, EvidenceError
from sbc_prevalence.estimators.chain_ladder import chain_ladder
from sbc_prevalence.evidence import CompletenessPrior, Registrations, ReportingTriangle
from sbc_prevalence.evidence.belonging import problems as belonging_problems
from sbc_prevalence.evidence.registry import from_table

ORIGIN = {"source": "the registry", "as_of": "2019-12-31"}
COUNTS = {2014: [50, 80, 90, 95, 96, 96], 2015: [52, 83, 95, 99, 98], 2016: [49, 86, 96, 101],
          2017: [60, 90, 104], 2018: [58, 91], 2019: [55]}


def rows(counts: dict[int, list[int]] = COUNTS, presentation: str = "all") -> pd.DataFrame:
    found = [("T", year, presentation, year + lag, n) for year, held in counts.items() for lag, n in enumerate(held)]
    return pd.DataFrame(found, columns=["area_code", "year", "presentation", "report_year", "count"])


def increments() -> pd.DataFrame:
    return rows({year: list(np.diff([0, *held])) for year, held in COUNTS.items()})


def triangle(frame: pd.DataFrame | None = None, **options: Any) -> ReportingTriangle:
    return ReportingTriangle.from_frame(
        rows() if frame is None else frame, **{"name": "triangle.csv", "form": "cumulative", **ORIGIN, **options})


def register(**options: Any) -> Registrations:
    columns = ["area_code", "year", "presentation", "count"]
    frame = pd.DataFrame([("T", year, "all", 90) for year in COUNTS], columns=columns)
    return Registrations.from_frame(
        frame, window_days=120, completeness=CompletenessPrior("known", value=0.8), **{**ORIGIN, **options})


def test_increments_and_cumulative_counts_are_the_same_triangle() -> None:
    pd.testing.assert_frame_equal(triangle().cells(), triangle(increments(), form="increments").cells())


def test_the_end_of_the_report_year_and_the_last_day_of_it_are_the_same() -> None:
    dated = rows().assign(report_date=lambda f: f["report_year"].astype(str) + "-12-31").drop(columns="report_year")
    np.testing.assert_allclose(triangle(dated).cells()["elapsed"], triangle().cells()["elapsed"])


def test_the_matrix_goes_into_the_chain_ladder() -> None:
    years, counts = triangle().matrix()
    assert years == tuple(COUNTS)
    found = chain_ladder(counts)
    assert found.latest[-1] == 55
    assert 90 < found.ultimate[-1] < 110


def test_the_form_has_no_default() -> None:
    with pytest.raises(EvidenceError, match="E-OPTION-MISSING"):
        ReportingTriangle.from_frame(rows(), **ORIGIN)


def test_a_missing_diagonal_is_named() -> None:
    gone = rows()[lambda f: f["report_year"] != 2017]
    with pytest.raises(EvidenceError, match="E-TRIANGLE-DIAGONAL") as caught:
        triangle(gone)
    assert "report 2017: diagnosis years 2014-2017" in str(caught.value)


def test_a_diagonal_that_lacks_one_year_is_named() -> None:
    gone = rows()[lambda f: ~((f["report_year"] == 2018) & (f["year"] == 2016))]
    with pytest.raises(EvidenceError, match="report 2018: diagnosis year 2016"):
        triangle(gone)


def test_extracts_on_any_days_are_welcome_where_all_years_are_in_each() -> None:
    dated = rows().assign(report_date=lambda f: f["report_year"].astype(str) + "-12-31")
    dated = dated[dated["report_year"] != 2017].drop(columns="report_year")
    held = triangle(dated[~((dated["year"] == 2017) & (dated["report_date"] == "2017-12-31"))])
    assert held.cells()["elapsed"].max() == pytest.approx(6.0)


def test_a_triangle_followed_for_so_many_years_only_is_whole() -> None:
    triangle(rows({year: held[:3] for year, held in COUNTS.items()}))


@pytest.mark.parametrize(("frame", "options", "code"), [
    (increments(), {}, "E-NEGATIVE"),
    (rows({2014: [5, -9, 1]}), {"form": "increments"}, "E-NEGATIVE"),
    (increments()[lambda f: f["report_year"] >= 2016], {"form": "increments"}, "E-TRIANGLE-START"),
    (rows().assign(report_year=2010), {}, "E-REPORT-EARLY"),
    (rows().drop(columns="report_year"), {}, "E-REPORT"),
    (rows(), {"form": "net"}, "E-OPTION"),
    (rows(), {"delay_cuts": [1, 2]}, "E-OPTION")])
def test_a_triangle_that_cannot_be_is_refused(frame: pd.DataFrame, options: dict[str, Any], code: str) -> None:
    if code in ("E-REPORT", "E-REPORT-EARLY"):
        frame = frame.drop_duplicates(["year"])
    with pytest.raises((EvidenceError, DataError), match=rf"\[{code}\]"):
        triangle(frame, **options)


def test_it_belongs_to_the_registrations_of_its_source() -> None:
    assert belonging_problems([triangle(), register()]) == []
    assert belonging_problems([triangle(registrations="elsewhere", source="x"), register(source="elsewhere")]) == []


@pytest.mark.parametrize("pieces", [
    [triangle()], [triangle(source="another"), register()], [triangle(rows(presentation="recurrent")), register()]])
def test_alone_it_corrects_nothing_and_is_refused(pieces: list[Any]) -> None:
    assert [p.code for p in belonging_problems(pieces)] == ["E-BELONGS-TO-NOTHING"]


def test_two_of_one_source_are_refused() -> None:
    assert [p.code for p in belonging_problems([triangle(), triangle(name="b.csv"), register()])] == ["E-SOURCE-OVERLAP"]


def test_it_can_be_made_by_its_kind() -> None:
    from sbc_prevalence.data.tables import Provenance, Table

    table = Table.from_frame(rows(), name="t", provenance=Provenance(name="t", **ORIGIN))
    assert from_table("reporting_triangle", table, form="cumulative").kind == "reporting_triangle"
