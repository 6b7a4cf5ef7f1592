"""Counts under one code that holds metastatic disease together with something else."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from sbc_prevalence.errors import Problem
from sbc_prevalence.evidence.counted import CountedEvidence
from sbc_prevalence.evidence.priors import CompletenessPrior
from sbc_prevalence.evidence.window import check_window_given, window_problems


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class GroupedCodes(CountedEvidence):
    """Newly recorded people under one code for secondary disease *and* local or regional recurrence.

    Some of them may have been validated against case notes: ``n_validated`` people of a row, drawn at random, of
    whom ``n_metastatic`` had metastatic disease.

    Parameters
    ----------
    sex : str
    window_days : int
        Days after the first breast cancer diagnosis within which metastasis counts as de novo. Required.
    completeness : CompletenessPrior, optional
        Probability that a true metastatic case is under the code; without it an audit is needed.
    metastatic_share : CompletenessPrior, optional
        Share of the people under the code who have metastatic disease; needed where nobody was validated.
    """

    kind: ClassVar[str] = "grouped_codes"
    steps: ClassVar[tuple[()]] = ()
    """Completeness of a grouped code is the same in all years."""
    window_days: int
    completeness: CompletenessPrior | None = None
    metastatic_share: CompletenessPrior | None = None

    @classmethod
    def from_table(cls, table: Any, **options: Any) -> Self:
        """Same as :meth:`Evidence.from_table`; ``window_days`` has no default."""
        check_window_given(table.name, options)
        return super().from_table(table, **options)

    @property
    def is_validated(self) -> bool:
        """Whether some of the people counted were validated."""
        return "n_validated" in self.data and bool((self.data["n_validated"].fillna(0) > 0).any())

    def option_problems(self) -> list[Problem]:
        found = CountedEvidence.option_problems(self) + window_problems(self.name, self.window_days)

        def problem(code: str, key: str, requirement: str, remedy: str) -> None:
            found.append(Problem(code, self.name, requirement, remedy, key=key))

        for key in ("completeness", "metastatic_share"):
            prior = getattr(self, key)
            if prior is not None and not isinstance(prior, CompletenessPrior):
                problem("E-OPTION", key, f"{key} is a CompletenessPrior", "Build one.")
        share = self.metastatic_share
        if share is None and not self.is_validated:
            problem(
                "E-SHARE-MISSING",
                "metastatic_share",
                "nothing says how many under the code have metastatic disease: counts must not be taken for it",
                "Validate a sample against case notes (n_validated, n_metastatic), or state the share with its "
                "interval and where it comes from.",
            )
        elif isinstance(share, CompletenessPrior) and share.value == 1:
            problem(
                "E-SHARE-ONE",
                "metastatic_share",
                "a share of exactly 1 says that the code holds nothing but metastatic disease",
                "Then it is evidence of kind 'registrations'.",
            )
        return found
