"""Survival as seen in a register: records of patients, reduced to cells, and cells given as such."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd

from sbc_prevalence.data.messages import problem
from sbc_prevalence.data.patient_records import at_risk
from sbc_prevalence.data.tables import row_numbers
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.evidence.counted import SEXES
from sbc_prevalence.evidence.tabulate import tabulated
from sbc_prevalence.grid import ALL, AS_OF, SEX, SOURCE

POPULATIONS = ("described", "study")
LONGEST_PERIOD = 10


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SurvivalCells(Evidence):
    """What both kinds of survival records share. Deaths are from any cause.

    Parameters
    ----------
    population : {"described", "study"}
        Whether the people are of the population that the study describes, or of another one. Required: the first are
        observed with that population's own survival, the second with an error of their own, as a published study.
    own_system : bool
        With ``"study"``: whether that population is under the same health system as the one described; it then shares
        half of the between-study variance with it.
    registered_in : str, optional
        Name of the registrations whose people these are; needed only where survival of the unregistered differs
        (``model.unregistered``) and a presentation has several sources.
    """

    population: Literal["described", "study"]
    own_system: bool = False
    registered_in: str | None = None

    @classmethod
    def from_table(cls, table: Any, **options: Any) -> Self:
        """Same as :meth:`Evidence.from_table`; ``population`` has no default."""
        if options.get("population") is None:
            raise EvidenceError(Problem(
                "E-OPTION-MISSING", table.name, "survival records must say whose they are",
                "Give population = 'described' (the population of this study) or 'study' (another one).",
                key="population"))
        return super().from_table(table, **options)

    def option_problems(self) -> list[Problem]:
        found = []
        if self.population not in POPULATIONS:
            found.append(Problem(
                "E-OPTION", self.name, f"population is one of {', '.join(POPULATIONS)}", "Choose one of them.",
                key="population"))
        if self.own_system and self.population == "described":
            found.append(Problem(
                "E-OPTION", self.name, "own_system says something of another population only",
                "Leave it out: the population described is under its own health system.", key="own_system"))
        return found

    @property
    def years(self) -> tuple[int, ...]:
        """First and last year of metastatic diagnosis."""
        first, last = int(self.data["diagnosis_year_from"].min()), int(self.data["diagnosis_year_to"].max())
        return tuple(dict.fromkeys((first, last)))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PatientSurvival(SurvivalCells):
    """Records of patients: diagnosis, entry (registration), exit, died. Only their cells are kept, never a person.

    Parameters
    ----------
    population : {"described", "study"}
    own_system : bool
    registered_in : str, optional
    sex : {"female", "male", "all"}
        Whose rows are taken where the table has a column ``sex``.
    period_years : int
        Years of diagnosis taken together in a cell, 1 to 10.

    Notes
    -----
    People are at risk from entry to exit: whoever was registered alive must have lived until then, and the time from
    diagnosis to registration says nothing of survival. Counting it would make survival look better than it is.
    """

    kind: ClassVar[str] = "patient_survival"
    frame_kind: ClassVar[str] = "life_table_cells"
    sex: str = "female"
    period_years: int = 1

    @classmethod
    def _held(cls, checked: pd.DataFrame, name: str, options: dict[str, Any]) -> tuple[pd.DataFrame, list[Problem]]:
        """Cells of the records, and what was left out of them."""
        period, sex = options.get("period_years", 1), options.get("sex", "female")
        if problems := _record_option_problems(name, period, sex):
            raise EvidenceError(problems)
        everybody = SEX not in checked or sex == ALL
        rows = np.arange(len(checked)) if everybody else np.flatnonzero(checked[SEX] == sex)
        if rows.size == 0:
            raise EvidenceError(problem("E-SEX-MISSING", name, column=SEX))
        times, same_day, never = at_risk(checked.iloc[rows])
        told = [problem(code, name, severity="warning", rows=row_numbers(rows[found]), n_rows=len(checked))
                for code, found in (("W-SAME-DAY", same_day), ("W-NEVER-AT-RISK", never)) if found.size]
        if times.empty:
            raise EvidenceError(Problem("E-EMPTY", name, "nobody was at risk for any time", "See the rows named here.",
                                        rows=row_numbers(rows[never]), n_rows=len(checked)))
        if not times["died"].any():
            told.append(problem("W-NO-DEATHS", name, severity="warning", column="died"))
        sources = "; ".join(sorted(set(checked[SOURCE]))[:3])
        cells = tabulated(times.sort_values(list(times.columns)), period_years=period)  # sums in an order of their own
        return cells.assign(**{SOURCE: sources, AS_OF: max(checked[AS_OF])}), told


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LifeTableCells(SurvivalCells):
    """Cells of a life table: deaths with person-years, or with the people at risk and those withdrawn."""

    kind: ClassVar[str] = "life_table_cells"

    def warnings(self) -> list[Problem]:
        """Cells without a death."""
        none = [] if self.data["deaths"].any() else [
            problem("W-NO-DEATHS", self.name, severity="warning", column="deaths")]
        return super().warnings() + none


def _record_option_problems(name: str, period: Any, sex: Any) -> list[Problem]:
    found = []
    if not isinstance(period, int) or isinstance(period, bool) or not 1 <= period <= LONGEST_PERIOD:
        found.append(Problem("E-OPTION", name, f"period_years is a whole number from 1 to {LONGEST_PERIOD}",
                             "Give 1 to keep each year of diagnosis apart.", key="period_years"))
    if sex not in SEXES:
        found.append(Problem("E-OPTION", name, f"sex is one of {', '.join(SEXES)}", "Choose one of them.", key="sex"))
    return found
