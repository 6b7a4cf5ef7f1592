"""How a source came to know of people: registered in life, first known at death, known from the certificate alone."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import pandas as pd

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.evidence.priors import CompletenessPrior
from sbc_prevalence.grid import AREA_CODE, PRESENTATION, YEAR

WAYS = ("registered_in_life", "death_initiated", "certificate_only")
HOLDINGS = ("in_life", "all")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DeathCertificateCases(Evidence):
    """People whom one source learned of in a calendar year, by how it learned of them.

    ``registered_in_life``: registered in that year while alive. ``death_initiated``: died in that year, first known from
    the certificate, and traced back to records of the disease in life. ``certificate_only``: the same, nothing found.

    Parameters
    ----------
    mention : CompletenessPrior
        Probability that the certificate of an unregistered person with the disease mentions it. Required: these counts
        cannot tell it from completeness.
    registrations_hold : {"in_life", "all"}
        Whether the registrations of this source hold only those registered in life, or those found at death too.
        Required.
    registrations : str, optional
        Name or source of the registrations that it belongs to; without it, those of the same source.
    """

    kind: ClassVar[str] = "death_certificate_cases"
    mention: CompletenessPrior
    registrations_hold: Literal["in_life", "all"]
    registrations: str | None = None

    @classmethod
    def from_table(cls, table: Any, **options: Any) -> Self:
        """Same as :meth:`Evidence.from_table`; ``mention`` and ``registrations_hold`` have no defaults."""
        if absent := [n for n in ("mention", "registrations_hold") if options.get(n) is None]:
            raise EvidenceError([
                Problem("E-OPTION-MISSING", table.name, "cases found at death need this option",
                        "State it; see docs/how-to/found-at-death.md.", key=name) for name in absent])
        return super().from_table(table, **options)

    def option_problems(self) -> list[Problem]:
        found = []
        if not isinstance(self.mention, CompletenessPrior):
            found.append(Problem("E-OPTION", self.name, "mention is a CompletenessPrior", "Build one.", key="mention"))
        if self.registrations_hold not in HOLDINGS:
            found.append(Problem("E-OPTION", self.name, f"registrations_hold is one of {', '.join(HOLDINGS)}",
                                 "Choose one of them.", key="registrations_hold"))
        return found

    def totals(self) -> pd.DataFrame:
        """Counts by area, year and presentation: ``registered_in_life``, ``death_initiated``, ``certificate_only``."""
        return self.data.groupby([AREA_CODE, YEAR, PRESENTATION], sort=True)[list(WAYS)].sum().reset_index()

    def shares_found_at_death(self) -> pd.DataFrame:
        """Share of each year's newly known that was found at death, and of the certificate alone, all areas together."""
        sums = self.data.groupby(YEAR)[list(WAYS)].sum()
        known = sums.sum(axis=1)
        return pd.DataFrame({
            "found_at_death": (sums["death_initiated"] + sums["certificate_only"]) / known,
            "certificate_only": sums["certificate_only"] / known}).reset_index()
