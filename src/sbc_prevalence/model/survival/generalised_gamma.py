"""Generalised gamma survival: Weibull at Q = 1, log-normal at Q = 0, heavier tails below."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.kernels.backend import Array, Namespace
from sbc_prevalence.model.parameters import Prior
from sbc_prevalence.model.survival.frame import AbstractSurvival, Parameters
from sbc_prevalence.model.survival.priors import median_prior, shape_prior


@dataclass(frozen=True)
class GeneralisedGammaSurvival(AbstractSurvival):
    """H0(u) = -log S_Q(k log(u / median) + w_Q), S_Q the generalised gamma in Prentice's form, S_Q(w_Q) = 1/2."""

    family: ClassVar[str] = "generalised_gamma"
    equation: ClassVar[str] = "H0(u) = -log S_Q(k log(u / median) + w_Q), generalised gamma, S_Q(w_Q) = 1/2"
    needs_floor: ClassVar[bool] = True

    def family_priors(self) -> list[Prior]:
        """Median, shape, and Q."""
        return [
            median_prior(),
            shape_prior("0.85", 0.85, 0.25),
            Prior(
                "gamma_shape",
                "Q",
                "shape of the generalised gamma: 1 Weibull, 0 log-normal",
                "normal",
                0.5,
                0.4,
                "",
                None,
                "Between the two families that are used most, with room on both sides.",
                group="survival",
            ),
        ]

    def baseline(self, p: Parameters, u: NDArray[np.float64], xp: Namespace) -> Array:
        """Cumulative hazard, log 2 at the median."""
        log_u = np.log(np.maximum(u, 1e-300))
        z = p["survival_shape"][..., None] * (log_u - xp.log(p["survival_median"])[..., None])
        return xp.generalised_gamma(z, p["gamma_shape"])
