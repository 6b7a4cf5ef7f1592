"""Are the same people counted by two pieces of evidence? Newly diagnosed people may be evidence once only."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from sbc_prevalence.errors import Problem
from sbc_prevalence.evidence import limits
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.evidence.overlapping_lists import OverlappingLists
from sbc_prevalence.grid import ALL, AREA_CODE, PRESENTATION, YEAR, YEAR_TO, AreaSet

KINDS = frozenset({"registrations", "overlapping_lists", "grouped_codes"})
"""Kinds that count people newly diagnosed, each person where the source has them."""

type Cell = tuple[str, int, str]


def _names(piece: Evidence) -> set[str]:
    """Names by which the sources of a piece may be known."""
    lists = piece.lists if isinstance(piece, OverlappingLists) else ()
    own = () if lists else (piece.name, piece.provenance.source)
    return {str(name).strip().lower() for name in (*lists, *own) if str(name).strip()}


def _cells(piece: Evidence, areas: AreaSet | None) -> set[Cell]:
    """Modelled area, year and presentation of everybody that a piece counts."""
    rows = piece.data
    last = rows[YEAR_TO].fillna(rows[YEAR]) if YEAR_TO in rows else rows[YEAR]
    kinds = rows[PRESENTATION] if PRESENTATION in rows else [ALL] * len(rows)
    told = dict.fromkeys(zip(rows[AREA_CODE], rows[YEAR], last, kinds, strict=True))
    return {
        (part, year, kind)
        for code, first, end, kind in told
        for part in (limits.parts_of(code, areas) if areas is not None else (code,))
        for year in range(int(first), int(end) + 1)
    }


def _shared(one: set[Cell], two: set[Cell]) -> list[tuple[str, int]]:
    """Areas and years in which both count the same presentation."""
    both: dict[tuple[str, int], set[str]] = {}
    for area, year, kind in two:
        both.setdefault((area, year), set()).add(kind)
    return sorted({
        (area, year) for area, year, kind in one
        for other in both.get((area, year), ()) if ALL in (kind, other) or kind == other
    })


def _pairs(pieces: Sequence[Evidence], areas: AreaSet | None) -> Iterator[tuple[Evidence, Evidence, set[str], str]]:
    """Pairs of pieces of two kinds that meet, the names that they share, and where they meet in words."""
    chosen = [(piece, _cells(piece, areas)) for piece in pieces if piece.kind in KINDS]
    for (one, here), (two, there) in combinations(chosen, 2):
        if one.kind != two.kind and (shared := _shared(here, there)):
            yield one, two, _names(one) & _names(two), limits.listed(shared)


def problems(pieces: Sequence[Evidence], areas: AreaSet) -> list[Problem]:
    """A source that is evidence by itself and again as a list, or under a grouped code, for the same areas and years."""
    return [
        Problem(
            "E-SAME-PEOPLE",
            f"{one.name} and {two.name}",
            f"{' and '.join(sorted(names))} is evidence twice for the same areas and years, and its people would count "
            "double",
            "Keep one of the two: lists already hold everybody whom each of them found. Or cut their years apart.",
            column=AREA_CODE,
            detail=met,
        )
        for one, two, names, met in _pairs(pieces, areas)
        if names
    ]


def warnings(pieces: Sequence[Evidence]) -> list[Problem]:
    """Counts of newly diagnosed people in the same areas and years that do not say whether they are of one source."""
    return [
        Problem(
            "W-SAME-PEOPLE",
            f"{one.name} and {two.name}",
            "both count people newly diagnosed in the same areas and years, as if each had found them without the other",
            "If one source is behind both, keep one of the two. If they are two sources, link them person by person "
            "and give them as overlapping lists: how much they overlap tells more than their counts.",
            column=AREA_CODE,
            detail=met,
            severity="warning",
        )
        for one, two, names, met in _pairs(pieces, None)
        if not names
    ]
