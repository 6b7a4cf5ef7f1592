"""Which area-years rest on which evidence: directly, through a larger area, or on nothing."""

from collections.abc import Mapping, Sequence

import pandas as pd

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.grid import AREA_CODE, AREA_NAME, YEAR, AreaSet, StudyGrid

COVERAGE_KINDS = ("primary_registrations", "deaths", "registrations", "living_counts")
OWN, NONE, PROJECTED = "own", "none", "projected"

USES: Mapping[str, str] = {
    "deaths": "certified deaths",
    "primary_registrations": "primary incidence",
    "primary_age_profile": "age mix of primaries",
    "population": "rates and limits",
    "published_survival": "survival after metastatic diagnosis",
    "distant_recurrence": "risk of distant recurrence",
    "registrations": "registered metastatic disease",
    "completeness_audit": "completeness of registration",
    "validation_sample": "completeness of registration",
    "regime_survey": "how areas record",
    "overlapping_lists": "metastatic disease on several lists",
    "grouped_codes": "metastatic disease under a code with other recurrences",
    "living_counts": "counts of the living",
    "reporting_triangle": "reporting delay of registrations",
    "death_certificate_cases": "completeness of registration, by cases found at death",
    "patient_survival": "survival after metastatic diagnosis",
    "life_table_cells": "survival after metastatic diagnosis",
    "other_cause_mortality": "mortality from other causes",
    "comparison_figures": "shown beside our own, not fitted",
}


def table(pieces: Sequence[Evidence], areas: AreaSet | None, grid: StudyGrid | None) -> pd.DataFrame:
    """Coverage by area and year: see :meth:`sbc_prevalence.evidence.bundle.EvidenceBundle.coverage`."""
    areas = areas or implied_areas(pieces)
    cells = {kind: _cells(pieces, kind) for kind in COVERAGE_KINDS}
    years = sorted({year for seen in cells.values() for _, year in seen})
    if grid is not None:
        years = list(range(grid.first_data_year, grid.last_year + 1))
    rows = []
    shown = [code for code in areas.shown if code in areas.codes]
    wholes = {code: _wholes(code, areas) for code in shown}
    for code in shown:
        for year in years:
            row = {AREA_CODE: code, AREA_NAME: areas.name_of(code), YEAR: year}
            row |= {kind: _how(seen, code, wholes[code], year) for kind, seen in cells.items()}
            rows.append(row)
    return pd.DataFrame(rows, columns=[AREA_CODE, AREA_NAME, YEAR, *COVERAGE_KINDS])


def implied_areas(pieces: Sequence[Evidence]) -> AreaSet:
    """Areas that the evidence itself suggests: those of the primaries; a single other code is the whole.

    Raises
    ------
    EvidenceError
        If no piece has areas.
    """
    by_kind = {piece.kind: piece for piece in pieces if piece.area_codes}
    parts = next((by_kind[kind].area_codes for kind in COVERAGE_KINDS if kind in by_kind), ())
    if not parts:
        raise EvidenceError(Problem("E-AREAS", "evidence", "no evidence has areas", "Give the areas."))
    names: dict[str, str] = {}
    for piece in pieces:
        if AREA_CODE in piece.data.columns and AREA_NAME in piece.data.columns:
            names |= dict(zip(piece.data[AREA_CODE], piece.data[AREA_NAME], strict=True))
    others = sorted(
        {code for piece in pieces if piece.kind in COVERAGE_KINDS for code in piece.area_codes} - set(parts)
    )
    whole = parts[0] if len(parts) == 1 else others[0] if len(others) == 1 else "total"
    return AreaSet(parts, tuple(names.get(code) or code for code in parts), whole, names.get(whole) or whole)


def _cells(pieces: Sequence[Evidence], kind: str) -> set[tuple[str, int]]:
    seen: set[tuple[str, int]] = set()
    for piece in pieces:
        if piece.kind == kind:
            years = piece.data[YEAR] if YEAR in piece.data.columns else piece.data["index_date"].str[:4]
            seen |= set(zip(piece.data[AREA_CODE], years.astype(int), strict=True))
    return seen


def _wholes(code: str, areas: AreaSet) -> tuple[str, ...]:
    groups = tuple(group for group, members in (areas.groups or {}).items() if code in members)
    return (*groups, areas.total_code) if areas.total_code != code else groups


def _how(seen: set[tuple[str, int]], code: str, wholes: Sequence[str], year: int) -> str:
    if (code, year) in seen:
        return OWN
    for whole in wholes:
        if (whole, year) in seen:
            return f"through {whole}"
    return PROJECTED if seen and year > max(y for _, y in seen) else NONE
