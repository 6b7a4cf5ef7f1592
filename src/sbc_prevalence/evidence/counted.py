"""Evidence that counts people by area and year: deaths and primary registrations, and what they share."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.messages import problem
from sbc_prevalence.data.tables import FIRST_DATA_ROW
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.grid import (
    AGE_BAND,
    ALL,
    AREA_CODE,
    COUNT_LOWER,
    COUNT_UPPER,
    PRESENTATION,
    SEX,
    YEAR,
    AreaSet,
    parse_age_band,
)

SEXES = ("female", "male", "all")
DEATH_AGE_CUTS = (65, 80)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CountedEvidence(Evidence):
    """Counts of people of one sex. Where a table holds several sexes, the rows of ``sex`` are taken.

    Parameters
    ----------
    sex : {"female", "male", "all"}
        Whom the counts are of; a table without a ``sex`` column is of this sex. ``all`` takes the rows of all, and
        where there are none those of women and of men, which are added up; both must then be there for every cell.
    """

    sex: str = "female"

    def __post_init__(self) -> None:
        Evidence.__post_init__(self)
        if SEX in self.data.columns:
            chosen = self.data[self.data[SEX] == self.sex]  # the index still tells the row of the file
            if chosen.empty and self.sex == ALL and self.data[SEX].nunique() > 1:
                chosen = _women_and_men(self.name, self.data)
            if chosen.empty:
                raise EvidenceError(problem("E-SEX-MISSING", self.name, column=SEX))
            object.__setattr__(self, "data", chosen)

    def option_problems(self) -> list[Problem]:
        if self.sex in SEXES:
            return []
        return [
            Problem(
                "E-OPTION", self.name, f"sex is one of {', '.join(SEXES)}", "Choose one of them.", key=SEX
            )
        ]

    @property
    def called(self) -> tuple[str, ...]:
        """Names by which audits and surveys may call it, apart from its source."""
        return tuple(dict.fromkeys((self.name, self.provenance.name)))

    @property
    def has_ages(self) -> bool:
        """Whether the counts are by age band."""
        return AGE_BAND in self.data.columns and not (self.data[AGE_BAND] == ALL).all()

    def totals(self) -> pd.DataFrame:
        """Counts summed over age bands.

        Returns
        -------
        DataFrame
            ``area_code``, ``year`` (``index_date`` for the living; ``presentation`` where there is one),
            ``count_lower``, ``count_upper`` [persons]: bounds of intervals sum, and are equal where every
            part is exact. Sorted by these columns.
        """
        keys = [c for c in (AREA_CODE, YEAR, "index_date", PRESENTATION) if c in self.data.columns]
        return self.data.groupby(keys, sort=True)[[COUNT_LOWER, COUNT_UPPER]].sum().reset_index()


def _women_and_men(name: str, data: pd.DataFrame) -> pd.DataFrame:
    """Rows of women and men, which stand for all together.

    Raises
    ------
    EvidenceError
        If a cell of one sex lacks that of the other.
    """
    keys = [c for c in (AREA_CODE, YEAR, "index_date", PRESENTATION, AGE_BAND) if c in data.columns]
    sexes = data.groupby(keys, dropna=False)[SEX].transform("nunique") if keys else data[SEX].map(lambda _: 2)
    alone = data.index[sexes < 2]
    if len(alone):
        raise EvidenceError(
            Problem(
                "E-SEX-PAIR",
                name,
                "where women and men are to be added up, every row needs its pair",
                "Give both sexes for every area, year and age, rows of 'all', or another 'sex'.",
                column=SEX,
                rows=tuple(int(i) + FIRST_DATA_ROW for i in alone),
                n_rows=len(data),
            )
        )
    return data


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Deaths(CountedEvidence):
    """Deaths certified as due to breast cancer, by calendar year, at any level of area.

    Parameters
    ----------
    sex : str
    icd10 : str
        Underlying cause that was counted; C50 (malignant neoplasm of breast) and nothing else.
    """

    kind: ClassVar[str] = "deaths"
    icd10: str = "C50"

    def option_problems(self) -> list[Problem]:
        found = CountedEvidence.option_problems(self)
        if self.icd10 != "C50":
            found.append(
                Problem(
                    "E-OPTION",
                    self.name,
                    "deaths are those certified as C50",
                    "Count deaths with C50 as the underlying cause.",
                    key="icd10",
                )
            )
        return found

    def age_shares(self, cuts: Sequence[int] = DEATH_AGE_CUTS) -> pd.DataFrame | None:
        """Shares of certified deaths by age group in each year, all areas together.

        Parameters
        ----------
        cuts : sequence of int
            Ages [completed years] at which groups begin, after the first.

        Returns
        -------
        DataFrame or None
            ``year`` and one column per group (``"<65"``, ``"65-79"``, ``"80+"``) of proportions that sum to 1
            in each row (NaN in a year without deaths); None if the deaths are not by age. The middle of an
            interval stands for it.

        Raises
        ------
        EvidenceError
            If an age band lies across a cut.
        """
        if not self.has_ages:
            return None
        cuts = tuple(cuts)
        labels = [f"<{cuts[0]}"] + [f"{a}-{b - 1}" for a, b in itertools.pairwise(cuts)] + [f"{cuts[-1]}+"]
        groups = {}
        for band in self.data.loc[self.data[AGE_BAND] != ALL, AGE_BAND].unique():
            low, high = parse_age_band(band)
            if any(low < cut and (high is None or high > cut) for cut in cuts):
                raise EvidenceError(
                    Problem(
                        "E-AGE-CUT",
                        self.name,
                        "age bands must not lie across the ages at which groups begin",
                        "Give narrower bands or other cuts.",
                        column=AGE_BAND,
                        detail=f"ages {cuts}",
                    )
                )
            groups[band] = labels[sum(low >= cut for cut in cuts)]
        middle = (self.data[COUNT_LOWER] + self.data[COUNT_UPPER]) / 2
        table = middle.groupby([self.data[YEAR], self.data[AGE_BAND].map(groups)]).sum().unstack().fillna(0.0)
        table = table.reindex(columns=labels, fill_value=0.0)
        total = table.sum(axis=1)
        shares = table.div(total.where(total > 0), axis=0).reset_index()
        shares.columns.name = None
        return shares


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PrimaryRegistrations(CountedEvidence):
    """Registrations of primary invasive breast cancer, every modelled area in every year.

    Parameters
    ----------
    sex : str
    behaviour : str
        ``"invasive"``; in situ disease (D05) enters neither primaries nor de novo shares.
    """

    kind: ClassVar[str] = "primary_registrations"
    behaviour: str = "invasive"

    def option_problems(self) -> list[Problem]:
        found = CountedEvidence.option_problems(self)
        if self.behaviour != "invasive":
            found.append(problem("E-IN-SITU", self.name, key="behaviour"))
        return found

    def matrix(self, areas: AreaSet) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Primaries on the modelled areas.

        Parameters
        ----------
        areas : AreaSet

        Returns
        -------
        years : array, shape (n_years,)
        primaries : array, shape (n_areas, n_years)
            Persons [per year], areas in the order of ``areas.codes``; the middle of an interval stands for
            it.

        Raises
        ------
        EvidenceError
            If a row is not of a modelled area, or an area lacks a year.
        """
        outside = [code for code in self.area_codes if code not in areas.codes]
        if outside:
            raise EvidenceError(
                Problem(
                    "E-AREA-LEVEL",
                    self.name,
                    "primary registrations must be those of the modelled areas",
                    "Give one row per modelled area and year, without groups or totals.",
                    column=AREA_CODE,
                    detail=f"not modelled: {', '.join(outside[:5])}",
                )
            )
        totals = self.totals()
        totals["middle"] = (totals[COUNT_LOWER] + totals[COUNT_UPPER]) / 2
        wide = totals.pivot(index=AREA_CODE, columns=YEAR, values="middle").reindex(list(areas.codes))
        if wide.isna().to_numpy().any():
            rows, columns = np.nonzero(wide.isna().to_numpy())
            listed = ", ".join(
                f"{wide.index[i]} {wide.columns[j]}" for i, j in zip(rows[:8], columns[:8], strict=True)
            )
            raise EvidenceError(
                problem("E-AREA-YEAR-MISSING", self.name, column=AREA_CODE, detail=f"missing: {listed}")
            )
        return wide.columns.to_numpy(dtype=np.int64), wide.to_numpy(dtype=np.float64)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PrimaryAgeProfile(CountedEvidence):
    """Age mix of primary invasive breast cancer; used for mixes of ages only, never for counts."""

    kind: ClassVar[str] = "primary_age_profile"

    def shares(self) -> pd.DataFrame:
        """Share of each age band among primaries of an area, years together.

        Returns
        -------
        DataFrame
            ``area_code``, ``age_band``, ``age_from``, ``age_to`` (half-open; NaN when open) and ``share``,
            which sums to 1 within an area.
        """
        frame = self.data[self.data[AGE_BAND] != ALL]
        middle = (
            ((frame[COUNT_LOWER] + frame[COUNT_UPPER]) / 2).groupby([frame[AREA_CODE], frame[AGE_BAND]]).sum()
        )
        share = (middle / middle.groupby(level=0).transform("sum")).rename("share").reset_index()
        edges = [parse_age_band(band) for band in share[AGE_BAND]]
        share.insert(2, "age_from", [low for low, _ in edges])
        share.insert(3, "age_to", [float("nan") if high is None else float(high) for _, high in edges])
        return share.sort_values([AREA_CODE, "age_from"]).reset_index(drop=True)


def combined[T: Evidence](pieces: Sequence[T]) -> T:
    """One piece out of several of a kind whose options agree: rows one after the other.

    Raises
    ------
    EvidenceError
        If their options differ.
    """
    first, *others = pieces
    if not others:
        return first
    own = {"name", "data", "provenance"}
    for other in others:
        differing = [
            f for f in first.__dataclass_fields__ if f not in own and getattr(first, f) != getattr(other, f)
        ]
        if differing:
            raise EvidenceError(
                Problem(
                    "E-OPTIONS-DIFFER",
                    f"{first.name}, {other.name}",
                    f"two tables of {first.kind} have other options",
                    "Give them the same options.",
                    key=differing[0],
                )
            )
    data = pd.concat([piece.data for piece in pieces], ignore_index=True)
    return replace(first, name=", ".join(piece.name for piece in pieces), data=data)
