"""Which specificity a flagged count implies, given deaths and how long people live: a finding, not a verdict."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from sbc_prevalence.errors import EvidenceError, Problem

Floats = NDArray[np.float64]
Range = tuple[float, float]

DEFINITIONS = ("alive_on_date", "coded_in_year")
_WIDTH = 2 * 1.959964


@dataclass(frozen=True, eq=False)
class ImpliedSpecificity:
    """Draws of what reconciles flagged counts with deaths; n_counts counts, e.g. of several years.

    Parameters
    ----------
    specificity : array, shape (n_draws, n_counts)
        Specificity that gives each count exactly; above 1 where fewer are flagged than true cases would be.
    cases : array, shape (n_draws, n_counts)
        People who truly meet the definition.
    false_share : array, shape (n_draws, n_counts)
        Share of the flagged who do not have the disease; negative where specificity is above 1.
    """

    specificity: Floats
    cases: Floats
    false_share: Floats

    @property
    def possible(self) -> NDArray[np.bool_]:
        """Draws in which every count is reconciled by a specificity between 0 and 1, shape (n_draws,)."""
        return np.asarray(((self.specificity >= 0.0) & (self.specificity <= 1.0)).all(-1))

    @property
    def share_possible(self) -> float:
        """Share of the stated ranges in which the counts can be reconciled: near 0 is a conflict."""
        return float(self.possible.mean())

    def interval(self, name: str = "specificity", *, ci_prob: float = 0.95) -> Floats:
        """Median, lower and upper, equal-tailed, where the counts can be reconciled; shape (n_counts, 3).

        With a flat prior on each specificity this is its posterior.
        """
        tail = (1.0 - ci_prob) / 2
        chosen = np.asarray(getattr(self, name))[self.possible]
        if not len(chosen):
            raise EvidenceError(Problem(
                "E-CONFLICT", "flagged counts", "no specificity between 0 and 1 reconciles the counts with the deaths",
                "Look at the stated ranges, the definition and the base population: they contradict each other."))
        return np.quantile(chosen, [0.5, tail, 1.0 - tail], axis=0).T

    def change(self, *, ci_prob: float = 0.95) -> Floats:
        """Median, lower and upper of the last specificity less the first, shape (3,)."""
        tail = (1.0 - ci_prob) / 2
        chosen = self.specificity[self.possible]
        return np.quantile(chosen[:, -1] - chosen[:, 0], [0.5, tail, 1.0 - tail])


def implied_specificity(
    flagged: Sequence[float],
    certified_deaths: Sequence[float],
    base: Sequence[Range],
    *,
    sensitivity: Range,
    duration: Range,
    kappa: Range,
    definition: str = "coded_in_year",
    n_draws: int = 100_000,
    seed: int = 1,
) -> ImpliedSpecificity:
    """Specificity that reconciles flagged counts with certified deaths and the published length of life.

    The living are N = duration x certified deaths, the deaths from any cause of people with the disease
    D = certified deaths / kappa. People alive on the date are N, people coded in the year N(t-1) + I(t) = N(t) + D(t).
    With P of them, Sp = 1 - (flagged - Se P) / (base - P).

    Parameters
    ----------
    flagged, certified_deaths : sequence of float, n_counts
        People flagged, and certified deaths of the same twelve months.
    base : sequence of (float, float), n_counts
        95 % range of the people searched, those with the disease included; one error is shared by all counts.
    sensitivity, duration, kappa : (float, float)
        95 % ranges, shared by all counts: share of true cases flagged; living per certified death [years]; certified
        deaths over deaths of people with the disease. Sensitivity is normal on the logit, the others on the log scale.
    definition : {"alive_on_date", "coded_in_year"}
    n_draws, seed : int

    Raises
    ------
    EvidenceError
        If a range is not ascending and positive, or the lengths differ.
    """
    if definition not in DEFINITIONS or not len(flagged) == len(certified_deaths) == len(base) > 0:
        raise EvidenceError(Problem(
            "E-DEFINITION", "flagged counts", f"the definition is one of {', '.join(DEFINITIONS)}, and flagged, "
            "certified_deaths and base have one entry for each count", "Correct the call."))
    for name, (low, high) in (("sensitivity", sensitivity), ("duration", duration), ("kappa", kappa),
                              *(("base", pair) for pair in base)):
        if not 0 < low < high or (name == "sensitivity" and high >= 1):
            raise EvidenceError(Problem("E-RANGE", "flagged counts", f"the range of {name} must ascend and be positive",
                                        "Give its lower and upper end; a sensitivity lies between 0 and 1."))
    rng = np.random.default_rng(seed)
    counts, deaths = np.asarray(flagged, dtype=float), np.asarray(certified_deaths, dtype=float)
    se = special.expit(_normal(special.logit(sensitivity), rng.standard_normal(n_draws)))[:, None]
    years = np.exp(_normal(np.log(duration), rng.standard_normal(n_draws)))[:, None]
    share = np.exp(_normal(np.log(kappa), rng.standard_normal(n_draws)))[:, None]
    error = rng.standard_normal(n_draws)
    searched = np.exp(np.stack([_normal(np.log(pair), error) for pair in base], axis=-1))
    cases = deaths * years + (deaths / share if definition == "coded_in_year" else 0.0)
    wrong = counts - se * cases
    return ImpliedSpecificity(1.0 - wrong / (searched - cases), cases, wrong / counts)


def _normal(ends: Floats, z: Floats) -> Floats:
    """Normal draws whose central 95 % lie between two ends."""
    return np.asarray(ends[0] + ends[1]) / 2 + (ends[1] - ends[0]) / _WIDTH * z
