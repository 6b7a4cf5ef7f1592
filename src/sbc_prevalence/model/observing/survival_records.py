"""Survival records as cells: deaths given person-years, or given the people at risk, by time since diagnosis."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.grid import PRESENTATIONS, StudyGrid
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.age_mixture import mixed_cells
from sbc_prevalence.model.inputs import CellGrid
from sbc_prevalence.model.observation import (
    Arrays,
    Floats,
    Levels,
    Observation,
    Parameters,
    Seen,
    Stream,
    one_word,
)
from sbc_prevalence.model.observing.counts import ROW_BLOCK, padded
from sbc_prevalence.model.parameters import Prior
from sbc_prevalence.model.strata import Strata
from sbc_prevalence.model.survival import SYSTEM_SHARE

if TYPE_CHECKING:
    from collections.abc import Callable

    from sbc_prevalence.model.ages import AgeStructure
    from sbc_prevalence.model.inputs import ModelInputs
    from sbc_prevalence.model.survival import AbstractSurvival

KINDS = ("patient_survival", "life_table_cells")
SMALLEST_GROWTH = 1e-12
PERIOD = ("diagnosis_year_from", "diagnosis_year_to")
SPAN = ("duration_from_years", "duration_to_years")


@dataclass(frozen=True)
class SurvivalRecords(Observation):
    """Deaths of one set of records by presentation, years of diagnosis and time since diagnosis.

    Parameters
    ----------
    described : bool
        Whether the people are of the population described. If not, their hazard has an error of its own.
    own_system : bool
        Of another population: whether it shares the error of the own health system.
    both : bool
        Whether the records hold both presentations.
    by_person_years : bool
        Whether deaths are compared with person-years, or with people at risk.
    registered_in : str
        Registrations whose people these are, as their sources are named; empty if it was not said.
    """

    described: bool = True
    own_system: bool = False
    both: bool = True
    by_person_years: bool = True
    registered_in: str = ""
    convolved_levels: ClassVar[Levels] = "none"

    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """The error of another population, and of its ratio of presentations."""
        if self.described:
            return []
        unit = "tau sqrt(1/2)" if self.own_system else "tau"
        found = [Prior(
            f"study_survival_error_{self.name}", "e_i", f"log hazard of the population of {self.name} against "
            + ("its health system" if self.own_system else "all studies"), "normal", 0.0, 1.0, unit, "definition",
            "One more population beside those published.", group="survival")]
        if self.both:
            found.append(Prior(
                f"study_ratio_error_{self.name}", "e_rho_i",
                f"ratio of presentations in the population of {self.name} over that between published populations",
                "log_normal", 0.0, 0.20, "ratio", None,
                "As ratio_transfer_error: a ratio between populations need not hold within one.", group="survival"))
        return found

    def hazards(
        self, p: Parameters, survival: "AbstractSurvival", average: Array, xp: Namespace = NUMPY
    ) -> tuple[Array, Array]:
        """Cumulative hazard at the nodes in the population of the records, and its ratio of presentations.

        Parameters
        ----------
        p : mapping of str to array
        survival : AbstractSurvival
        average : array, shape (..., n_nodes)
            Of the average of all studies, from `AbstractSurvival.baseline_with_tail`.
        """
        if self.described:
            return survival.own_hazards(p, average, xp), survival.own_ratio(p)
        shared = SYSTEM_SHARE if self.own_system else 0.0
        error = np.sqrt(1.0 - shared) * p["between_study_sd"] * p[f"study_survival_error_{self.name}"]
        if self.own_system:
            error = error + survival.system_error(p)
        ratio = p["hazard_ratio_recurrent"]
        if self.both:
            ratio = ratio * p[f"study_ratio_error_{self.name}"]
        return average * xp.exp(error)[..., None], ratio

    def growth(self, seen: Seen, inputs: "ModelInputs") -> Array:
        """Growth of the cumulative hazard over each cell, shape (..., n_rows)."""
        a, name = inputs.arrays, self.name
        kind, group = a[f"{name}_presentation"], a[f"{name}_group"]
        hazards = seen["cells"][name]
        return hazards[..., kind, group, a[f"{name}_to"]] - hazards[..., kind, group, a[f"{name}_from"]]

    def terms(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
        """The likelihood of the records, the hazard constant within a cell; or binomial deaths of those at risk."""
        a, name = inputs.arrays, self.name
        growth = xp.maximum(self.growth(seen, inputs), SMALLEST_GROWTH)
        deaths, exposure = a[f"{name}_deaths"], a[f"{name}_exposure"]
        if self.by_person_years:
            hazard = growth / a[f"{name}_width"]
            return {name: (deaths * xp.log(hazard) - hazard * exposure).sum(-1)}
        return {name: (deaths * xp.log(-xp.expm1(-growth)) - (exposure - deaths) * growth).sum(-1)}

    def simulate(self, p: Parameters, seen: Seen, inputs: "ModelInputs", stream: Stream) -> Arrays:
        """Deaths drawn anew in every cell; the person-years, or the people at risk, stay as they are."""
        a, name, rng = inputs.arrays, self.name, stream(self.name)
        growth = np.maximum(self.growth(seen, inputs), SMALLEST_GROWTH)
        exposure = np.asarray(a[f"{name}_exposure"])
        if self.by_person_years:
            return {f"{name}_deaths": rng.poisson(growth / a[f"{name}_width"] * exposure).astype(float)}
        whole = np.floor(exposure).astype(np.int64)
        people = whole + (rng.uniform(size=whole.shape) < exposure - whole)
        return {f"{name}_deaths": np.minimum(rng.binomial(people, -np.expm1(-growth)), exposure).astype(float)}


def cells_seen(
    p: Parameters, inputs: "ModelInputs", survival: "AbstractSurvival", average: Array, xp: Namespace = NUMPY,
    ages: "AgeStructure | None" = None,
) -> dict[str, dict[str, Array]]:
    """What survival records see: ``cells``, by name of the records the cumulative hazard at the edges of their cells.

    Returns
    -------
    dict
        Empty where there are no records; otherwise one mapping of name to array, shape (..., presentation, n_strata,
        n_edges).
    """
    pieces = [piece for piece in inputs.observations if isinstance(piece, SurvivalRecords)]
    if not pieces:
        return {}

    def of(piece: SurvivalRecords) -> Array:
        hazards, ratio = piece.hazards(p, survival, average, xp)
        if ages is not None:
            return mixed_cells(hazards, ratio, piece.described, ages, survival, p, inputs, xp)
        both = xp.stack([xp.ones_like(ratio), ratio], axis=-1)
        assert inputs.survival_cells is not None
        return survival.cell_hazards(
            p, inputs, hazards, Strata(both, both, inputs.floor), inputs.survival_cells.floor, xp)

    return {"cells": {piece.name: of(piece) for piece in pieces}}


def lay_out(
    bundle: Any, grid: StudyGrid, floor_at: "Callable[[Floats], Floats]"
) -> tuple[list[Observation], Arrays, CellGrid | None]:
    """Cells of every set of records on one grid of durations and years of diagnosis.

    Parameters
    ----------
    bundle : EvidenceBundle
    grid : StudyGrid
    floor_at : callable
        Cumulative other-cause hazard by presentation, shape (2, n), at durations of shape (n,).
    """
    pieces = [piece for kind in KINDS for piece in bundle.by_kind(kind)]
    if not pieces:
        return [], {}, None
    frames = [piece.frame.sort_values(["presentation", *PERIOD, *SPAN], ignore_index=True) for piece in pieces]
    together = pd.concat(frames, ignore_index=True)
    edges = np.unique(together[list(SPAN)].to_numpy(float))
    if edges[-1] > grid.years.size:
        raise EvidenceError(Problem(
            "E-FOLLOW-UP-LONG", " and ".join(piece.name for piece in pieces),
            f"follow-up must not be longer than the {grid.years.size} years of the grid",
            "Make backcast_years larger, or cut the records at that time.", column=SPAN[1]))
    periods = np.unique(together[list(PERIOD)].to_numpy(float), axis=0)
    found: list[Observation] = []
    arrays: Arrays = {}
    for piece, frame in zip(pieces, frames, strict=True):
        name = one_word(piece.name)
        found.append(SurvivalRecords(
            name, piece.population == "described", piece.own_system, frame["presentation"].nunique() == 2,
            "person_years" in frame, one_word(piece.registered_in or "")))
        arrays |= _rows(name, frame, edges, periods)
    return found, arrays, CellGrid(edges, floor_at(edges), periods.mean(-1) + 0.5)


def _rows(name: str, frame: pd.DataFrame, edges: Floats, periods: Floats) -> Arrays:
    """Rows of one set of records, padded to whole blocks with cells in which nobody was at risk."""
    n = int(np.ceil(len(frame) / ROW_BLOCK)) * ROW_BLOCK
    of_period = {(first, last): i for i, (first, last) in enumerate(periods)}
    group = [of_period[first, last] for first, last in frame[list(PERIOD)].to_numpy(float)]
    span = frame[list(SPAN)].to_numpy(float)
    if "person_years" in frame:
        exposure = frame["person_years"].to_numpy(float)
    else:
        withdrawn = frame["withdrawn"].to_numpy(float) if "withdrawn" in frame else 0.0
        exposure = frame["at_risk"].to_numpy(float) - 0.5 * withdrawn
    index = {
        "presentation": np.array([PRESENTATIONS.index(k) for k in frame["presentation"]], dtype=np.int64),
        "group": np.array(group, dtype=np.int64),
        "from": np.searchsorted(edges, span[:, 0]), "to": np.searchsorted(edges, span[:, 1]),
        "width": span[:, 1] - span[:, 0]}
    counts = {"deaths": frame["deaths"].to_numpy(float), "exposure": exposure}
    nobody = np.zeros(n - len(frame))
    return {
        **{f"{name}_{word}": padded(values, n) for word, values in index.items()},
        **{f"{name}_{word}": np.concatenate([values, nobody]) for word, values in counts.items()}}
