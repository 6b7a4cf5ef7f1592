"""Do a flagged count and the accuracy of its algorithm go together? Faults, and what deserves a look."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from sbc_prevalence.data.tables import FIRST_DATA_ROW
from sbc_prevalence.errors import Problem
from sbc_prevalence.evidence.priors import AccuracyPrior
from sbc_prevalence.grid import COUNT, COUNT_UPPER

BASE, BASE_LOWER, BASE_UPPER = "base_population", "base_lower", "base_upper"
RARE = 0.5
"""Share of the people searched above which nothing is concluded from which of the two groups is the larger."""


def accuracy_problems(piece: Any) -> list[Problem]:
    """Windows that differ from the definition, a flag that says nothing, a base population that is missing.

    Parameters
    ----------
    piece : LivingCounts
    """
    found = []
    sensitivity, specificity = piece.sensitivity, piece.specificity
    if sensitivity.window and sensitivity.window != piece.definition:
        found.append(Problem(
            "E-WINDOW", piece.name, "a sensitivity must be validated for the window in which people were counted",
            "Give one validated for it, or leave the window out where the two do not differ.", key="sensitivity"))
    if point(sensitivity) + point(specificity) <= 1:
        found.append(Problem(
            "E-ACCURACY-CHANCE", piece.name, "sensitivity and specificity must sum to more than 1",
            "At 1 a flag says nothing; below, it says the opposite. Were errors counted instead of right answers?",
            key="specificity"))
    if specificity.is_perfect:
        return found
    if specificity.window != piece.definition:
        found.append(Problem(
            "E-WINDOW", piece.name, "a specificity belongs to the window in which people were counted",
            "Give specificity.window equal to the definition, and a specificity validated for it.", key="specificity"))
    base = piece.data.get(BASE)
    if base is None or base.isna().any():
        found.append(Problem(
            "E-BASE-MISSING", piece.name, "with specificity below 1 every row needs the number of people searched",
            "Fill 'base_population' in every row.", column=BASE))
    return found


def accuracy_warnings(piece: Any) -> list[Problem]:
    """Counts below what would be flagged in error, and accuracies that look swapped. They stop nothing.

    Parameters
    ----------
    piece : LivingCounts
    """
    if piece.specificity.is_perfect:
        return []
    rows, se, sp = piece.data, piece.sensitivity, piece.specificity
    base = rows.get(BASE_LOWER, rows[BASE]).astype(float).fillna(rows[BASE].astype(float))
    count = rows[COUNT_UPPER].astype(float)
    below = count < (1.0 - highest(sp)) * base
    exchanged = below & (count >= (1.0 - highest(se)) * base)
    found = []
    if exchanged.any() or _cases_outnumber_others(piece, float((count / base).max())):
        found.append(Problem(
            "W-ACCURACY-SWAPPED", piece.name, "sensitivity and specificity look as if they were swapped",
            "Sensitivity is the share of true cases that are flagged, specificity that of all others who are not.",
            key="sensitivity", severity="warning",
            detail="the counts are impossible as given and possible with the two exchanged" if exchanged.any() else
            "more cases than others were validated, though few of the people searched are flagged"))
    if below.any():
        found.append(_implied_negative(piece, below))
    return found


def _implied_negative(piece: Any, below: "pd.Series[bool]") -> Problem:
    return Problem(
        "W-IMPLIED-NEGATIVE", piece.name,
        "fewer are flagged than the specificity alone would flag in error: the implied number of cases is negative",
        "This is a conflict, and the fit will show it: look at the specificity, its window and the base population.",
        column=COUNT, rows=tuple(int(i) + FIRST_DATA_ROW for i in piece.data.index[below]), n_rows=len(piece.data),
        severity="warning")


def _cases_outnumber_others(piece: Any, largest_share: float) -> bool:
    """Whether the validation sample of a rare disease holds more cases than others."""
    se, sp = piece.sensitivity, piece.specificity
    return largest_share < RARE and se.of is not None and sp.of is not None and se.of > sp.of


def point(prior: AccuracyPrior) -> float:
    """The proportion, or the share of the validated that were classified rightly."""
    return float(prior.value) if prior.value is not None else float(prior.found or 0) / float(prior.of or 1)


def highest(prior: AccuracyPrior) -> float:
    """Upper 97.5 % limit of a validated proportion (Jeffreys), or the proportion that is taken as known."""
    if prior.value is not None:
        return float(prior.value)
    found, of = float(prior.found or 0), float(prior.of or 1)
    return float(np.clip(stats.beta.ppf(0.975, found + 0.5, of - found + 0.5), 0.0, 1.0))
