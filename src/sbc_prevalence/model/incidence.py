"""Incidence of metastatic disease by presentation, area and year: what every component shares."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.areas import AbstractAreaEffects, ExchangeableAreas
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.parameters import Prior

Parameters = Mapping[str, Array]


def divided(whole: Array, weights: Array, log_multiplier: Array, xp: Namespace) -> Array:
    """Incidence of the whole divided over the areas by weight x area multiplier.

    The multipliers move people between areas and leave the whole as it is, so that evidence on the whole says
    nothing about them and areas sum to the whole in every draw.

    Parameters
    ----------
    whole : array, shape (..., presentation, n_years)
    weights : array, shape (..., presentation, n_areas, n_years)
        Incidence of each area before its multiplier, up to a common factor.
    log_multiplier : array, shape (..., presentation, n_areas)
    """
    tilted = weights * xp.exp(log_multiplier)[..., None]
    return whole[..., None, :] * tilted / tilted.sum(-2)[..., None, :]


@dataclass(frozen=True)
class AbstractIncidence(ABC):
    """Expected true new diagnoses, registered or not.

    Parameters
    ----------
    areas : AbstractAreaEffects
        How areas depart from the whole.
    """

    areas: AbstractAreaEffects = field(default_factory=ExchangeableAreas, kw_only=True)
    kind: ClassVar[str]
    equation: ClassVar[str]
    level_parameter: ClassVar[str | None] = None
    """Parameter whose exponential scales part of incidence, so that deaths pin it sharply; see `model.level`."""

    @property
    def area_parameters(self) -> tuple[str, ...]:
        """Parameters that evidence on the whole does not reach."""
        return self.areas.parameters

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


