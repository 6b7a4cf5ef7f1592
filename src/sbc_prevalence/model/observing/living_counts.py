"""People flagged as living with the disease by an algorithm or a list: Se P + (1 - Sp)(base - P)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.evidence.flagged import BASE, BASE_LOWER, BASE_UPPER
from sbc_prevalence.grid import AREA_CODE, COUNT_LOWER, COUNT_UPPER, StudyGrid, year_fraction
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.likelihood import binomial_loglik, count_loglik, dispersion_size, interval_support
from sbc_prevalence.model.observation import Arrays, Levels, Observation, Parameters, Seen, Stream, one_word
from sbc_prevalence.model.observing.counts import simulated_counts
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs

ACCURACIES = ("sensitivity", "specificity")
_WIDE = {"sensitivity": (2.0, 1.5), "specificity": (4.0, 2.0)}


@dataclass(frozen=True)
class FlaggedLiving(Observation):
    """Counts of one algorithm or list: all its dates and areas share one sensitivity and one specificity.

    Parameters
    ----------
    coded_in_year : bool
        Whether anybody coded in the year is counted, N(t - 1) + I(t), or those alive on the date, N(t).
    known : tuple of float or None
        Sensitivity and specificity, where they are taken as known; None where validation counts inform them.
    base_uncertain : bool
        Whether the base populations come with bounds; their error, in units of each row's own log sd, is one for all
        rows.
    """

    coded_in_year: bool = False
    known: tuple[float | None, float | None] = (None, None)
    base_uncertain: bool = False
    words: ClassVar[str] = "counts of people living with it"
    counts_living: ClassVar[bool] = True
    convolved_levels: ClassVar[Levels] = "own"

    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """Sensitivity, specificity, the error of the base population, and the spread of counts of the living."""
        found = [_accuracy_prior(word, self.name, known) for word, known in zip(ACCURACIES, self.known, strict=True)]
        if self.base_uncertain:
            found.append(
                Prior(
                    f"base_error_{self.name}",
                    "e_B",
                    f"error of the base populations of {self.name}, shared by its rows",
                    "normal",
                    0.0,
                    1.0,
                    "log sd of the row",
                    "definition",
                    "The bounds of each base population are its 95 % interval.",
                    group="completeness",
                )
            )
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
        """People who meet the definition, shape (..., n_rows). Inside a year living people are interpolated.

        Alive on the date: N(date). Coded in the year that ends on the date: N(a year before) + new diagnoses since.
        """
        a, name = inputs.arrays, self.name
        level, year, fraction = a[f"{name}_level"], a[f"{name}_year"], a[f"{name}_fraction"]
        shift = 1 if self.coded_in_year else 0
        before = seen["living"][..., level, year - 1 - shift]
        alive = before + fraction * (seen["living"][..., level, year - shift] - before)
        if not self.coded_in_year:
            return alive
        new = seen["incidence"].sum(-3)
        return alive + (1.0 - fraction) * new[..., level, year - 1] + fraction * new[..., level, year]

    def base(self, p: Parameters, inputs: "ModelInputs", xp: Namespace = NUMPY) -> Array:
        """People searched, those with the disease included, shape (n_rows,) or (..., n_rows)."""
        stated = inputs.arrays[f"{self.name}_base"]
        if not self.base_uncertain:
            return stated
        return stated * xp.exp(p[f"base_error_{self.name}"][..., None] * inputs.arrays[f"{self.name}_base_sd"])

    def expected(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> Array:
        """Expected number flagged in each row, shape (..., n_rows); nobody is flagged in error beyond the base."""
        people = self.people(seen, inputs)
        se, sp = (p[f"{word}_{self.name}"][..., None] for word in ACCURACIES)
        return se * people + (1.0 - sp) * xp.maximum(self.base(p, inputs, xp) - people, 0.0)

    def terms(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
        """Negative binomial counts, and binomial validation of the accuracies that are not known."""
        a, name = inputs.arrays, self.name
        size = dispersion_size(p["snapshot_error_sd"])
        rows = count_loglik(a[f"{name}_values"], a[f"{name}_log_mask"], self.expected(p, seen, inputs, xp), size, xp)
        found = {name: rows.sum(-1)}
        for word, known in zip(ACCURACIES, self.known, strict=True):
            if known is None:
                right, of = (a[f"{name}_{word}"][i] for i in (0, 1))
                found[f"{name} {word}"] = binomial_loglik(right, of, p[f"{word}_{name}"], xp)
        return found

    def anchors(self, source: str) -> bool:
        """The living inform incidence through survival: their sensitivity is known or comes with its validation."""
        return True

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
    return Prior(f"{word}_{name}", symbol, meaning, "logit_normal", *_WIDE[word], "probability", None,
                 "Wide; its validation counts inform it.", group="completeness")


def lay_out(bundle: Any, grid: StudyGrid, codes: tuple[str, ...]) -> tuple[list[Observation], Arrays]:
    """Counts of the living, a piece at a time; ages together."""
    found: list[Observation] = []
    arrays: Arrays = {}
    for piece in bundle.by_kind("living_counts"):
        name, coded = one_word(piece.name), piece.definition == "coded_in_year"
        _inside_the_grid(piece, grid, coded)
        rows = _one_row_a_date(piece.frame)
        dates = [year_fraction(pd.Timestamp(text).date()) for text in rows["index_date"]]
        values, mask = interval_support(rows[COUNT_LOWER].to_numpy(np.int64), rows[COUNT_UPPER].to_numpy(np.int64))
        arrays |= {
            f"{name}_level": np.array([codes.index(c) for c in rows[AREA_CODE]], dtype=np.int64),
            f"{name}_year": np.array([year for year, _ in dates], dtype=np.int64) - grid.first_year,
            f"{name}_fraction": np.array([fraction for _, fraction in dates]),
            f"{name}_base": rows[BASE].to_numpy(float),
            f"{name}_values": values,
            f"{name}_log_mask": mask,
        }
        uncertain = bool((rows[BASE_UPPER] > rows[BASE_LOWER]).any())
        if uncertain:
            arrays[f"{name}_base_sd"] = np.log(rows[BASE_UPPER].to_numpy(float) / rows[BASE_LOWER].to_numpy(float)) / 3.92
        for word in ACCURACIES:
            prior = getattr(piece, word)
            if prior is not None and prior.value is None:
                arrays[f"{name}_{word}"] = np.array([float(prior.found), float(prior.of)])
        known = tuple(_known(getattr(piece, word)) for word in ACCURACIES)
        found.append(FlaggedLiving(name, coded, (known[0], known[1]), uncertain))
    return found, arrays


def _one_row_a_date(frame: pd.DataFrame) -> pd.DataFrame:
    """Counts and base populations summed over ages; a base that is not given is 0, bounds that are not given its own."""
    rows = frame.copy()
    blank = pd.Series(np.nan, index=rows.index)
    rows[BASE] = rows.get(BASE, blank).astype(float).fillna(0.0)
    for name in (BASE_LOWER, BASE_UPPER):
        rows[name] = rows.get(name, blank).astype(float).fillna(rows[BASE])
    summed = [COUNT_LOWER, COUNT_UPPER, BASE, BASE_LOWER, BASE_UPPER]
    return rows.groupby([AREA_CODE, "index_date"], sort=True)[summed].sum().reset_index()


def _inside_the_grid(piece: Any, grid: StudyGrid, coded: bool) -> None:
    """Refuse dates for which the model has no people; a year of coding begins a year before its date."""
    years = np.array([year_fraction(pd.Timestamp(text).date())[0] for text in piece.frame["index_date"]])
    outside = np.flatnonzero((years <= grid.first_year + coded) | (years > grid.last_year))
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


def _known(prior: Any) -> float | None:
    if prior is None:
        return 1.0
    return None if prior.value is None else float(prior.value)
