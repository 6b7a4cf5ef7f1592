"""Reporting triangles: what a source held of each diagnosis year at one report after another."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.tables import row_numbers
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.grid import AREA_CODE, COUNT, PRESENTATION, YEAR, year_fraction

FORMS = ("cumulative", "increments")
ELAPSED, SERIES = "elapsed", (AREA_CODE, PRESENTATION, YEAR)
REPORT_YEAR, REPORT_DATE = "report_year", "report_date"
SHOWN = 8


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ReportingTriangle(Evidence):
    """Diagnosis year x report: counts of one source as they stood at successive reports.

    It informs the delay alone: the counts themselves are given as registrations of the same source, and are then
    corrected for what had not arrived on their date of extraction.

    Parameters
    ----------
    form : {"cumulative", "increments"}
        Whether a row is what the source held at the report, or the net change since the report before (which may be
        negative). Required.
    registrations : str
        Name or source of the registrations that it belongs to; without it, those of the same source.
    delay_cuts : tuple of float
        Starts of the intervals in which the hazard of arrival is constant [years since diagnosis], from 0; intervals
        that begin after the longest lag seen are left out.
    """

    kind: ClassVar[str] = "reporting_triangle"
    form: Literal["cumulative", "increments"]
    registrations: str | None = None
    delay_cuts: tuple[float, ...] = (0.0, 1.0, 2.0, 4.0)

    @classmethod
    def from_table(cls, table: Any, **options: Any) -> Self:
        """Same as :meth:`Evidence.from_table`; ``form`` has no default."""
        if options.get("form") is None:
            raise EvidenceError(Problem(
                "E-OPTION-MISSING", table.name, "a triangle must say whether it is 'cumulative' or of 'increments'",
                "State it: the same numbers mean something else in each.", key="form"))
        if "delay_cuts" in options:
            options["delay_cuts"] = tuple(float(cut) for cut in options["delay_cuts"])
        return super().from_table(table, **options)

    def option_problems(self) -> list[Problem]:
        found = []
        if self.form not in FORMS:
            found.append(Problem("E-OPTION", self.name, f"form is one of {', '.join(FORMS)}", "Choose one of them.",
                                 key="form"))
        cuts = self.delay_cuts
        if not cuts or cuts[0] != 0 or any(b <= a for a, b in pairwise(cuts)):
            found.append(Problem("E-OPTION", self.name, "delay_cuts ascend from 0", "Give e.g. [0, 1, 2, 4].",
                                 key="delay_cuts"))
        return found or self._content_problems()

    def _content_problems(self) -> list[Problem]:
        """Reports before the diagnosis year, counts below 0, missing diagonals; rows are those of the file."""
        if (REPORT_YEAR in self.data.columns) == (REPORT_DATE in self.data.columns):
            return [Problem("E-REPORT", self.name, "a triangle has a column 'report_year' or a column 'report_date'",
                            "Give one of the two: the end of a calendar year, or the day of each extract.",
                            column=REPORT_YEAR)]
        counts = self.cells()
        early = counts[counts[ELAPSED] <= 0]
        if len(early):
            return [self._fault("E-REPORT-EARLY", "a report must not lie before the year of diagnosis", "Swap or correct "
                                "the two columns.", early)]
        negative = counts[counts[COUNT] < 0]
        if len(negative):
            held = self.form == "cumulative"
            return [self._fault(
                "E-NEGATIVE", f"{'counts that the source holds' if held else 'increments, summed,'} must not be negative",
                "Are these increments?" if held else "More people leave than ever came: correct them.", negative)]
        if self.form == "increments":
            late = counts.groupby(list(SERIES), sort=False).head(1)
            if len(late := late[late[ELAPSED] > 1.0 + 1e-9]):
                return [self._fault(
                    "E-TRIANGLE-START", "increments of a diagnosis year begin with the first report after it",
                    "Add the first reports, or give cumulative counts.", late)]
        return self._missing_diagonals(counts)

    def _fault(self, code: str, requirement: str, remedy: str, rows: pd.DataFrame) -> Problem:
        return Problem(code, self.name, requirement, remedy, column=COUNT, rows=row_numbers(sorted(rows["row"])),
                       n_rows=len(self.data))

    def _missing_diagonals(self, counts: pd.DataFrame) -> list[Problem]:
        """Reports at which diagnosis years are missing that the triangle holds before or after."""
        reports = sorted(counts["report"].unique())
        if REPORT_YEAR in self.data.columns:
            reports = list(range(int(reports[0]), int(reports[-1]) + 1))
        longest = counts[ELAPSED].max()
        missing: dict[Any, set[int]] = {}
        wanted = _elapsed(pd.Series(reports), REPORT_YEAR in self.data.columns)
        for _, rows in counts.groupby(list(SERIES)):
            year = int(rows[YEAR].iloc[0])
            since = wanted - year
            inside = (since > 0) & (since <= longest + 1e-9)
            have = set(rows["report"])
            for report in np.asarray(reports, dtype=object)[inside]:
                if report not in have:
                    missing.setdefault(report, set()).add(year)
        if not missing:
            return []
        listed = [f"report {report}: {_years(years)}" for report, years in sorted(missing.items())]
        more = f" and {len(listed) - SHOWN} more reports" if len(listed) > SHOWN else ""
        return [Problem(
            "E-TRIANGLE-DIAGONAL", self.name, "every diagnosis year must be in every report from its first on, up to the "
            "longest lag of the table: diagonals are missing",
            "Add the counts. Of a report that was never made, give cumulative counts by 'report_date' in place of years.",
            column=REPORT_YEAR if REPORT_YEAR in self.data.columns else REPORT_DATE,
            detail="; ".join(listed[:SHOWN]) + more)]

    def cells(self) -> pd.DataFrame:
        """Cumulative counts, one row a cell.

        Returns
        -------
        DataFrame
            ``area_code``, ``presentation``, ``year``, ``report`` (year, or date as text), ``elapsed`` (years from the
            start of the diagnosis year to the report), ``count`` (cumulative), ``row`` (index of the table's row);
            sorted by series and report.
        """
        by_year = REPORT_YEAR in self.data.columns
        report = self.data[REPORT_YEAR].astype(int) if by_year else self.data[REPORT_DATE]
        cells = self.data[[*SERIES, COUNT]].assign(report=report, row=self.data.index)
        cells[ELAPSED] = _elapsed(cells["report"], by_year) - cells[YEAR].to_numpy(float)
        cells = cells.sort_values([*SERIES, ELAPSED], kind="stable").reset_index(drop=True)
        cells[COUNT] = cells[COUNT].astype(float)
        if self.form == "increments":
            cells[COUNT] = cells.groupby(list(SERIES))[COUNT].cumsum()
        return cells

    def matrix(self) -> tuple[tuple[int, ...], NDArray[np.float64]]:
        """Cumulative counts, areas and presentations together, for the chain ladder.

        Returns
        -------
        years : tuple of int
        counts : array, shape (n_years, n_lags)
            The k-th report of each diagnosis year; NaN where it lies in the future.
        """
        cells = self.cells().groupby([YEAR, ELAPSED])[COUNT].sum().reset_index()
        cells["lag"] = cells.groupby(YEAR).cumcount()
        wide = cells.pivot(index=YEAR, columns="lag", values=COUNT)
        return tuple(int(y) for y in wide.index), wide.to_numpy(float)


def _elapsed(report: "pd.Series[Any]", by_year: bool) -> NDArray[np.float64]:
    """Reports as decimal years: the end of the year, or of the day."""
    if by_year:
        return report.to_numpy(float) + 1.0
    return np.array([sum(year_fraction(pd.Timestamp(text).date())) for text in report])


def _years(years: set[int]) -> str:
    ordered = sorted(years)
    return f"diagnosis years {ordered[0]}-{ordered[-1]}" if len(ordered) > 1 else f"diagnosis year {ordered[0]}"
