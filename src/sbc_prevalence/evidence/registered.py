"""Evidence of metastatic disease: registrations, audits of their completeness, counts of the living."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.base import Evidence
from sbc_prevalence.evidence.counted import CountedEvidence
from sbc_prevalence.evidence.flagged import accuracy_problems, accuracy_warnings
from sbc_prevalence.evidence.priors import AccuracyPrior, CompletenessPrior, CompletenessStep, LossPrior
from sbc_prevalence.evidence.window import check_window_given, window_problems


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Registrations(CountedEvidence):
    """Registrations of metastatic disease, by presentation.

    Parameters
    ----------
    sex : str
    window_days : int
        Days after the first breast cancer diagnosis within which metastasis counts as de novo. Required.
    completeness : CompletenessPrior, optional
        What is believed about completeness; without it, an audit or a survey of regimes the counts cannot be used.
    lost : LossPrior, optional
        Registered people whom the source no longer follows; without it nobody is called lost. It changes no estimate,
        only the decomposition of the living.
    steps : tuple of CompletenessStep
        Documented years from which completeness is another one; constant between them.
    extra_variation : {"shared", "by_area"}
        Whether all areas record equally unevenly, or each in its own way.
    """

    kind: ClassVar[str] = "registrations"
    window_days: int
    completeness: CompletenessPrior | None = None
    lost: LossPrior | None = None
    steps: tuple[CompletenessStep, ...] = ()
    extra_variation: Literal["shared", "by_area"] = "shared"

    @classmethod
    def from_table(cls, table: Any, **options: Any) -> Self:
        """Same as :meth:`Evidence.from_table`; ``window_days`` has no default."""
        check_window_given(table.name, options)
        return super().from_table(table, **options)

    def option_problems(self) -> list[Problem]:
        found = CountedEvidence.option_problems(self) + window_problems(self.name, self.window_days)
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
        if self.extra_variation not in ("shared", "by_area"):
            found.append(
                Problem("E-OPTION", self.name, "extra_variation is 'shared' or 'by_area'", "Choose one of them.",
                        key="extra_variation")
            )
        return found + self._step_problems()

    def warnings(self) -> list[Problem]:
        if self.completeness is None or self.completeness.kind != "known":
            return []
        says = "every true case is registered" if self.completeness.value == 1 else "the share registered is exact"
        return [
            Problem(
                "W-COMPLETENESS-KNOWN",
                self.name,
                f"completeness is taken as known: {says}, without any doubt",
                "Give a median and 95 % bounds unless a law or a full linkage says so.",
                key="completeness",
                severity="warning",
            )
        ]

    def _step_problems(self) -> list[Problem]:
        """Steps lie inside the years of the counts, in order, and nothing that is known takes a step."""

        def problem(requirement: str, remedy: str) -> Problem:
            return Problem("E-STEPS", self.name, requirement, remedy, key="steps")

        if not all(isinstance(step, CompletenessStep) for step in self.steps):
            return [problem("each step is a CompletenessStep", "Give its year and its reason.")]
        years = [step.year for step in self.steps]
        if not years:
            return []
        found = []
        if years != sorted(set(years)):
            found.append(problem("the years of steps must rise, each once", "Put them in order."))
        if self.years and not all(self.years[0] < year <= self.years[-1] for year in years):
            found.append(problem("a step must lie inside the years of the counts, after the first",
                                 "Leave out steps that no count has seen."))
        if self.completeness is not None and self.completeness.kind == "known":
            found.append(problem("completeness that is known takes no steps",
                                 "Give an uncertain completeness, or leave the steps out."))
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
