"""Reporting delay: the share of a year's registrations that a register holds by a date. Closed forms, no quadrature."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.kernels.hazards import exposure

Floats = NDArray[np.float64]


def year_exposure(elapsed: ArrayLike, cuts: Sequence[float]) -> Floats:
    """Time at risk of arrival by interval, for the first and the last diagnosis of a year.

    Parameters
    ----------
    elapsed : array, shape (n,)
        Years from the start of the diagnosis year to the date of the count; below 1 the year is not over.
    cuts : sequence of float
        Starts of the intervals of the hazard [years since diagnosis], ascending from 0; the last one is open.

    Returns
    -------
    array, shape (2, n, n_cuts)
        Of a diagnosis as late as there can be (at the end of the year, or on the date), and at the start of the year.
    """
    since = np.asarray(elapsed, dtype=float)
    return np.stack([exposure(np.maximum(since - 1.0, 0.0), cuts), exposure(since, cuts)])


@dataclass(frozen=True, eq=False)
class Held:
    """Of a year's diagnoses that will ever be registered, the share in the register on a date; arrays of shape (..., n).

    Parameters
    ----------
    arrived : array
        Arrived by the date: integral of F(elapsed - v) over the v in [0, 1] that lie before the date.
    wrong : array
        The same integral of F(x) exp(-eta x): what is there of wrong entries, for one wrong entry per true one.
    """

    arrived: Array
    wrong: Array


def held(exposed: Array, hazards: Array, found_out: Array, xp: Namespace = NUMPY) -> Held:
    """Share of a year's registrations that a register holds, diagnoses uniform within the year.

    F(x) = 1 - exp(-H(x)) is the share arrived x years after diagnosis, H the integral of a hazard that is constant
    between cuts. Wrong entries (duplicates, people who turn out not to have the disease) come with the same delay, and
    are each found out at a constant hazard since diagnosis; they are in the register with probability F(x) exp(-eta x).

    Parameters
    ----------
    exposed : array, shape (2, n, n_cuts)
        From `year_exposure`.
    hazards : array, shape (..., n_cuts)
        Hazard of arrival [per year]; above 0.
    found_out : array, shape (...)
        Hazard eta at which a wrong entry is found out [per year]; above 0.
    """
    latest, earliest = exposed[0], exposed[1]
    since_latest, since_earliest = latest.sum(-1), earliest.sum(-1)
    eta = found_out[..., None]

    def waited(extra: Array) -> Array:
        return _waiting(earliest, hazards, extra, xp) - _waiting(latest, hazards, extra, xp)

    arrived = (since_earliest - since_latest) - waited(0.0 * eta)
    not_found_out = (xp.exp(-eta * since_latest) - xp.exp(-eta * since_earliest)) / eta
    return Held(arrived, not_found_out - waited(eta))


def _waiting(exposed: Array, hazards: Array, extra: Array, xp: Namespace) -> Array:
    """Integral of exp(-H(y) - extra y) over y from 0 to the time that the exposure spans, shape (..., n)."""
    rate = (hazards + extra)[..., None, :]
    risk = rate * exposed
    at_start = xp.exp(-(xp.cumsum(risk, axis=-1) - risk))
    return (-at_start * xp.expm1(-risk) / rate).sum(-1)
