"""What is believed of a stream of counts before it is looked at: how complete, how accurate."""

import math
from dataclasses import dataclass
from math import log
from typing import Literal

from sbc_prevalence.errors import EvidenceError, Problem


@dataclass(frozen=True)
class CompletenessPrior:
    """Probability that a true case is in a source (people, not shares of prevalence).

    Parameters
    ----------
    kind : {"known", "logit_normal"}
        ``known`` fixes it; ``logit_normal`` is normal on the logit scale.
    value : float, optional
        For ``known``: in (0, 1]; 1 means that every case is in the source.
    median, lower95, upper95 : float, optional
        For ``logit_normal``: median and central 95 % interval, all strictly between 0 and 1.
    source : str
        Where it comes from, or why it is a judgement.

    Raises
    ------
    EvidenceError
        If a value is a percentage, leaves its range, or does not fit the kind.
    """

    kind: Literal["known", "logit_normal"]
    value: float | None = None
    median: float | None = None
    lower95: float | None = None
    upper95: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        given = {
            name for name in ("value", "median", "lower95", "upper95") if getattr(self, name) is not None
        }
        wanted = {"known": {"value"}, "logit_normal": {"median", "lower95", "upper95"}}.get(self.kind)
        if wanted is None:
            raise EvidenceError(
                _problem("kind", "the kind is 'known' or 'logit_normal'", "Choose one of the two.")
            )
        if given != wanted:
            raise EvidenceError(
                _problem(
                    "kind",
                    f"'{self.kind}' takes {', '.join(sorted(wanted))} and nothing else",
                    "Give these and leave the others out.",
                )
            )
        problems = [
            p
            for name in sorted(given)
            for p in _proportion(name, getattr(self, name), one_allowed=self.kind == "known")
        ]
        if not problems and self.kind == "logit_normal":
            low, mid, high = self.lower95, self.median, self.upper95
            if not low < mid < high:  # type: ignore[operator]
                problems.append(_problem("median", "lower95 < median < upper95 must hold", "Reorder them."))
        if problems:
            raise EvidenceError(problems)

    @property
    def on_logit(self) -> tuple[float, float]:
        """Centre and spread on the logit scale; no spread where it is known."""
        low, mid, high = ((self.value,) * 3 if self.value is not None else (self.lower95, self.median, self.upper95))
        a, b, c = (math.log(x) - math.log1p(-x) for x in (low, mid, high))  # type: ignore[arg-type, operator]
        return b, (c - a) / 3.92


@dataclass(frozen=True)
class CompletenessStep:
    """A documented change of the way in which a source is filled, from which its completeness is another one.

    Parameters
    ----------
    year : int
        First calendar year of diagnosis with the new completeness.
    reason : str
        What changed, e.g. "treatment data are linked from 2014". A step without a reason is refused: completeness that
        may vary freely cannot be told from incidence.

    Raises
    ------
    EvidenceError
        If the year is none, or the reason is missing.
    """

    year: int
    reason: str

    def __post_init__(self) -> None:
        problems = []
        whole = isinstance(self.year, int) and not isinstance(self.year, bool)
        if not whole or not 1900 <= self.year <= 2100:
            problems.append(_problem("steps", "the year of a step is a calendar year, 1900 to 2100",
                                     "Write e.g. year = 2014."))
        if not isinstance(self.reason, str) or not self.reason.strip():
            problems.append(_problem("steps", "a step of completeness needs its reason",
                                     "Say what changed in that year: a step without a documented change is a trend of "
                                     "incidence in disguise."))
        if problems:
            raise EvidenceError(problems)


@dataclass(frozen=True)
class LossPrior:
    """Registered people whom a source no longer follows, and of whom it cannot say whether they live.

    Parameters
    ----------
    kind : {"share", "per_year"}
        A share of the registered living, or a yearly hazard since diagnosis.
    value : float, optional
        Taken as known: in (0, 1) for a share, above 0 for a hazard.
    median, lower95, upper95 : float, optional
        Median and central 95 % interval, in the same ranges: normal on the logit scale for a share, on the log scale
        for a hazard.
    source : str
        Where it comes from, or why it is a judgement.

    Raises
    ------
    EvidenceError
        If a number leaves its range, or the forms are mixed.
    """

    kind: Literal["share", "per_year"]
    value: float | None = None
    median: float | None = None
    lower95: float | None = None
    upper95: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if self.kind not in ("share", "per_year"):
            raise EvidenceError(_problem("kind", "the kind of loss is 'share' or 'per_year'", "Choose one of the two."))
        given = {n for n in ("value", "median", "lower95", "upper95") if getattr(self, n) is not None}
        if given not in ({"value"}, {"median", "lower95", "upper95"}):
            raise EvidenceError(_problem(
                "value", "loss takes value, or median, lower95 and upper95", "Give one of the two forms."))
        problems: list[Problem] = []
        for name in sorted(given):
            number = getattr(self, name)
            if self.kind == "share":
                problems += _proportion(name, number, one_allowed=False)
            elif not isinstance(number, int | float) or isinstance(number, bool) or not 0 < number < 10:
                problems.append(_problem(name, "a yearly hazard of loss lies above 0 and below 10",
                                         "Give lost people per person-year, e.g. 0.02."))
        if not problems and self.median is not None and not self.lower95 < self.median < self.upper95:  # type: ignore[operator]
            problems.append(_problem("median", "lower95 < median < upper95 must hold", "Reorder them."))
        if problems:
            raise EvidenceError(problems)

    @property
    def on_normal_scale(self) -> tuple[float, float]:
        """Centre and spread on the logit (share) or log (hazard) scale."""
        def scale(number: float | None) -> float:
            x = float(number)  # type: ignore[arg-type]
            return math.log(x) - (math.log1p(-x) if self.kind == "share" else 0.0)

        if self.value is not None:
            return scale(self.value), 0.0
        return scale(self.median), (scale(self.upper95) - scale(self.lower95)) / 3.92


@dataclass(frozen=True)
class AccuracyPrior:
    """Sensitivity or specificity of an algorithm: known, or validated on ``found`` of ``of`` people.

    Parameters
    ----------
    value : float, optional
        In (0, 1]; taken as known without error.
    found, of : int, optional
        Validation counts: ``found`` of ``of`` people were classified rightly.
    source : str
        Where it comes from.
    window : str
        The time window the figure was validated for: ``"alive_on_date"`` or ``"coded_in_year"``. Required for
        a specificity below 1: a specificity belongs to a window.

    Raises
    ------
    EvidenceError
        If neither or both forms are given, or a number leaves its range.
    """

    value: float | None = None
    found: int | None = None
    of: int | None = None
    source: str = ""
    window: str = ""

    def __post_init__(self) -> None:
        counts = self.found is not None or self.of is not None
        if counts == (self.value is not None) or (self.found is None) != (self.of is None):
            raise EvidenceError(
                _problem(
                    "value",
                    "an accuracy is a value, or validation counts 'found' of 'of'",
                    "Give one of the two forms.",
                )
            )
        if self.value is not None:
            if problems := _proportion("value", self.value, one_allowed=True):
                raise EvidenceError(problems)
            return
        found, of = self.found, self.of
        whole = isinstance(found, int) and isinstance(of, int) and not isinstance(found, bool)
        if not whole or not 0 <= found <= of or of < 1:  # type: ignore[operator]
            raise EvidenceError(
                _problem(
                    "found",
                    "validation counts are whole numbers with 0 <= found <= of and of >= 1",
                    "Correct the two counts.",
                )
            )

    @property
    def is_perfect(self) -> bool:
        """Whether it is known to be exactly 1."""
        return self.value == 1


def _problem(key: str, requirement: str, remedy: str) -> Problem:
    return Problem("E-PRIOR", "evidence options", requirement, remedy, key=key)


def _proportion(name: str, value: float, *, one_allowed: bool) -> list[Problem]:
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
        return [_problem(name, "a proportion is a number", "Write e.g. 0.85.")]
    if 1 < value < 2:
        return [
            _problem(
                name,
                "a proportion must not exceed 1: no source holds more true cases than there are",
                "Correct the value; a source that holds other people as well needs a specificity (living_counts).",
            )
        ]
    if 2 <= value <= 100:
        return [
            _problem(
                name, "a proportion lies between 0 and 1 and this looks like a percentage", "Divide by 100."
            )
        ]
    if value <= 0:
        return [
            _problem(
                name,
                "a proportion must be above 0: a source that holds nobody is no evidence",
                "Leave the evidence out, or correct the value.",
            )
        ]
    if value > 1 or (value == 1 and not one_allowed):
        return [
            _problem(
                name,
                "a proportion must be below 1 (exactly 1 only as kind='known')",
                "Give kind='known', value=1 if the source is complete by law.",
            )
        ]
    return []


@dataclass(frozen=True)
class DependencePrior:
    """How strongly two lists depend on each other: the odds ratio of being on both, other lists midway.

    1 is independence; above 1 people on one list are likelier to be on the other, as where one feeds the other.
    Normal on the log scale.

    Parameters
    ----------
    odds_ratio, lower95, upper95 : float
        Median and central 95 % interval, all above 0.
    source : str
        Where it comes from, or why it is a judgement.

    Raises
    ------
    EvidenceError
        If they are not positive numbers in order.
    """

    odds_ratio: float
    lower95: float
    upper95: float
    source: str = ""

    def __post_init__(self) -> None:
        values = (self.lower95, self.odds_ratio, self.upper95)
        if any(isinstance(v, bool) or not isinstance(v, int | float) or not 0 < v < float("inf") for v in values):
            raise EvidenceError(
                _problem(
                    "odds_ratio", "an odds ratio is a number above 0", "Write e.g. 2.0 with lower95 and upper95."
                )
            )
        if not values[0] < values[1] < values[2]:
            raise EvidenceError(
                _problem(
                    "odds_ratio",
                    "lower95 < odds_ratio < upper95 must hold",
                    "Reorder them; independence as a belief is 1 with an interval about it.",
                )
            )

    @property
    def center(self) -> float:
        """Log of the median."""
        return log(self.odds_ratio)

    @property
    def sd(self) -> float:
        """Standard deviation of the log."""
        return (log(self.upper95) - log(self.lower95)) / 3.92
