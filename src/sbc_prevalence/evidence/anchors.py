"""What completeness rests on: every source on something, and everything said of completeness on a source."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import pandas as pd

from sbc_prevalence.data.tables import row_numbers
from sbc_prevalence.errors import Problem
from sbc_prevalence.evidence import belonging
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.evidence.grouped_codes import GroupedCodes
from sbc_prevalence.evidence.limits import listed
from sbc_prevalence.evidence.regime_survey import RegimeSurvey
from sbc_prevalence.evidence.registered import Registrations
from sbc_prevalence.grid import ALL, AREA_CODE, PRESENTATION, YEAR, AreaSet

AUDITS = ("completeness_audit", "validation_sample")
"""Kinds whose rows say of a source, in 'source_audited', how complete it is."""
FLOWS = ("death_certificate_cases",)
"""Kinds from which the completeness of the registrations that they belong to follows."""

type Stream = tuple[Registrations | GroupedCodes, str]
"""Registrations, or people under a grouped code, of one presentation."""


def problems(
    pieces: Sequence[Evidence], areas: AreaSet | None, failed_kinds: frozenset[str] = frozenset()
) -> list[Problem]:
    """Sources without an anchor, audits and surveys without a source, and evidence on completeness that clashes."""
    if "registrations" in failed_kinds:
        return []
    streams = [(piece, str(word)) for piece in pieces if isinstance(piece, Registrations | GroupedCodes)
               for word in piece.data[PRESENTATION].unique()]
    surveys = [piece for piece in pieces if isinstance(piece, RegimeSurvey)]
    audits = [piece for piece in pieces if piece.kind in AUDITS]
    found = [p for audit in audits for p in _audit(audit, streams, surveys, areas)]
    found += _surveys(surveys, streams, areas)
    if not failed_kinds & {*AUDITS, *FLOWS, RegimeSurvey.kind}:
        flowing = {owner for piece in pieces if piece.kind in FLOWS for word in set(piece.data[PRESENTATION])
                   for owner in belonging.owned(pieces, piece, str(word))}
        found += _unanchored([s for s in streams if (s[0].name, s[1]) not in flowing], audits, surveys)
    return found


def spoken_of(word: str, presentation: str, streams: Sequence[Stream]) -> list[Stream]:
    """Registrations that a row of an audit speaks of: by their name, else by their source.

    A row of all presentations speaks of registrations of all together, or else of every presentation at once.
    """
    named = [s for s in streams if word in s[0].called] or [s for s in streams if s[0].provenance.source == word]
    return [s for s in named if s[1] == presentation] or (named if presentation == ALL else [])


def _surveyed(stream: Stream, surveys: Sequence[RegimeSurvey]) -> bool:
    piece, presentation = stream
    if not isinstance(piece, Registrations):
        return False
    return any(survey.speaks_of(piece.called, piece.provenance.source, presentation) for survey in surveys)


def _groups(audit: Evidence, streams: Sequence[Stream]) -> Iterator[tuple[pd.DataFrame, list[Stream]]]:
    """Rows of an audit with the registrations that they speak of."""
    for (word, presentation), rows in audit.data.groupby(["source_audited", PRESENTATION], sort=False):
        yield rows, spoken_of(str(word), str(presentation), streams)


def _audit(
    audit: Evidence, streams: Sequence[Stream], surveys: Sequence[RegimeSurvey], areas: AreaSet | None
) -> list[Problem]:
    found: list[Problem] = []
    for rows, chosen in _groups(audit, streams):

        def problem(code: str, requirement: str, remedy: str, column: str, rows: pd.DataFrame = rows) -> Problem:
            return Problem(code, audit.name, requirement, remedy, column=column, rows=row_numbers(rows.index),
                           n_rows=len(audit.data))

        words = [presentation for _, presentation in chosen]
        if not chosen:
            found.append(problem(
                "E-AUDIT-UNMATCHED", "no registrations have this name or source, and this presentation",
                "Write the name or the source of the registrations in 'source_audited'; without them an audit says "
                "nothing.", "source_audited"))
        elif len(set(words)) < len(words):
            found.append(problem(
                "E-AUDIT-AMBIGUOUS", "several tables of registrations have this source",
                "Write the name of the table that was audited.", "source_audited"))
        elif any(piece.steps for piece, _ in chosen) and YEAR not in audit.data.columns:
            found.append(problem(
                "E-AUDIT-YEAR", "an audit of a source with steps needs the year of diagnosis of the known cases",
                "Add the column 'year'.", "source_audited"))
        elif areas is not None and any(_surveyed(stream, surveys) for stream in chosen):
            found += _level(audit, rows, areas)
    return found


def _level(piece: Evidence, rows: pd.DataFrame, areas: AreaSet) -> list[Problem]:
    """Rows about surveyed sources that are not of single modelled areas."""
    above = rows[~rows[AREA_CODE].isin(areas.codes) & rows[AREA_CODE].isin(areas.all_codes)]
    if above.empty:
        return []
    return [Problem(
        "E-AREA-LEVEL", piece.name, "where a survey tells how areas record, counts and audits must be those of areas",
        "Give one row per modelled area, without groups or totals.", column=AREA_CODE,
        rows=row_numbers(above.index), n_rows=len(piece.data))]


def _surveys(surveys: Sequence[RegimeSurvey], streams: Sequence[Stream], areas: AreaSet | None) -> list[Problem]:
    found: list[Problem] = []
    if len(surveys) > 1:
        found.append(Problem(
            "E-SURVEY-TWICE", " and ".join(survey.name for survey in surveys), "one survey of regimes is allowed",
            "Keep the one that describes the years of the registrations."))
    for survey in surveys:
        spoken = [stream for stream in streams if _surveyed(stream, [survey])]
        if not spoken:
            found.append(Problem(
                "E-SURVEY-UNMATCHED", survey.name, "the survey speaks of no registrations that are given",
                "Add the registrations, or correct 'source_surveyed' and 'presentation'.", key="source_surveyed"))
        if areas is not None:
            found += _level(survey, survey.data, areas)
        for piece in dict.fromkeys(piece for piece, _ in spoken):
            mine = [presentation for own, presentation in spoken if own is piece]
            if piece.completeness is not None and len(mine) == piece.data[PRESENTATION].nunique():
                found.append(Problem(
                    "E-COMPLETENESS-TWICE", piece.name, "completeness is given, and a survey of regimes beside it",
                    "Leave 'completeness' out: each regime has a prior of its own (model.priors changes it).",
                    key="completeness"))
            if areas is not None:
                found += _level(piece, piece.data[piece.data[PRESENTATION].isin(mine)], areas)
    return found


def _unanchored(
    streams: Sequence[Stream], audits: Sequence[Evidence], surveys: Sequence[RegimeSurvey]
) -> list[Problem]:
    audited = [stream for audit in audits for _, chosen in _groups(audit, streams) for stream in chosen]
    found: list[Problem] = []
    for piece in dict.fromkeys(piece for piece, _ in streams):
        bare = [word for own, word in streams if own is piece and piece.completeness is None
                and not _surveyed((own, word), surveys) and not any(a is own and w == word for a, w in audited)]
        if bare:
            found.append(Problem(
                "E-COMPLETENESS-MISSING", piece.name,
                f"{piece.kind.replace('_', ' ')} of metastatic disease need their completeness",
                "Give 'completeness' in the [[evidence]] entry, or a completeness_audit or regime_survey beside it: "
                "without any, more disease cannot be told from better registration.",
                key="completeness", detail=f"presentation: {', '.join(bare)}"))
    return found


def warnings(pieces: Sequence[Evidence]) -> list[Problem]:
    """Two sources that hold the same people, and are not given as lists that overlap."""
    counted = [piece for piece in pieces if isinstance(piece, Registrations)]
    found = []
    for one, two in combinations(counted, 2):
        shared = _same_cells(one, two)
        if shared:
            found.append(Problem(
                "W-SAME-PEOPLE", f"{one.name} and {two.name}",
                "two sources register the same people of the same areas and years, and are taken as independent given "
                "how many there are",
                "If they can be linked, give them as overlapping lists instead: how many are in both says how "
                "complete each is.", detail=listed(shared), severity="warning"))
    return found


def _same_cells(one: Registrations, two: Registrations) -> list[tuple[str, int]]:
    cells = [set(piece.data[[AREA_CODE, YEAR, PRESENTATION]].itertuples(index=False, name=None))
             for piece in (one, two)]
    return sorted({(str(code), int(year)) for code, year, _ in cells[0] & cells[1]})
