"""Do the pieces fit together, and do they suffice? Returns every problem; builds nothing."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from sbc_prevalence.data.areas import check_codes
from sbc_prevalence.data.schemas import SCHEMAS
from sbc_prevalence.data.tables import FIRST_DATA_ROW
from sbc_prevalence.errors import Problem
from sbc_prevalence.evidence import anchors, belonging, double_counting, limits
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.evidence.counted import CountedEvidence
from sbc_prevalence.evidence.population import Population
from sbc_prevalence.evidence.published import DistantRecurrence, PublishedSurvival
from sbc_prevalence.evidence.survival_records import PatientSurvival
from sbc_prevalence.grid import AREA_CODE, AS_OF, SOURCE, YEAR, AreaSet

FROM_ANYWHERE = frozenset({"primary_age_profile"})
"""Kinds that may come from areas outside the study: only a mix is taken from them."""
NEEDS_ALL_AREAS = frozenset({"primary_registrations", "population", "regime_survey"})
AND = " and "
SURVIVAL = frozenset({"published_survival", "patient_survival", "life_table_cells"})
"""Kinds that tell of survival after metastatic diagnosis; one of them is enough."""
MAY_REPEAT = frozenset({"living_counts", "patient_survival", "life_table_cells"})
"""Kinds of which two pieces may have rows with the same key: each is of a list or a population of its own."""
POPULATIONS_APART = 0.02
"""Largest relative difference between the population of an area and year by age and in all."""
ONCE_PER_AREA_YEAR = frozenset({"deaths", "primary_registrations", "registrations", "grouped_codes", "population"})


def problems(
    pieces: Sequence[Evidence],
    areas: AreaSet | None,
    *,
    failed_kinds: frozenset[str] = frozenset(),
) -> list[Problem]:
    """Every way in which pieces of evidence clash or fall short.

    Parameters
    ----------
    pieces : sequence of Evidence
    areas : AreaSet or None
        Areas of the study; None passes over what concerns areas.
    failed_kinds : frozenset of str
        Kinds that were given but did not pass their own checks: they are not called missing, and what follows
        from their absence is not reported.
    """
    found = required_kinds(pieces, failed_kinds)
    if areas is not None:
        for piece in pieces:
            found += _area_faults(piece, areas, beside_totals=_only_ages(piece, pieces))
        found += _given_twice(pieces, areas)
        found += double_counting.problems(pieces, areas)
        found += _populations_apart(pieces)
        found += limits.totals_apart(pieces, areas)
    mixed = _sexes(pieces)
    found += mixed
    found += _mortality_needed(pieces, failed_kinds)
    found += anchors.problems(pieces, areas, failed_kinds)
    found += belonging.problems(pieces, failed_kinds)
    found += _windows(pieces)
    if not failed_kinds & {"deaths", "registrations", "primary_registrations"}:
        found += _years_apart(pieces)
    if areas is not None and not mixed:
        sound = _without_faults(pieces, found)
        found += limits.above_population(sound, areas)
        found += limits.above_primaries(sound, areas)
    return found


def _without_faults(pieces: Sequence[Evidence], found: Sequence[Problem]) -> list[Evidence]:
    """Pieces that no problem names, alone or in a pair."""
    named = {part for p in found for part in (p.where, *p.where.split(AND))}
    return [piece for piece in pieces if piece.name not in named]


def required_kinds(pieces: Sequence[Evidence], failed_kinds: frozenset[str] = frozenset()) -> list[Problem]:
    """Kinds without which there is no estimate."""
    kinds = {piece.kind for piece in pieces} | failed_kinds
    found = []
    if not kinds & {"deaths", "registrations"}:
        found.append(
            _missing("deaths or registrations of metastatic disease", "yearly deaths certified as C50")
        )
    if "primary_registrations" not in kinds and not {"population", "registrations"} <= kinds:
        found.append(
            _missing(
                "primary registrations (or population and registrations)",
                "yearly primary registrations of every area",
            )
        )
    if not kinds & SURVIVAL:
        found.append(
            _missing(
                "published survival after metastatic diagnosis (or records of patients)",
                "the carried table published_survival, or one of your own",
            )
        )
    return found


def _missing(what: str, add: str) -> Problem:
    return Problem("E-KIND-MISSING", "evidence", f"needs {what}", f"Add an [[evidence]] entry: {add}.")


def _only_ages(piece: Evidence, pieces: Sequence[Evidence]) -> bool:
    """Whether a population gives ages beside another that gives the totals: it may be of the whole only."""
    return isinstance(piece, Population) and piece.has_ages and any(
        isinstance(other, Population) and not other.has_ages for other in pieces)


def _populations_apart(pieces: Sequence[Evidence]) -> list[Problem]:
    """Populations by age that do not add up to the totals of the same areas and years."""
    found = []
    populations = [piece for piece in pieces if isinstance(piece, Population)]
    for one, two in combinations(populations, 2):
        if one.has_ages == two.has_ages:
            continue
        both = one.totals().merge(two.totals(), on=[AREA_CODE, YEAR])
        apart = both[(both["population_x"] / both["population_y"] - 1.0).abs() > POPULATIONS_APART]
        if len(apart):
            found.append(
                Problem(
                    "E-POPULATION-APART",
                    f"{one.name}{AND}{two.name}",
                    f"two populations of an area and year must not differ by more than {POPULATIONS_APART:.0%}",
                    "Are they of the same sex, and do the ages cover everybody?",
                    column="population",
                    detail=limits.listed(list(apart[[AREA_CODE, YEAR]].itertuples(index=False, name=None))),
                )
            )
    return found


def _area_faults(piece: Evidence, areas: AreaSet, *, beside_totals: bool = False) -> list[Problem]:
    if AREA_CODE not in piece.data.columns or piece.kind in FROM_ANYWHERE:
        return []
    needs_all = piece.kind in NEEDS_ALL_AREAS and not beside_totals
    found = check_codes(piece.data, areas, where=piece.name, kind=piece.kind, require_all=needs_all)
    rows = piece.data.index  # rows of another sex were left out: positions are not file rows
    found = [
        replace(p, rows=tuple(int(rows[r - FIRST_DATA_ROW]) + FIRST_DATA_ROW for r in p.rows)) for p in found
    ]
    if piece.kind == "primary_registrations":
        above = piece.data[AREA_CODE].isin(set(areas.all_codes) - set(areas.codes))
        if above.any():
            found.append(
                Problem(
                    "E-AREA-LEVEL",
                    piece.name,
                    "primary registrations must be those of the modelled areas",
                    "Leave out groups and totals, or make them the modelled areas.",
                    column=AREA_CODE,
                    rows=tuple(int(i) + FIRST_DATA_ROW for i in rows[above]),
                    n_rows=len(piece.data),
                )
            )
    return found


def _given_twice(pieces: Sequence[Evidence], areas: AreaSet) -> list[Problem]:
    found = []
    for one, two in combinations(pieces, 2):
        if one.kind != two.kind:
            continue
        where, column = f"{one.name}{AND}{two.name}", None
        if _same_rows(one, two):
            found.append(
                Problem(
                    "E-SOURCE-TWICE",
                    where,
                    f"the same {one.kind} are given twice",
                    "Remove one of the two [[evidence]] entries: evidence that is used twice counts double.",
                )
            )
            continue
        if one.kind == "registrations" and one.provenance.source != two.provenance.source:
            continue  # two registers may hold the same people: each has a completeness of its own
        if one.kind in ONCE_PER_AREA_YEAR:
            if overlap := _overlap(one, two, areas):
                found.append(
                    Problem(
                        "E-SOURCE-OVERLAP",
                        where,
                        f"two tables of {one.kind} cover the same areas and years",
                        "Cut one of them so that each area and year comes from one table, at one level.",
                        column=AREA_CODE,
                        detail=limits.listed(overlap),
                    )
                )
            continue
        key = [c for c in SCHEMAS[one.kind].key if c in one.data.columns and c in two.data.columns]
        if key and one.kind not in MAY_REPEAT and one.kind not in belonging.ON_A_SOURCE:
            column = key[0]
            both = one.data[key].astype(str).merge(two.data[key].astype(str).drop_duplicates(), on=key)
            if len(both):
                found.append(
                    Problem(
                        "E-SOURCE-OVERLAP",
                        where,
                        f"{len(both)} rows of two tables of {one.kind} describe the same",
                        "Take each published figure once.",
                        column=column,
                    )
                )
    return found


def _same_rows(one: Evidence, two: Evidence) -> bool:
    left, right = (piece.data.drop(columns=[SOURCE, AS_OF], errors="ignore") for piece in (one, two))
    if list(left.columns) != list(right.columns) or len(left) != len(right):
        return False
    names = list(left.columns)
    left, right = (frame.astype(str).sort_values(names).reset_index(drop=True) for frame in (left, right))
    return bool(left.equals(right))


def _overlap(one: Evidence, two: Evidence, areas: AreaSet) -> list[tuple[str, int]]:
    """Area-years of one table that the other covers, at its own level or (unless population) at another."""
    strata = [c for c in ("presentation", "sex") if c in one.data.columns and c in two.data.columns]
    if isinstance(one, Population) and isinstance(two, Population) and one.has_ages != two.has_ages:
        return []  # one gives the ages, the other the totals

    def cells(piece: Evidence) -> set[tuple[Any, ...]]:
        rows = piece.data[[AREA_CODE, YEAR, *strata]].drop_duplicates()
        return {
            (part, code if piece.kind == "population" else "", *rest)
            for code, *rest in rows.itertuples(index=False)
            for part in limits.parts_of(code, areas)
        }

    return sorted({(cell[0], int(cell[2])) for cell in cells(one) & cells(two)})


def _sexes(pieces: Sequence[Evidence]) -> list[Problem]:
    sexes = {piece.name: piece.sex for piece in pieces if isinstance(piece, CountedEvidence | PatientSurvival)}
    if len(set(sexes.values())) <= 1:
        return []
    said = ", ".join(f"{name}: {sex}" for name, sex in sexes.items())
    return [
        Problem(
            "E-SEX-MIXED",
            "evidence",
            "all counts must be of the same sex",
            "Set the option 'sex' alike and give tables of that sex.",
            key="sex",
            detail=said,
        )
    ]


def _mortality_needed(pieces: Sequence[Evidence], failed_kinds: frozenset[str]) -> list[Problem]:
    if "other_cause_mortality" in {piece.kind for piece in pieces} | failed_kinds:
        return []
    found = []
    for piece in pieces:
        if isinstance(piece, PublishedSurvival):
            bad = piece.data["survival_kind"] != "observed"
            code, column, what = (
                "E-SURVIVAL-KIND",
                "survival_kind",
                "relative, net or cause-specific survival",
            )
        elif isinstance(piece, DistantRecurrence):
            bad = piece.data["risk_kind"] == "net"
            code, column, what = "E-RISK-KIND", "risk_kind", "a net risk of recurrence"
        else:
            continue
        if bad.any():
            found.append(
                Problem(
                    code,
                    piece.name,
                    f"{what} needs other-cause mortality, and none is given",
                    "Add an [[evidence]] entry of kind other_cause_mortality, or leave out these rows.",
                    column=column,
                    rows=tuple(int(i) + FIRST_DATA_ROW for i in piece.data.index[bad]),
                    n_rows=len(piece.data),
                )
            )
    return found


def _windows(pieces: Sequence[Evidence]) -> list[Problem]:
    windows = {w for piece in pieces if (w := getattr(piece, "window_days", None)) is not None}
    if len(windows) <= 1:
        return []
    return [
        Problem(
            "E-WINDOW",
            "evidence",
            "all evidence must part de novo from recurrent by the same window",
            "Use one window_days.",
            key="window_days",
        )
    ]


def _years_apart(pieces: Sequence[Evidence]) -> list[Problem]:
    counted = {y for piece in pieces if piece.kind in ("deaths", "registrations") for y in piece.years}
    primary = {y for piece in pieces if piece.kind == "primary_registrations" for y in piece.years}
    if not counted or not primary or counted & primary:
        return []
    return [
        Problem(
            "E-YEARS-APART",
            "evidence",
            "deaths (or registrations) and primary registrations share no year",
            "Check the year columns of both.",
            column=YEAR,
            detail=f"{min(counted)}-{max(counted)} against {min(primary)}-{max(primary)}",
        )
    ]
