"""All that is known, brought together: one grid, what covers what, refused as a whole if it clashes."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sbc_prevalence.data import plausibility
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence import anchors, consistency, coverage, double_counting, plausible, slips
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.evidence.counted import Deaths, PrimaryAgeProfile, PrimaryRegistrations, combined
from sbc_prevalence.evidence.population import Population
from sbc_prevalence.evidence.published import (
    ComparisonFigures,
    DistantRecurrence,
    OtherCauseMortality,
    PublishedSurvival,
)
from sbc_prevalence.evidence.registered import CompletenessAudit, LivingCounts, Registrations
from sbc_prevalence.evidence.same_people import same_people
from sbc_prevalence.grid import AREA_CODE, YEAR, AreaSet, StudyGrid

SOURCE_COLUMNS = ("used_for", "name", "publisher", "title", "year", "licence", "source", "as_of", "note")


@dataclass(frozen=True, init=False, repr=False, eq=False)
class EvidenceBundle:
    """Pieces of evidence that are used together.

    Parameters
    ----------
    *evidence : Evidence
        Several pieces of a kind are allowed where their rows do not overlap; they then act as one.

    Raises
    ------
    EvidenceError
        If something else than evidence is given. What does not fit together is found by :meth:`validate`.
    """

    pieces: tuple[Evidence, ...]

    def __init__(self, *evidence: Evidence) -> None:
        if any(not isinstance(piece, Evidence) for piece in evidence):
            raise EvidenceError(
                Problem(
                    "E-NOT-EVIDENCE",
                    "bundle",
                    "a bundle takes evidence objects only",
                    "Build them with from_frame first, e.g. Deaths.from_frame(frame, source=..., as_of=...).",
                )
            )
        object.__setattr__(self, "pieces", tuple(evidence))

    def by_kind(self, kind: str) -> tuple[Evidence, ...]:
        """Pieces of a kind, in the order given."""
        return tuple(piece for piece in self.pieces if piece.kind == kind)

    def _one[T: Evidence](self, cls: type[T]) -> T | None:
        pieces = [piece for piece in self.pieces if isinstance(piece, cls)]
        return combined(pieces) if pieces else None

    def _registered(self) -> Registrations | None:
        """Registrations of all sources, whatever is believed of their completeness."""
        pieces = [replace(piece, completeness=None, steps=(), extra_variation="shared")
                  for piece in self.pieces if isinstance(piece, Registrations)]
        return combined(pieces) if pieces else None

    @property
    def deaths(self) -> Deaths | None:
        """Certified deaths, all pieces as one."""
        return self._one(Deaths)

    @property
    def primary_registrations(self) -> PrimaryRegistrations | None:
        """Primary registrations, all pieces as one."""
        return self._one(PrimaryRegistrations)

    @property
    def primary_age_profile(self) -> PrimaryAgeProfile | None:
        """Age mix of primaries, all pieces as one."""
        return self._one(PrimaryAgeProfile)

    @property
    def population(self) -> Population | None:
        """Population, all pieces as one."""
        return self._one(Population)

    @property
    def published_survival(self) -> PublishedSurvival | None:
        """Published survival, all pieces as one."""
        return self._one(PublishedSurvival)

    @property
    def distant_recurrence(self) -> DistantRecurrence | None:
        """Published risks of distant recurrence, all pieces as one."""
        return self._one(DistantRecurrence)

    @property
    def registrations(self) -> Registrations | None:
        """Registrations of metastatic disease, all pieces as one."""
        return self._one(Registrations)

    @property
    def other_cause_mortality(self) -> OtherCauseMortality | None:
        """Mortality from other causes, all pieces as one."""
        return self._one(OtherCauseMortality)

    @property
    def comparison_figures(self) -> ComparisonFigures | None:
        """Figures to set beside our own, all pieces as one."""
        return self._one(ComparisonFigures)

    @property
    def completeness_audits(self) -> tuple[CompletenessAudit, ...]:
        """Audits, each apart."""
        return tuple(piece for piece in self.pieces if isinstance(piece, CompletenessAudit))

    @property
    def living_counts(self) -> tuple[LivingCounts, ...]:
        """Counts of the living, each apart: definitions differ."""
        return tuple(piece for piece in self.pieces if isinstance(piece, LivingCounts))

    def validate(self, areas: AreaSet) -> None:
        """Check that the pieces fit together and suffice for the areas of a study.

        Raises
        ------
        EvidenceError
            With one complete list: kinds that are missing, areas unknown, replaced, missing or counted twice,
            counts above the population, sources given twice, sexes mixed, survival or risks that need
            other-cause mortality, registrations without completeness.
        """
        if problems := consistency.problems(self.pieces, areas):
            raise EvidenceError(problems)

    def warnings(self) -> list[Problem]:
        """What stops nothing and deserves a look: counts far from their neighbours, what a piece says of itself, and
        pieces that hold the same people."""
        own = [w for piece in self.pieces
               for w in (*plausibility.jumps(piece.kind, piece.name, piece.data), *piece.warnings())]
        return (own + same_people(self.pieces) + double_counting.warnings(self.pieces) + anchors.warnings(self.pieces)
                + plausible.warnings(self.pieces) + slips.warnings(self.pieces))

    def align(
        self,
        areas: AreaSet,
        *,
        first_reported_year: int | None = None,
        last_year: int | None = None,
        backcast_years: int = 25,
        recurrence_lag_years: int = 30,
    ) -> StudyGrid:
        """One grid of areas and years for all pieces.

        Parameters
        ----------
        areas : AreaSet
        first_reported_year : int, optional
            By default the first year with both deaths and primary registrations.
        last_year : int, optional
            By default the last year of primary registrations or deaths, whichever is later.
        backcast_years : int
            Years of metastatic diagnoses carried before the first year with data.
        recurrence_lag_years : int
            Years of primary diagnoses carried before those.

        Raises
        ------
        EvidenceError
            If there are neither deaths nor registrations of metastatic disease, or the years are out of
            order.
        """
        counts = self.deaths or self._registered()
        if counts is None:
            raise EvidenceError(consistency.required_kinds(self.pieces))
        first_data, last_data = counts.years[0], _last_full_year(counts, areas)
        primaries = self.primary_registrations
        primary_years = primaries.years if primaries else (first_data, last_data)
        first_year = first_data - backcast_years
        return StudyGrid(
            areas=areas,
            first_primary_year=first_year - recurrence_lag_years,
            first_year=first_year,
            first_data_year=first_data,
            last_data_year=last_data,
            last_year=max(primary_years[-1], last_data) if last_year is None else last_year,
            first_reported_year=max(first_data, primary_years[0])
            if first_reported_year is None
            else first_reported_year,
        )

    def coverage(self, areas: AreaSet | None = None, grid: StudyGrid | None = None) -> pd.DataFrame:
        """Which evidence covers each area and year: directly, through a larger area, or not at all.

        Parameters
        ----------
        areas : AreaSet, optional
            By default the areas of the grid, else those of the primary registrations (or of the deaths).
        grid : StudyGrid, optional
            Sets the years; by default all years that any count has.

        Returns
        -------
        DataFrame
            ``area_code``, ``area_name``, ``year`` and one column each for ``primary_registrations``,
            ``deaths``, ``registrations`` and ``living_counts``: ``"own"``, ``"through <code>"``,
            ``"projected"`` (after the last year that this kind has anywhere) or ``"none"``.
        """
        return coverage.table(self.pieces, areas or (grid.areas if grid else None), grid)

    def sources(self) -> pd.DataFrame:
        """Publisher, title, year and licence of every piece, and what it is used for."""
        rows = [
            {
                "used_for": coverage.USES[piece.kind],
                **{c: getattr(piece.provenance, c) for c in SOURCE_COLUMNS[2:]},
                "name": piece.name,
            }
            for piece in self.pieces
        ]
        return pd.DataFrame(rows, columns=list(SOURCE_COLUMNS))

    def citation(self) -> str:
        """What the evidence rests on: one line for each distinct source."""
        return "\n".join(dict.fromkeys(piece.provenance.citation() for piece in self.pieces))

    def __repr__(self) -> str:
        return "EvidenceBundle(\n" + "".join(f"  {piece!r},\n" for piece in self.pieces) + ")"

    def _repr_html_(self) -> str:
        shown = pd.DataFrame(
            [{"kind": piece.kind, **piece.shape_in_words()} for piece in self.pieces]
        ).fillna("")
        return str(shown.to_html(index=False, border=0))


def _last_full_year(counts: Evidence, areas: AreaSet) -> int:
    """Last year in which every modelled area is covered, itself or through a larger area."""
    codes = [code for code in counts.area_codes if code in areas.all_codes]
    member = dict(zip(codes, areas.membership(codes), strict=True))
    rows = counts.data[counts.data[AREA_CODE].isin(codes)]
    full = [
        year
        for year in counts.years
        if (sum(member[code] for code in rows.loc[rows[YEAR] == year, AREA_CODE].unique()) > np.zeros(1)).all()
    ]
    return max(full) if full else counts.years[-1]
