"""How areas depart from the whole, beyond their primaries or their population."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.errors import ModelError
from sbc_prevalence.grid import AreaSet
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.kernels.neighbours import neighbour_matrix, structured_basis
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.parameters import Prior

Parameters = Mapping[str, Array]


@dataclass(frozen=True)
class AbstractAreaEffects(ABC):
    """Log multipliers of the areas, by presentation."""

    kind: ClassVar[str]
    equation: ClassVar[str]
    parameters: ClassVar[tuple[str, ...]]
    """Names of its parameters: with evidence on the whole only, no evidence reaches them."""

    @abstractmethod
    def priors(self, inputs: ModelInputs) -> list[Prior]:
        """Spread and effects of the areas; no prior at all where there is one area only."""

    @abstractmethod
    def log_multiplier(self, p: Parameters, inputs: ModelInputs, xp: Namespace = NUMPY) -> Array:
        """Log multipliers, shape (..., presentation, n_areas)."""


@dataclass(frozen=True)
class ExchangeableAreas(AbstractAreaEffects):
    """Areas are alike a priori; their effects sum to zero. The default."""

    kind: ClassVar[str] = "exchangeable"
    equation: ClassVar[str] = "sigma_r alpha_kr, alpha_k. summing to zero"
    parameters: ClassVar[tuple[str, ...]] = ("area_sd", "area_effect")

    def priors(self, inputs: ModelInputs) -> list[Prior]:
        """One spread, one effect for each presentation and area."""
        if inputs.n_areas == 1:
            return []
        return [
            _spread(),
            Prior(
                "area_effect",
                "alpha_kr",
                "log area multiplier in units of its sd",
                "zero_sum_normal",
                0.0,
                1.0,
                "sigma_r",
                "definition",
                "Exchangeable, summing to zero over the areas.",
                shape=(2, inputs.n_areas),
                dims=("presentation", "area"),
                labels=("de_novo", "recurrent"),
                group="areas",
            ),
        ]

    def log_multiplier(self, p: Parameters, inputs: ModelInputs, xp: Namespace = NUMPY) -> Array:
        """sigma_r alpha_kr."""
        return p["area_sd"][..., None, None] * p["area_effect"]


@dataclass(frozen=True)
class NeighbouringAreas(AbstractAreaEffects):
    """BYM2: part of the departure of an area resembles that of its neighbours.

    Needs `AreaSet.neighbours`. In components of two or more areas the structured part sums to zero and is scaled;
    a single island has the same spread and nothing structured.
    """

    kind: ClassVar[str] = "bym2"
    equation: ClassVar[str] = (
        "sigma_r (sqrt(1 - lambda) alpha_kr + sqrt(lambda) (B xi_k)_r), B scaled per connected component; "
        "single islands sigma_r alpha_kr"
    )
    parameters: ClassVar[tuple[str, ...]] = ("area_sd", "area_mixing", "area_effect", "area_structured")

    def priors(self, inputs: ModelInputs) -> list[Prior]:
        """Spread, share of the structured part, unstructured and structured effects."""
        if inputs.n_areas == 1:
            return []
        n_basis = self._basis(inputs)[0].shape[1]
        both = {"dims": ("presentation", "area"), "labels": ("de_novo", "recurrent"), "group": "areas"}
        return [
            _spread(),
            Prior(
                "area_mixing",
                "lambda",
                "share of the variance of area multipliers that follows the map",
                "logit_normal",
                0.0,
                1.0,
                "probability",
                None,
                "Whether neighbours resemble each other is not known; with few areas it is hardly informed.",
                group="areas",
            ),
            Prior(
                "area_effect",
                "alpha_kr",
                "log area multiplier in units of its sd, unstructured part",
                "normal",
                0.0,
                1.0,
                "sigma_r",
                "definition",
                "Independent between areas.",
                shape=(2, inputs.n_areas),
                **both,  # type: ignore[arg-type]
            ),
            Prior(
                "area_structured",
                "xi_k",
                "log area multiplier in units of its sd, weights of the map's basis",
                "normal",
                0.0,
                1.0,
                "sigma_r",
                "definition",
                "Intrinsic autoregression, scaled per connected component (Riebler 2016).",
                shape=(2, n_basis),
                **{**both, "dims": ("presentation", "map_basis")},  # type: ignore[arg-type]
            ),
        ]

    def log_multiplier(self, p: Parameters, inputs: ModelInputs, xp: Namespace = NUMPY) -> Array:
        """Unstructured and structured part."""
        basis, island = self._basis(inputs)
        share = p["area_mixing"][..., None, None]
        own = xp.sqrt(1.0 - share * (~island).astype(float)) * p["area_effect"]
        mapped = xp.sqrt(share) * (p["area_structured"] @ basis.T)
        return p["area_sd"][..., None, None] * (own + mapped)

    def _basis(self, inputs: ModelInputs) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        areas = inputs.grid.areas
        if not areas.neighbours:
            raise ModelError(
                "area effects that follow the map need a table of neighbours. Give [areas] neighbours_table or "
                "neighbours_file, or choose area_effects = 'exchangeable'."
            )
        return structured_basis(neighbour_matrix(len(areas.codes), neighbour_places(areas)))


def neighbour_places(areas: AreaSet) -> NDArray[np.int64]:
    """Places of the neighbours among the modelled areas, shape (n_pairs, 2)."""
    place = {code: i for i, code in enumerate(areas.codes)}
    return np.array([(place[a], place[b]) for a, b in areas.neighbours], dtype=np.int64).reshape(-1, 2)


def _spread() -> Prior:
    return Prior(
        "area_sd",
        "sigma_r",
        "sd of the log area multipliers",
        "log_normal",
        float(np.log(0.10)),
        0.40,
        "log",
        None,
        "Areas differ in screening, deprivation and treatment, beyond their primaries, by some 10 %; "
        "national deaths do not inform it.",
        group="areas",
    )


AREA_EFFECTS: dict[str, type[AbstractAreaEffects]] = {cls.kind: cls for cls in (ExchangeableAreas, NeighbouringAreas)}
