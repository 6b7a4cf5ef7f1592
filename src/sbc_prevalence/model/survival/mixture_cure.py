"""Mixture cure survival: a share has no excess hazard ever; the rest are Weibull."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.kernels.backend import Array, Namespace
from sbc_prevalence.kernels.hazards import mixture_cure_cumulative_hazard, weibull_cumulative_hazard
from sbc_prevalence.model.parameters import Prior
from sbc_prevalence.model.survival.frame import AbstractSurvival, Parameters
from sbc_prevalence.model.survival.priors import median_prior, shape_prior


@dataclass(frozen=True)
class MixtureCureSurvival(AbstractSurvival):
    """H0(u) = -log(pi_c + (1 - pi_c) exp(-log 2 (u / median)^shape)); the median is that of those not cured.

    The disease adds nothing to the hazard of those cured; they die of other causes (the floor of `AbstractSurvival`).
    """

    family: ClassVar[str] = "mixture_cure"
    equation: ClassVar[str] = "H0(u) = -log(pi_c + (1 - pi_c) exp(-log 2 (u / median)^shape))"
    needs_floor: ClassVar[bool] = True

    def family_priors(self) -> list[Prior]:
        """Median and shape of those not cured, and the share that is cured."""
        return [
            median_prior(),
            shape_prior("0.95", 0.95, 0.20),
            Prior(
                "cured_share",
                "pi_c",
                "share of de novo disease whose hazard is that of other causes",
                "logit_normal",
                float(np.log(0.03 / 0.97)),
                0.80,
                "proportion",
                None,
                "A few per cent at most live for decades; none is possible. Follow-up of ten years hardly tells.",
                group="survival",
            ),
        ]

    def baseline(self, p: Parameters, u: NDArray[np.float64], xp: Namespace) -> Array:
        """Cumulative hazard; it levels off at -log pi."""
        rest = np.log(2.0) * weibull_cumulative_hazard(u, p["survival_median"], p["survival_shape"], xp)
        return mixture_cure_cumulative_hazard(rest, p["cured_share"], xp)
