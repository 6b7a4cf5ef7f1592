"""Strata: people whose hazards differ by a ratio, a trend and a floor from one baseline."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.kernels.backend import Array


@dataclass(frozen=True, eq=False)
class Strata:
    """How the hazards of each stratum follow from the baseline.

    Parameters
    ----------
    ratios : array, shape (..., n_strata)
        Hazard over the baseline.
    slopes : array, shape (..., n_strata)
        Log hazard per decade.
    floor : array, shape (n_strata, n_nodes)
        Cumulative other-cause hazard at the nodes of `AbstractSurvival.nodes`.
    """

    ratios: Array
    slopes: Array
    floor: NDArray[np.float64]

    @property
    def size(self) -> int:
        """Number of strata."""
        return int(self.floor.shape[0])
