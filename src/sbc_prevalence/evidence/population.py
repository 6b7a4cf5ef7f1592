"""Population by area and year, and what is assumed for years that it lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.counted import CountedEvidence
from sbc_prevalence.grid import AGE_BAND, ALL, AREA_CODE, YEAR, AreaSet, span_of_years


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Population(CountedEvidence):
    """People of one sex living in an area in mid-year; areas and their wholes may both be there."""

    kind: ClassVar[str] = "population"

    def totals(self) -> pd.DataFrame:
        """``area_code``, ``year``, ``population`` [persons], summed over age bands, sorted.

        Where an area and year has a figure for all ages beside those by age, the former is taken.
        """
        data = self.data
        if AGE_BAND in data.columns:
            together = data[AGE_BAND].isna() | (data[AGE_BAND] == ALL)
            has_total = together.groupby([data[AREA_CODE], data[YEAR]]).transform("any")
            data = data[together | ~has_total]
        return data.groupby([AREA_CODE, YEAR], sort=True)["population"].sum().reset_index()

    def matrix(
        self,
        areas: AreaSet,
        years: Sequence[int] | NDArray[np.int64],
        *,
        fill: Literal["hold_last_share", "hold_last"] = "hold_last_share",
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_], str]:
        """Population of the modelled areas in any years, and how the missing ones were filled.

        Parameters
        ----------
        areas : AreaSet
        years : sequence of int
        fill : {"hold_last_share", "hold_last"}
            For years outside those given: ``hold_last_share`` keeps each area's share of the whole at its
            nearest year and multiplies it by the whole of that year where the table has the whole; otherwise,
            and always with ``hold_last``, the nearest year stands.

        Returns
        -------
        population : array, shape (n_areas, n_years)
            Persons.
        filled : array of bool, shape (n_areas, n_years)
            Where a figure was filled in.
        words : str
            One sentence that says how; empty when nothing was filled.

        Raises
        ------
        EvidenceError
            If a modelled area has no population at all.
        """
        wide = self.totals().pivot(index=YEAR, columns=AREA_CODE, values="population").astype("float64")
        absent = [code for code in areas.codes if code not in wide.columns]
        if absent:
            raise EvidenceError(
                Problem(
                    "E-AREA-MISSING",
                    self.name,
                    f"{len(absent)} modelled areas have no population",
                    "Add their rows.",
                    column=AREA_CODE,
                    detail=", ".join(f"{code} ({areas.name_of(code)})" for code in absent[:8]),
                )
            )
        wanted = [int(year) for year in years]
        parts = wide[list(areas.codes)].dropna(how="all")
        every = sorted(set(wanted) | set(wide.index))
        known = parts.reindex(every)
        scaled = {}
        if fill == "hold_last_share" and areas.total_code in wide.columns and len(areas.codes) > 1:
            complete = parts.dropna().index
            whole = wide[areas.total_code].dropna()
            for year, people in zip(whole.index.astype(int), whole, strict=True):
                if known.loc[year].isna().all() and len(complete):
                    reference = min(complete, key=lambda have: (abs(have - year), -have))
                    known.loc[year] = parts.loc[reference] / parts.loc[reference].sum() * people
                    scaled[int(year)] = int(reference)
        held = known.ffill().bfill()
        filled = parts.reindex(wanted).isna().to_numpy().T
        words = _in_words(parts, [int(y) for y in known.dropna().index], wanted, filled, scaled)
        return held.reindex(wanted).to_numpy(dtype=np.float64).T, filled, words


def _in_words(
    parts: pd.DataFrame,
    usable: list[int],
    years: list[int],
    filled: NDArray[np.bool_],
    scaled: dict[int, int],
) -> str:
    """How years without figures were filled, in one sentence."""
    if not filled.any():
        return ""
    missing = [year for year, column in zip(years, filled.T, strict=True) if column.any()]
    clauses: list[str] = []
    for reference in dict.fromkeys(scaled[y] for y in missing if y in scaled):
        span = _span([y for y in missing if scaled.get(y) == reference])
        clauses.append(f"for {span} each area keeps its share of {reference} in the whole of that year")
    held = [y for y in missing if y not in scaled]
    for anchor, outside in (
        (usable[-1], [y for y in held if y > usable[-1]]),
        (usable[0], [y for y in held if y < usable[0]]),
    ):
        if outside:
            clauses.append(f"for {_span(outside)} each area's population is held at that of {anchor}")
    if any(usable[0] <= y <= usable[-1] for y in held):
        clauses.append("years missing in between take the year before")
    given = span_of_years(int(parts.index.min()), int(parts.index.max()))
    return f"Populations of areas are given for {given}; " + "; ".join(clauses) + "."


def _span(years: list[int]) -> str:
    return span_of_years(min(years), max(years))
