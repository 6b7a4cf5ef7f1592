"""Counts that are sound cell by cell and say something else as a whole: rounded, all nought, one year, a short curve."""

from collections.abc import Sequence

import pandas as pd

from sbc_prevalence.data.tables import Table, row_numbers
from sbc_prevalence.errors import Problem
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.evidence.registered import CompletenessAudit, Registrations
from sbc_prevalence.grid import (
    AREA_CODE,
    COUNT,
    COUNT_LOWER,
    COUNT_UPPER,
    DE_NOVO,
    PRESENTATION,
    RECURRENT,
    YEAR,
)

COUNTED = frozenset({"deaths", "primary_registrations", "registrations", "grouped_codes", "living_counts"})
YEARLY = frozenset({"deaths", "primary_registrations"})
FEWEST_FOR_ROUNDING = 20
"""By chance, so many counts are all multiples of five once in 5 to the power of 20."""
BASE = 5
SHORTEST_CURVE_YEARS = 3.0
CONVERTED_KINDS = frozenset({"deaths", "primary_registrations", "registrations", "population", "living_counts"})
_DECIMAL_WHOLE = r"\d+\.0+"


def conversions(kind: str, table: Table) -> list[Problem]:
    """Whole numbers that were written as decimals (``12.0``) and are read as whole: which column, how many rows."""
    if kind not in CONVERTED_KINDS:
        return []
    found = []
    for name in table.frame.columns:
        if str(name).strip().lower() not in (COUNT, COUNT_LOWER, COUNT_UPPER, "population"):
            continue
        decimal = table.frame[name].astype(str).str.strip().str.fullmatch(_DECIMAL_WHOLE)
        if decimal.any():
            found.append(Problem(
                "W-CONVERTED", table.name, "whole numbers written with decimals were read as whole numbers",
                "Nothing, if they are counts; weighted or shared-out numbers that happen to be whole are none.",
                column=str(name).strip().lower(), rows=row_numbers(decimal.index[decimal]), n_rows=len(table),
                severity="warning"))
    return found


def warnings(pieces: Sequence[Evidence]) -> list[Problem]:
    """What single tables, and tables of one kind together, say that nobody may have meant."""
    found: list[Problem] = []
    for piece in pieces:
        if piece.kind in COUNTED:
            found += _rounded(piece) + _noughts(piece)
        if piece.kind in YEARLY and len(piece.years) == 1:
            found.append(_told(
                piece, "W-ONE-YEAR", "one year tells nothing of a trend", YEAR,
                "Add earlier years; without them changes over time rest on priors."))
        if piece.kind == "population":
            found += _mixed_points(piece)
    return found + _short_curves(pieces) + _swapped_completeness(pieces) + _swapped_audits(pieces)


def _told(piece: Evidence, code: str, requirement: str, column: str, remedy: str, detail: str | None = None) -> Problem:
    return Problem(code, piece.name, requirement, remedy, column=column, detail=detail, severity="warning")


def _rounded(piece: Evidence) -> list[Problem]:
    frame = piece.data
    exact = frame[(frame[COUNT_LOWER] == frame[COUNT_UPPER]) & (frame[COUNT_LOWER] > 0)][COUNT_LOWER]
    if len(exact) < FEWEST_FOR_ROUNDING or (exact % BASE != 0).any():
        return []
    return [_told(
        piece, "W-ROUNDED", f"all counts are multiples of {BASE}: they look rounded", COUNT,
        f"Ask for the counts before rounding, or give each as an interval: count_lower = count - {BASE // 2}, "
        f"count_upper = count + {BASE // 2}, count_status = rounded.")]


def _noughts(piece: Evidence) -> list[Problem]:
    upper = piece.data[COUNT_UPPER]
    if (upper == 0).all():
        return [_told(
            piece, "W-ALL-ZERO", "all counts are 0", COUNT,
            "Look whether the export filled gaps with 0. Noughts that were counted are evidence and stay.")]
    if AREA_CODE not in piece.data.columns:
        return []
    most = upper.groupby(piece.data[AREA_CODE]).max()
    empty = [str(code) for code in most.index[most == 0]]
    if not empty:
        return []
    return [_told(
        piece, "W-ZERO-AREA", "an area without a single case in any year stays in the study", AREA_CODE,
        "Look whether the area was left out of the extract. If nobody was counted there, leave the noughts.",
        ", ".join(empty))]


def _mixed_points(piece: Evidence) -> list[Problem]:
    if "population_at" not in piece.data.columns or piece.data["population_at"].nunique() < 2:
        return []
    return [_told(
        piece, "W-POPULATION-POINT", "populations of mid-year and of the year's end stand in one table",
        "population_at", "Rates need one of the two throughout: mid-year, where the publisher has it.")]


def _short_curves(pieces: Sequence[Evidence]) -> list[Problem]:
    curves = [piece for piece in pieces if piece.kind == "published_survival"]
    if not curves or any(piece.kind in ("patient_survival", "life_table_cells") for piece in pieces):
        return []
    ends = pd.concat([piece.data["duration_years"].fillna(piece.data["value"].where(piece.data["measure"] == "median"))
                      for piece in curves])
    if ends.max() >= SHORTEST_CURVE_YEARS:
        return []
    return [_told(
        curves[0], "W-CURVE-SHORT", f"no published survival goes on to {SHORTEST_CURVE_YEARS:g} years", "duration_years",
        "Add longer follow-up. What lies beyond is extrapolated by the family of curves; the report shows the national "
        "table under each, and the share of the living beyond follow-up.")]


def _swapped_completeness(pieces: Sequence[Evidence]) -> list[Problem]:
    """Priors of completeness that say that recurrences are recorded better than disease found at first diagnosis."""
    told: dict[str, tuple[float, Evidence]] = {}
    for piece in pieces:
        if not isinstance(piece, Registrations) or piece.completeness is None:
            continue
        held = set(piece.data[PRESENTATION])
        middle = piece.completeness.value if piece.completeness.kind == "known" else piece.completeness.median
        if len(held) == 1 and middle is not None:
            told.setdefault(str(held.pop()), (float(middle), piece))
    if not {DE_NOVO, RECURRENT} <= set(told) or told[RECURRENT][0] <= told[DE_NOVO][0]:
        return []
    return [Problem(
        "W-COMPLETENESS-SWAPPED", told[RECURRENT][1].name,
        "recurrences are said to be recorded more completely than disease found at first diagnosis",
        "Look whether the completeness of registration and that of recording recurrences were swapped.",
        key="completeness", severity="warning")]


def _swapped_audits(pieces: Sequence[Evidence]) -> list[Problem]:
    """Audits that found clearly more of the recurrences than of the disease found at first diagnosis."""
    audits = [piece for piece in pieces if isinstance(piece, CompletenessAudit)]
    found = []
    for audit in audits:
        sums = audit.data.groupby(["source_audited", PRESENTATION])[["n_found", "n_known"]].sum()
        for source in dict.fromkeys(audit.data["source_audited"]):
            have = {name for word, name in sums.index if word == source}
            if not {DE_NOVO, RECURRENT} <= have:
                continue
            first, later = sums.loc[(source, DE_NOVO)], sums.loc[(source, RECURRENT)]
            share, other = first["n_found"] / first["n_known"], later["n_found"] / later["n_known"]
            error = (share * (1 - share) / first["n_known"] + other * (1 - other) / later["n_known"]) ** 0.5
            if other - share > 3 * max(float(error), 1e-9):
                found.append(_told(
                    audit, "W-COMPLETENESS-SWAPPED",
                    "the audit found clearly more of the recurrences than of the disease found at first diagnosis",
                    PRESENTATION, "Look whether the two presentations were swapped."))
    return found
