"""Log-logistic survival."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.kernels.backend import Array, Namespace
from sbc_prevalence.kernels.hazards import log_logistic_cumulative_hazard
from sbc_prevalence.model.parameters import Prior
from sbc_prevalence.model.survival.frame import AbstractSurvival, Parameters
from sbc_prevalence.model.survival.priors import median_prior, shape_prior


@dataclass(frozen=True)
class LogLogisticSurvival(AbstractSurvival):
    """H0(u) = log(1 + (u / median)^shape): a hazard that falls like 1 / u."""

    family: ClassVar[str] = "log_logistic"
    equation: ClassVar[str] = "H0(u) = log(1 + (u / median)^shape)"
    needs_floor: ClassVar[bool] = True

    def family_priors(self) -> list[Prior]:
        """Median and shape."""
        return [median_prior(), shape_prior("1.2", 1.2, 0.20)]

    def baseline(self, p: Parameters, u: NDArray[np.float64], xp: Namespace) -> Array:
        """Cumulative hazard, log 2 at the median."""
        return log_logistic_cumulative_hazard(u, p["survival_median"], p["survival_shape"], xp)
