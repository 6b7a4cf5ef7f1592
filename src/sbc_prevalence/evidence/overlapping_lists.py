"""People on several lists, by history: who is on which, and so how many may be on none."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import pandas as pd

from sbc_prevalence.data.histories import FEWEST_LISTS, MOST_LISTS, history_cells
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.counted import CountedEvidence
from sbc_prevalence.evidence.priors import DependencePrior
from sbc_prevalence.evidence.window import window_problems
from sbc_prevalence.grid import (
    ALL,
    AREA_CODE,
    COUNT_LOWER,
    COUNT_UPPER,
    HISTORY,
    PRESENTATION,
    YEAR,
    YEAR_TO,
)

UNSTATED = DependencePrior(
    1.0, 0.1409, 7.099, "Centred on independence; a third of pairs may have an odds ratio beyond 2.7 or below 0.37."
)
"""Dependence of pairs where three or more lists are given and nothing is said: log odds ratio of sd 1."""
LIST_LOGIT_SD = 1.5
"""Prior sd of the logit of being on a list, midway between the states of the others."""
SCALE_LOG_SD = 0.5
"""How little the scale of dependence between three or more lists is known: sd of its log."""
HIGHER_TERMS = 0.5
"""Each further list in a term of dependence halves its scale."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OverlappingLists(CountedEvidence):
    """Newly diagnosed people by the lists that they are on: 2 to 5 lists, linked person by person.

    Parameters
    ----------
    sex : str
    lists : tuple of str
        Names of the lists, in the order of the signs of a history. Required.
    dependence : DependencePrior, optional
        Dependence between pairs of lists. Two lists cannot tell it and have no default; three or more shrink
        every pair towards it, by default towards independence.
    window_days : int, optional
        Days that part de novo from recurrent; needed where the counts are by presentation.
    """

    kind: ClassVar[str] = "overlapping_lists"
    lists: tuple[str, ...]
    dependence: DependencePrior | None = None
    window_days: int | None = None

    @classmethod
    def from_table(cls, table: Any, **options: Any) -> Self:
        """Same as :meth:`Evidence.from_table`; ``lists`` has no default."""
        if options.get("lists") is None:
            raise EvidenceError(
                Problem(
                    "E-OPTION-MISSING",
                    table.name,
                    "overlapping lists need their names",
                    "Give lists = [...], in the order of the signs of a history.",
                    key="lists",
                )
            )
        lists = options["lists"]
        return super().from_table(table, **{**options, "lists": (lists,) if isinstance(lists, str) else tuple(lists)})

    def option_problems(self) -> list[Problem]:
        found = CountedEvidence.option_problems(self)

        def problem(code: str, key: str, requirement: str, remedy: str) -> None:
            found.append(Problem(code, self.name, requirement, remedy, key=key))

        names = [name.strip().lower() for name in self.lists if isinstance(name, str) and name.strip()]
        n = len(self.lists)
        if len(names) < n or len(set(names)) < n:
            problem("E-LISTS-NAMES", "lists", "every list has a name of its own", "Name each list once.")
        if not FEWEST_LISTS <= n <= MOST_LISTS:
            problem(
                "E-LISTS-NUMBER",
                "lists",
                f"overlapping lists are {FEWEST_LISTS} to {MOST_LISTS} in number",
                "One list alone is evidence of kind 'registrations'. Of more than five, put together those that "
                "come from one system.",
            )
        elif (self.data[HISTORY].str.len() != n).any():
            problem(
                "E-HISTORY-LENGTH",
                "lists",
                "there are as many lists as signs in a history",
                "Name every list, in the order of the signs.",
            )
        if self.dependence is not None and not isinstance(self.dependence, DependencePrior):
            problem("E-OPTION", "dependence", "dependence is a DependencePrior", "Build one.")
        elif self.dependence is None and n == FEWEST_LISTS:
            problem(
                "E-DEPENDENCE-MISSING",
                "dependence",
                "two lists cannot tell how strongly they depend on each other, and the number on neither hangs on it",
                "State it: dependence = { odds_ratio = 2.0, lower95 = 0.5, upper95 = 8.0, source = '...' }. "
                "1 is independence; above 1 where people on one list are likelier to be on the other.",
            )
        found += self._window_problems()
        return found

    def _window_problems(self) -> list[Problem]:
        if self.window_days is not None:
            return window_problems(self.name, self.window_days)
        if not self.by_presentation:
            return []
        return [Problem("E-WINDOW", self.name, "counts by presentation need the window that parts them",
                        "Give window_days.", key="window_days")]

    @property
    def by_presentation(self) -> bool:
        """Whether some counts are of de novo or of recurrent disease only."""
        return PRESENTATION in self.data and bool((self.data[PRESENTATION] != ALL).any())

    def cells(self) -> pd.DataFrame:
        """Every history of every area, period and presentation; margins taken up, ages together.

        Returns
        -------
        DataFrame
            ``area_code``, ``year``, ``year_to`` (the same for a single year), ``presentation``, ``history``,
            ``count_lower``, ``count_upper`` [persons].
        """
        rows = self.data.copy()
        rows[YEAR_TO] = rows[YEAR_TO].fillna(rows[YEAR]) if YEAR_TO in rows else rows[YEAR]
        if PRESENTATION not in rows:
            rows[PRESENTATION] = ALL
        keys = [AREA_CODE, YEAR, YEAR_TO, PRESENTATION]
        summed = rows.groupby([*keys, HISTORY], sort=True)[[COUNT_LOWER, COUNT_UPPER]].sum().reset_index()
        return history_cells(summed, keys).frame().astype({YEAR: "int64", YEAR_TO: "int64"})

    def totals(self) -> pd.DataFrame:
        """People on at least one list: ``area_code``, ``year``, ``presentation``, ``count_lower``, ``count_upper``."""
        keys = [AREA_CODE, YEAR, PRESENTATION]
        return self.cells().groupby(keys, sort=True)[[COUNT_LOWER, COUNT_UPPER]].sum().reset_index()
