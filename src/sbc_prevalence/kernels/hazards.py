"""Baseline cumulative hazards of the survival families; written once for NumPy and for the model."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace


def weibull_cumulative_hazard(
    u: NDArray[np.float64], scale: Array, shape: Array, xp: Namespace = NUMPY
) -> Array:
    """H(u) = (u / scale)^shape.

    Parameters
    ----------
    u : array, shape (*U)
        Years since diagnosis, not negative.
    scale, shape : array, shape (...)
        Scale [years] and shape; leading axes (draws) are kept in front.

    Returns
    -------
    array, shape (..., *U)
    """
    log_u = np.log(np.maximum(u, 1e-300))
    lead = (..., *(None,) * u.ndim)
    return xp.exp(shape[lead] * (log_u - xp.log(scale)[lead]))


def log_logistic_cumulative_hazard(
    u: NDArray[np.float64], scale: Array, shape: Array, xp: Namespace = NUMPY
) -> Array:
    """H(u) = log(1 + (u / scale)^shape), whose median is the scale.

    Parameters and shapes as in `weibull_cumulative_hazard`.
    """
    return xp.log1p(weibull_cumulative_hazard(u, scale, shape, xp))


def exposure(u: NDArray[np.float64], cuts: Sequence[float]) -> NDArray[np.float64]:
    """Years spent in each interval between cuts up to duration u; the last interval is open.

    Parameters
    ----------
    u : array, shape (*U)
    cuts : sequence of float
        Starts of the intervals, the first of them 0, ascending.

    Returns
    -------
    array, shape (*U, n_cuts)
    """
    starts = np.asarray(cuts, dtype=float)
    ends = np.append(starts[1:], np.inf)
    return np.clip(np.asarray(u, dtype=float)[..., None] - starts, 0.0, ends - starts)


def piecewise_cumulative_hazard(
    u: NDArray[np.float64], hazards: Array, cuts: Sequence[float], xp: Namespace = NUMPY
) -> Array:
    """H(u) of hazards that are constant between cuts.

    Parameters
    ----------
    u : array, shape (*U)
    hazards : array, shape (..., n_cuts)
        Hazard per year in each interval.
    cuts : sequence of float

    Returns
    -------
    array, shape (..., *U)
    """
    del xp
    lead = (..., *(None,) * u.ndim, slice(None))
    return (hazards[lead] * exposure(u, cuts)).sum(-1)


def mixture_cure_cumulative_hazard(rest: Array, cured: Array, xp: Namespace = NUMPY) -> Array:
    """-log(cured + (1 - cured) exp(-rest)): a share without excess hazard among others.

    Parameters
    ----------
    rest : array, shape (..., n)
        Cumulative hazard of those not cured.
    cured : array, shape (...)
        Share cured, in [0, 1).

    Returns
    -------
    array, shape (..., n)
        0 at 0; it levels off at -log(cured).
    """
    return -xp.log1p((1.0 - cured)[..., None] * xp.expm1(-rest))
