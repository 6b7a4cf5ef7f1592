"""People flagged as living with the disease by an algorithm or a list: Se P + (1 - Sp)(base - P)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.grid import AREA_CODE, COUNT_LOWER, COUNT_UPPER, StudyGrid, year_fraction
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.likelihood import binomial_loglik, count_loglik, dispersion_size, interval_support
from sbc_prevalence.model.observation import Arrays, Levels, Observation, Parameters, Seen, Stream, one_word
from sbc_prevalence.model.observing.counts import simulated_counts
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs

ACCURACIES = ("sensitivity", "specificity")


@dataclass(frozen=True)
class FlaggedLiving(Observation):
    """Counts of one algorithm or list: all its dates and areas share one sensitivity and one specificity.

    Parameters
    ----------
    coded_in_year : bool
        Whether anybody coded in the year is counted, N(t - 1) + I(t), or those alive on the date, N(t).
    known : tuple of float or None
        Sensitivity and specificity, where they are taken as known; None where validation counts inform them.
    """

    coded_in_year: bool = False
    known: tuple[float | None, float | None] = (None, None)
    words: ClassVar[str] = "counts of people living with it"
    counts_living: ClassVar[bool] = True
    convolved_levels: ClassVar[Levels] = "own"

    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """Sensitivity, specificity, and the spread of counts of the living."""
        found = [_accuracy_prior(word, self.name, known) for word, known in zip(ACCURACIES, self.known, strict=True)]
        return [
            *found,
            Prior(
                "snapshot_error_sd",
                "psi_n",
                "extra-Poisson coefficient of variation of counts of the living",
                "half_normal",
                0.0,
                0.10,
                "",
                None,
                "Snapshots depend on how a list was kept.",
                group="completeness",
            ),
        ]

    def people(self, seen: Seen, inputs: "ModelInputs") -> Array:
        """People who meet the definition, shape (..., n_rows). Inside a year living people are interpolated."""
        a, name = inputs.arrays, self.name
        level, year, fraction = a[f"{name}_level"], a[f"{name}_year"], a[f"{name}_fraction"]
        before = seen["living"][..., level, year - 1]
        if self.coded_in_year:
            return before + seen["incidence"].sum(-3)[..., level, year]
        return before + fraction * (seen["living"][..., level, year] - before)

    def expected(self, p: Parameters, seen: Seen, inputs: "ModelInputs") -> Array:
        """Expected number flagged in each row, shape (..., n_rows)."""
        people = self.people(seen, inputs)
        se, sp = (p[f"{word}_{self.name}"][..., None] for word in ACCURACIES)
        return se * people + (1.0 - sp) * (inputs.arrays[f"{self.name}_base"] - people)

    def terms(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
        """Negative binomial counts, and binomial validation of the accuracies that are not known."""
        a, name = inputs.arrays, self.name
        size = dispersion_size(p["snapshot_error_sd"])
        rows = count_loglik(a[f"{name}_values"], a[f"{name}_log_mask"], self.expected(p, seen, inputs), size, xp)
        found = {name: rows.sum(-1)}
        for word, known in zip(ACCURACIES, self.known, strict=True):
            if known is None:
                right, of = (a[f"{name}_{word}"][i] for i in (0, 1))
                found[f"{name} {word}"] = binomial_loglik(right, of, p[f"{word}_{name}"], xp)
        return found

    def simulate(self, p: Parameters, seen: Seen, inputs: "ModelInputs", stream: Stream) -> Arrays:
        """Those truly living who are found, and others flagged in error; validation drawn with it."""
        name, mean = self.name, self.expected(p, seen, inputs)
        arrays = simulated_counts(name, mean, p["snapshot_error_sd"], inputs, stream(name))
        rng = stream(f"{name} validation")
        for word, known in zip(ACCURACIES, self.known, strict=True):
            if known is None:
                of = inputs.arrays[f"{name}_{word}"][1]
                arrays[f"{name}_{word}"] = np.array([float(rng.binomial(int(of), float(p[f"{word}_{name}"]))), of])
        return arrays


def _accuracy_prior(word: str, name: str, known: float | None) -> Prior:
    symbol, meaning = word[:2].title(), f"{word} of {name}"
    if known is not None:
        return Prior(f"{word}_{name}", symbol, meaning, "normal", known, 0.0, "probability", None, "Given as known.",
                     group="completeness")
    return Prior(f"{word}_{name}", symbol, meaning, "logit_normal", 2.0, 1.5, "probability", None,
                 "Wide; its validation counts inform it.", group="completeness")


def lay_out(bundle: Any, grid: StudyGrid, codes: tuple[str, ...]) -> tuple[list[Observation], Arrays]:
    """Counts of the living, a piece at a time."""
    found: list[Observation] = []
    arrays: Arrays = {}
    for piece in bundle.by_kind("living_counts"):
        name, rows = one_word(piece.name), piece.frame
        dates = [year_fraction(pd.Timestamp(text).date()) for text in rows["index_date"]]
        years = np.array([year for year, _ in dates], dtype=np.int64)
        outside = np.flatnonzero((years <= grid.first_year) | (years > grid.last_year))
        if outside.size:
            raise EvidenceError(
                Problem(
                    "E-INDEX-DATE",
                    piece.name,
                    "the index date must lie on the study's years",
                    "Move the date or the grid.",
                    column="index_date",
                    rows=tuple(int(i) + 2 for i in outside),
                )
            )
        base = rows["base_population"] if "base_population" in rows else pd.Series(np.nan, index=rows.index)
        values, mask = interval_support(rows[COUNT_LOWER].to_numpy(np.int64), rows[COUNT_UPPER].to_numpy(np.int64))
        arrays |= {
            f"{name}_level": np.array([codes.index(c) for c in rows[AREA_CODE]], dtype=np.int64),
            f"{name}_year": years - grid.first_year,
            f"{name}_fraction": np.array([fraction for _, fraction in dates]),
            f"{name}_base": base.astype(float).fillna(0.0).to_numpy(float),
            f"{name}_values": values,
            f"{name}_log_mask": mask,
        }
        for word in ACCURACIES:
            prior = getattr(piece, word)
            if prior is not None and prior.value is None:
                arrays[f"{name}_{word}"] = np.array([float(prior.found), float(prior.of)])
        known = tuple(_known(getattr(piece, word)) for word in ACCURACIES)
        found.append(FlaggedLiving(name, piece.definition == "coded_in_year", (known[0], known[1])))
    return found, arrays


def _known(prior: Any) -> float | None:
    if prior is None:
        return 1.0
    return None if prior.value is None else float(prior.value)
