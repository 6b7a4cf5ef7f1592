"""Surveys of how areas record: in full, in part, not at all, or no answer."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import pandas as pd

from sbc_prevalence.data.kinds import REGIME_ANSWERS
from sbc_prevalence.errors import Problem
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.grid import ALL, PRESENTATIONS


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RegimeSurvey(Evidence):
    """What each area answered when asked how it records metastatic disease: one row an area, every area.

    Parameters
    ----------
    source_surveyed : str
        Name or source of the registrations that the survey speaks of; empty for all registrations.
    presentation : {"all", "de_novo", "recurrent"}
        Presentation that was asked about; "all" speaks of every presentation.
    """

    kind: ClassVar[str] = "regime_survey"
    source_surveyed: str = ""
    presentation: Literal["all", "de_novo", "recurrent"] = "all"

    def option_problems(self) -> list[Problem]:
        if self.presentation in (ALL, *PRESENTATIONS):
            return []
        return [Problem("E-OPTION", self.name, f"presentation is one of {', '.join((ALL, *PRESENTATIONS))}",
                        "Choose one of them.", key="presentation")]

    def counts(self) -> pd.Series:
        """Areas by answer, in the order full, partial, none, no_answer."""
        return self.data["answer"].value_counts().reindex(list(REGIME_ANSWERS), fill_value=0)

    def speaks_of(self, names: tuple[str, ...], origin: str, presentation: str) -> bool:
        """Whether it speaks of registrations of these names, this source and presentation."""
        return self.source_surveyed in ("", *names, origin) and self.presentation in (ALL, presentation)
