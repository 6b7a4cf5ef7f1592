"""True cases from a count made by an imperfect test: Rogan and Gladen, with an interval."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from sbc_prevalence.errors import EvidenceError, Problem


@dataclass(frozen=True)
class TrueCases:
    """Cases behind a flagged count.

    Parameters
    ----------
    flagged, searched : float
        People flagged, of the people searched.
    cases : float
        Rogan and Gladen's estimate [persons]; negative where fewer are flagged than would be in error.
    lower, upper : float
        Confidence interval of the estimate, normal, not cut off at 0.
    ci_prob : float
    false_flags : float
        People expected to be flagged in error, given the estimate (none are possible below 0 or above all).
    """

    flagged: float
    searched: float
    cases: float
    lower: float
    upper: float
    ci_prob: float
    false_flags: float

    @property
    def possible(self) -> bool:
        """Whether the estimate lies between nobody and everybody. If not, count and accuracy contradict each other."""
        return 0.0 <= self.cases <= self.searched

    def __str__(self) -> str:
        said = f"{self.cases:,.1f} ({self.ci_prob:.0%} {self.lower:,.1f} to {self.upper:,.1f})"
        if self.possible:
            return f"{said} true cases behind {self.flagged:,.0f} flagged of {self.searched:,.0f}"
        return (f"{said}: the count of {self.flagged:,.0f} of {self.searched:,.0f} contradicts the stated "
                "sensitivity and specificity")


@dataclass(frozen=True)
class Classified:
    """Expected right and wrong flags among people of known status [persons], and what a flag means."""

    true_positive: float
    false_positive: float
    positive_predictive_value: float
    negative_predictive_value: float

    @property
    def flagged(self) -> float:
        """People flagged, rightly or wrongly."""
        return self.true_positive + self.false_positive


def classified(cases: float, searched: float, sensitivity: float, specificity: float) -> Classified:
    """Flags to expect from a test.

    Parameters
    ----------
    cases, searched : float
        True cases, and all people searched, cases included.
    sensitivity, specificity : float
    """
    _check(sensitivity, specificity, searched)
    others = searched - cases
    tp, fp = sensitivity * cases, (1.0 - specificity) * others
    tn, fn = others - fp, cases - tp
    return Classified(tp, fp, tp / (tp + fp) if tp + fp > 0 else float("nan"),
                      tn / (tn + fn) if tn + fn > 0 else float("nan"))


def rogan_gladen(
    flagged: float,
    searched: float,
    sensitivity: float,
    specificity: float,
    *,
    sensitivity_of: int | None = None,
    specificity_of: int | None = None,
    ci_prob: float = 0.95,
) -> TrueCases:
    """True cases from a flagged count: (flagged - (1 - Sp) searched) / (Se + Sp - 1).

    Parameters
    ----------
    flagged, searched : float
        People flagged; all people searched, cases included.
    sensitivity, specificity : float
    sensitivity_of, specificity_of : int, optional
        Validated cases and validated others: the sampling error of each accuracy enters the interval. Without them
        the accuracy is taken as known.
    ci_prob : float

    Returns
    -------
    TrueCases
        An estimate below 0 is returned as it is: it says that count and accuracy contradict each other.

    Raises
    ------
    EvidenceError
        If a proportion leaves [0, 1], or the two sum to 1 or less: the test then says nothing, or the opposite.

    References
    ----------
    Rogan & Gladen (1978), Am. J. Epidemiol. 107, 71-76.
    """
    _check(sensitivity, specificity, searched)
    if not 0 <= flagged <= searched:
        raise EvidenceError(Problem("E-EXCEEDS-BASE", "flagged count", "people flagged must be among those searched",
                                    "Correct one of the two numbers."))
    youden, apparent = sensitivity + specificity - 1.0, flagged / searched
    share = (apparent + specificity - 1.0) / youden
    variance = apparent * (1.0 - apparent) / searched
    if sensitivity_of is not None:
        variance += share**2 * sensitivity * (1.0 - sensitivity) / sensitivity_of
    if specificity_of is not None:
        variance += (1.0 - share) ** 2 * specificity * (1.0 - specificity) / specificity_of
    half = stats.norm.ppf(0.5 + ci_prob / 2) * float(np.sqrt(variance)) / youden
    false = (1.0 - specificity) * searched * (1.0 - min(max(share, 0.0), 1.0))
    cases, lower, upper = (float(searched * x) for x in (share, share - half, share + half))
    return TrueCases(float(flagged), float(searched), cases, lower, upper, ci_prob, float(false))


def _check(sensitivity: float, specificity: float, searched: float) -> None:
    for name, value in (("sensitivity", sensitivity), ("specificity", specificity)):
        if not 0 <= value <= 1:
            raise EvidenceError(Problem("E-RANGE", "accuracy", f"{name} lies between 0 and 1",
                                        "Divide by 100 if it is in percent."))
    if sensitivity + specificity <= 1:
        raise EvidenceError(Problem(
            "E-ACCURACY-CHANCE", "accuracy", "sensitivity and specificity must sum to more than 1",
            "At 1 a flag says nothing; below, it says the opposite. Were errors counted instead of right answers?"))
    if searched <= 0:
        raise EvidenceError(Problem("E-RANGE", "accuracy", "somebody must have been searched", "Correct the number."))
