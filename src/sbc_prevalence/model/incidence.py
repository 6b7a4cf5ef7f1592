"""Incidence of metastatic disease by presentation, area and year: what every component shares."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.parameters import Prior

Parameters = Mapping[str, Array]


AREA_PARAMETERS = ("area_sd", "area_effect", "area_slope_sd", "area_slope")


def area_priors(inputs: ModelInputs) -> list[Prior]:
    """Spread and effects of the areas; no prior at all where there is one area only."""
    if inputs.n_areas == 1:
        return []
    return [
        Prior(
            "area_sd",
            "sigma_r",
            "sd of the log area multipliers",
            "log_normal",
            float(np.log(0.10)),
            0.40,
            "log",
            None,
            "Boards differ in screening, deprivation and treatment, beyond their primaries, by some 10 %; "
            "national deaths do not inform it.",
            group="areas",
        ),
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


def divided(whole: Array, weights: Array, p: Parameters, inputs: ModelInputs, xp: Namespace) -> Array:
    """Incidence of the whole divided over the areas by weight x area multiplier.

    The multipliers move people between areas and leave the whole as it is, so that evidence on the whole says
    nothing about them and areas sum to the whole in every draw.

    Parameters
    ----------
    whole : array, shape (..., presentation, n_years)
    weights : array, shape (..., presentation, n_areas, n_years)
        Incidence of each area before its multiplier, up to a common factor.
    """
    if inputs.n_areas == 1:
        return whole[..., None, :]
    tilted = weights * xp.exp(p["area_sd"][..., None, None] * p["area_effect"])[..., None]
    return whole[..., None, :] * tilted / tilted.sum(-2)[..., None, :]


@dataclass(frozen=True)
class AbstractIncidence(ABC):
    """Expected true new diagnoses, registered or not."""

    kind: ClassVar[str]
    equation: ClassVar[str]
    level_parameter: ClassVar[str | None] = None
    """Parameter whose exponential scales part of incidence, so that deaths pin it sharply; see `model.level`."""

    @abstractmethod
    def priors(self, inputs: ModelInputs) -> list[Prior]:
        """Priors of the component."""

    def split(self, p: Parameters, inputs: ModelInputs, xp: Namespace = NUMPY) -> tuple[Array, Array]:
        """Incidence of the whole that the level parameter leaves alone, and that it scales; each (..., n_years)."""
        raise NotImplementedError(f"{self.kind} incidence has no level parameter")

    @abstractmethod
    def whole(self, p: Parameters, inputs: ModelInputs, xp: Namespace = NUMPY) -> Array:
        """I[k,s] of all areas together, shape (..., presentation, n_years) [persons / year]."""

    @abstractmethod
    def incidence(self, p: Parameters, inputs: ModelInputs, xp: Namespace = NUMPY) -> Array:
        """I[k,r,s], shape (..., presentation, n_areas, n_years) [persons / year]; sums to `whole` over areas."""


