"""Medians and equal-tailed intervals of draws."""

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.errors import EvidenceError

CI_KIND = "equal-tailed"
DEFAULT_CI_PROB = 0.95
_BLOCK = 4096


def median_and_interval(draws: NDArray[np.generic], ci_prob: float = DEFAULT_CI_PROB) -> NDArray[np.float64]:
    """Median, lower and upper bound over the first axis.

    Parameters
    ----------
    draws : array, shape (n, ...)
    ci_prob : float
        Level of the equal-tailed interval, between 0 and 1.

    Returns
    -------
    array, shape (3, ...)

    Raises
    ------
    EvidenceError
        If the level is not between 0 and 1.
    """
    if not 0.0 < ci_prob < 1.0:
        raise EvidenceError("ci_prob must lie between 0 and 1, e.g. 0.95. Give a proportion, not percent.")
    tail = (1.0 - ci_prob) / 2.0
    flat = draws.reshape(draws.shape[0], -1)
    out = np.empty((3, flat.shape[1]))
    for start in range(0, flat.shape[1], _BLOCK):
        block = np.ascontiguousarray(flat[:, start:start + _BLOCK].T, dtype=float)
        out[:, start:start + _BLOCK] = np.quantile(block, [0.5, tail, 1.0 - tail], axis=1)
    return out.reshape(3, *draws.shape[1:])
