"""Evidence of metastatic disease: registrations, audits of their completeness, counts of the living."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.evidence.counted import CountedEvidence
from sbc_prevalence.evidence.flagged import accuracy_problems, accuracy_warnings
from sbc_prevalence.evidence.priors import AccuracyPrior, CompletenessPrior, LossPrior


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Registrations(CountedEvidence):
    """Registrations of metastatic disease, by presentation.

    Parameters
    ----------
    sex : str
    window_days : int
        Days after the first breast cancer diagnosis within which metastasis counts as de novo. Required.
    completeness : CompletenessPrior, optional
        What is believed about completeness; without it and without an audit the counts cannot be used.
    lost : LossPrior, optional
        Registered people whom the source no longer follows; without it nobody is called lost. It changes no estimate,
        only the decomposition of the living.
    """

    kind: ClassVar[str] = "registrations"
    window_days: int
    completeness: CompletenessPrior | None = None
    lost: LossPrior | None = None

    @classmethod
    def from_table(cls, table: Any, **options: Any) -> Self:
        """Same as :meth:`Evidence.from_table`; ``window_days`` has no default."""
        if options.get("window_days") is None:
            raise EvidenceError(
                Problem(
                    "E-WINDOW",
                    table.name,
                    "the window in days that parts de novo from recurrent has no default",
                    "Give window_days, e.g. 120: the same window is used for primaries and recurrences.",
                    key="window_days",
                )
            )
        return super().from_table(table, **options)

    def option_problems(self) -> list[Problem]:
        found = CountedEvidence.option_problems(self)
        whole = isinstance(self.window_days, int) and not isinstance(self.window_days, bool)
        if not whole or not 0 <= self.window_days <= 365:
            found.append(
                Problem(
                    "E-WINDOW",
                    self.name,
                    "window_days is a whole number of days from 0 to 365",
                    "Give e.g. 120.",
                    key="window_days",
                )
            )
        if self.completeness is not None and not isinstance(self.completeness, CompletenessPrior):
            found.append(
                Problem(
                    "E-OPTION",
                    self.name,
                    "completeness is a CompletenessPrior",
                    "Build one, or give an audit beside the registrations.",
                    key="completeness",
                )
            )
        if self.lost is not None and not isinstance(self.lost, LossPrior):
            found.append(Problem("E-OPTION", self.name, "lost is a LossPrior", "Build one, or leave it out.", key="lost"))
        return found


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class CompletenessAudit(Evidence):
    """How many independently known cases a source had found. The cases must be found without that source."""

    kind: ClassVar[str] = "completeness_audit"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LivingCounts(CountedEvidence):
    """People flagged as living with metastatic disease by an algorithm or a list.

    Parameters
    ----------
    sex : str
    definition : {"alive_on_date", "coded_in_year"}
        What was counted: people alive on the index date, N(t), or anybody coded in the year that ends on it,
        N(t-1) + I(t).
    sensitivity, specificity : AccuracyPrior
        Of the algorithm. With specificity below 1 every row needs ``base_population`` (survivors of primary disease,
        with ``base_lower`` and ``base_upper`` where it is uncertain) and the specificity a ``window`` equal to
        ``definition``.
    """

    kind: ClassVar[str] = "living_counts"
    definition: Literal["alive_on_date", "coded_in_year"]
    sensitivity: AccuracyPrior
    specificity: AccuracyPrior

    @classmethod
    def from_table(cls, table: Any, **options: Any) -> Self:
        """Same as :meth:`Evidence.from_table`; the three options have no defaults."""
        if absent := [n for n in ("definition", "sensitivity", "specificity") if options.get(n) is None]:
            raise EvidenceError(
                [
                    Problem(
                        "E-OPTION-MISSING",
                        table.name,
                        "a count of the living needs its definition and accuracy",
                        "State it; if the flags are beyond doubt, give value = 1 and say why.",
                        key=name,
                    )
                    for name in absent
                ]
            )
        return super().from_table(table, **options)

    def option_problems(self) -> list[Problem]:
        found = CountedEvidence.option_problems(self)
        if self.definition not in ("alive_on_date", "coded_in_year"):
            found.append(
                Problem(
                    "E-DEFINITION",
                    self.name,
                    "the definition is 'alive_on_date' or 'coded_in_year'",
                    "Say which was counted: they differ by about a quarter.",
                    key="definition",
                )
            )
        for name in ("sensitivity", "specificity"):
            if not isinstance(getattr(self, name), AccuracyPrior):
                found.append(
                    Problem("E-OPTION", self.name, f"{name} is an AccuracyPrior", "Build one.", key=name)
                )
        return found or accuracy_problems(self)

    def warnings(self) -> list[Problem]:
        """Counts that contradict the accuracy, and accuracies that look swapped."""
        return accuracy_warnings(self)
