"""Counts that exceed what they are part of: the population, the primaries of the year."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import pandas as pd

from sbc_prevalence.data.tables import row_numbers
from sbc_prevalence.errors import Problem
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.evidence.counted import CountedEvidence
from sbc_prevalence.evidence.population import Population
from sbc_prevalence.evidence.registered import Registrations
from sbc_prevalence.grid import (
    AREA_CODE,
    COUNT,
    COUNT_LOWER,
    COUNT_UPPER,
    DE_NOVO,
    PRESENTATION,
    YEAR,
    AreaSet,
)

SHOWN = 8
TOTALS_APART = 0.01
"""Largest relative difference between a published total and the sum of its parts in the same year."""


def _sum_by_area(piece: CountedEvidence) -> pd.DataFrame:
    """Smallest count of every area and year."""
    totals = piece.totals()
    if "index_date" in totals.columns:
        totals[YEAR] = totals["index_date"].str[:4].astype(int)
        return totals.groupby([AREA_CODE, YEAR])[COUNT_LOWER].max().reset_index()
    return totals.groupby([AREA_CODE, YEAR])[COUNT_LOWER].sum().reset_index()


def above_population(pieces: Sequence[Evidence], areas: AreaSet) -> list[Problem]:
    known: dict[tuple[str, int], float] = {}
    for piece in pieces:
        if isinstance(piece, Population):
            known |= {(a, int(y)): float(n) for a, y, n in piece.totals().itertuples(index=False)}
    found = []
    for piece in pieces:
        if (
            not isinstance(piece, CountedEvidence)
            or piece.kind in ("population", "primary_age_profile")
            or not known
        ):
            continue
        above = []
        for code, year, count in _sum_by_area(piece).itertuples(index=False):
            people = known.get((code, year))
            if people is None and all((part, year) in known for part in parts_of(code, areas)):
                people = sum(known[part, year] for part in parts_of(code, areas))
            if people is not None and count > people:
                above.append((code, int(year)))
        if above:
            found.append(
                Problem(
                    "E-EXCEEDS-POPULATION",
                    piece.name,
                    "counts must not exceed the population",
                    "Correct the counts, or the population (are its unit persons, and its sex the same?).",
                    column=COUNT,
                    rows=_rows_of(piece, above),
                    n_rows=len(piece.data),
                    detail=f"in sum: {listed(above)}",
                )
            )
    return found


def above_primaries(pieces: Sequence[Evidence], areas: AreaSet) -> list[Problem]:
    """De novo registrations within the primaries of the year; deaths not above primaries in the long run."""
    primaries: dict[tuple[str, int], float] = {}
    for piece in pieces:
        if isinstance(piece, CountedEvidence) and piece.kind == "primary_registrations":
            rows = piece.totals()[[AREA_CODE, YEAR, COUNT_UPPER]].itertuples(index=False)
            primaries |= {(a, int(y)): float(n) for a, y, n in rows}

    def of(code: str, year: int) -> float | None:
        parts = [primaries.get((part, int(year))) for part in parts_of(code, areas)]
        return None if any(n is None for n in parts) else sum(n for n in parts if n is not None)

    found = []
    for piece in pieces:
        if isinstance(piece, Registrations):
            first = piece.totals().query("presentation == @DE_NOVO", local_dict={"DE_NOVO": DE_NOVO})
            above = [
                (a, int(y))
                for a, y, n in first[[AREA_CODE, YEAR, COUNT_LOWER]].itertuples(index=False)
                if (most := of(a, y)) is not None and n > most
            ]
            if above:
                found.append(
                    Problem(
                        "E-EXCEEDS-PRIMARIES",
                        piece.name,
                        "de novo registrations must be among the primaries of the year",
                        "Correct the counts or the column 'presentation'.",
                        column=COUNT,
                        rows=_rows_of(piece, above, presentation=DE_NOVO),
                        n_rows=len(piece.data),
                        detail=f"in sum: {listed(above)}",
                    )
                )
        elif isinstance(piece, CountedEvidence) and piece.kind == "deaths":
            found += _deaths_above(piece, of)
    return found


def _deaths_above(piece: CountedEvidence, primaries_of: Callable[[str, int], float | None]) -> list[Problem]:
    above = []
    for code, rows in piece.totals().groupby(AREA_CODE):
        pairs = [
            (n, primaries_of(str(code), y)) for y, n in rows[[YEAR, COUNT_LOWER]].itertuples(index=False)
        ]
        shared = [(n, p) for n, p in pairs if p is not None]
        if len(shared) >= 3 and sum(n for n, _ in shared) > sum(p for _, p in shared):
            above.append(str(code))
    if not above:
        return []
    return [
        Problem(
            "E-EXCEEDS-PRIMARIES",
            piece.name,
            "deaths must not exceed primary registrations over all years together",
            "Were the two files swapped, or is one of another disease, sex or unit?",
            column=COUNT,
            rows=row_numbers(piece.data.index[piece.data[AREA_CODE].isin(above)]),
            n_rows=len(piece.data),
            detail=f"in sum: {listed(above)}",
        )
    ]


def totals_apart(pieces: Sequence[Evidence], areas: AreaSet) -> list[Problem]:
    """Populations of a whole that are not the sum of those of its parts in the same year."""
    wholes = {**(areas.groups or {}), **({} if areas.total_code in areas.codes else {areas.total_code: areas.codes})}
    found = []
    for piece in pieces:
        if not isinstance(piece, Population):
            continue
        wide = piece.totals().pivot_table(index=YEAR, columns=AREA_CODE, values="population", aggfunc="sum")
        for whole, parts in wholes.items():
            if whole not in wide.columns or not set(parts) <= set(wide.columns):
                continue
            summed = wide[list(parts)].sum(axis=1, skipna=False)
            apart = wide.index[((summed / wide[whole] - 1.0).abs() > TOTALS_APART).fillna(False)]
            if len(apart):
                found.append(Problem(
                    "E-TOTAL-APART", piece.name,
                    f"the figure of a whole ({whole}) must be the sum of its parts within {TOTALS_APART:.0%}",
                    "Look for an area that is missing or doubled, or for another sex or date.", column="population",
                    detail=listed([(whole, int(year)) for year in apart])))
    return found


def _rows_of(
    piece: CountedEvidence, cells: Collection[tuple[str, int]], presentation: str | None = None
) -> tuple[int, ...]:
    """File rows of some areas and years."""
    data = piece.data
    years = data["index_date"].str[:4].astype(int) if "index_date" in data.columns else data[YEAR].astype(int)
    wanted = set(cells)
    chosen = pd.Series([cell in wanted for cell in zip(data[AREA_CODE], years, strict=True)], index=data.index)
    if presentation is not None:
        chosen &= data[PRESENTATION] == presentation
    return row_numbers(data.index[chosen])


def parts_of(code: str, areas: AreaSet) -> tuple[str, ...]:
    """Modelled areas that a code stands for."""
    if code == areas.total_code:
        return areas.codes
    return (areas.groups or {}).get(code, (code,))


def listed(items: Sequence[Any]) -> str:
    """A few items in words, and how many more."""
    texts = [" ".join(str(part) for part in item) if isinstance(item, tuple) else str(item) for item in items]
    more = len(texts) - SHOWN
    return ", ".join(texts[:SHOWN]) + (f" and {more} more" if more > 0 else "")
