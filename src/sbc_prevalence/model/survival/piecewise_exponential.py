"""Piecewise exponential survival."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.kernels.backend import Array, Namespace
from sbc_prevalence.kernels.hazards import exposure
from sbc_prevalence.model.parameters import Prior
from sbc_prevalence.model.survival.frame import AbstractSurvival, Parameters


@dataclass(frozen=True)
class PiecewiseExponentialSurvival(AbstractSurvival):
    """Constant hazards between cuts; the last goes on to the last published follow-up, then omega.

    Parameters
    ----------
    cuts : tuple of float
        Starts of the intervals [years]; the first is 0.
    """

    cuts: tuple[float, ...] = (0.0, 1.0, 3.0, 5.0)
    family: ClassVar[str] = "piecewise_exponential"
    equation: ClassVar[str] = "H0(u) = sum_j h_j x years spent in interval j up to u"

    def family_priors(self) -> list[Prior]:
        """First hazard and the steps of its log."""
        return [
            Prior(
                "first_hazard",
                "h_1",
                "hazard in the first interval, de novo",
                "log_normal",
                float(np.log(0.40)),
                0.30,
                "per year",
                None,
                "Wide: one-year survival between .5 and .8. The published points inform it.",
                group="survival",
            ),
            Prior(
                "hazard_steps",
                "d_j",
                "steps of the log hazard from one interval to the next",
                "normal",
                -0.10,
                0.30,
                "log",
                None,
                "Hazards fall slowly after the first year.",
                shape=(len(self.cuts) - 1,),
                dims=("hazard_step",),
                labels=tuple(f"{c:g} years" for c in self.cuts[1:]),
                group="survival",
            ),
        ]

    def baseline(self, p: Parameters, u: NDArray[np.float64], xp: Namespace) -> Array:
        """Sum of hazard x exposure."""
        steps = xp.cumsum(p["hazard_steps"], axis=-1)
        log_first = xp.log(p["first_hazard"])[..., None]
        hazards = xp.exp(xp.concatenate([log_first, log_first + steps], axis=-1))
        return hazards @ exposure(u, self.cuts).T
