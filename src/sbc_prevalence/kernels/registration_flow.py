"""Registration and death as competing hazards: who is registered in life, found at death, lost, still missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.kernels.hazards import piecewise_cumulative_hazard
from sbc_prevalence.kernels.quadrature import first_year_nodes, unit_nodes
from sbc_prevalence.kernels.survivorship import (
    FIRST_NODES,
    FIRST_WEIGHTS,
    LATER_NODES,
    LATER_WEIGHTS,
    SurvivalFunction,
    check_survival,
)

Floats = NDArray[np.float64]

HORIZON = 120.0
"""Years after which everybody has died or been registered: what infinity means here."""
NODES_PER_PIECE = 8


@dataclass(frozen=True, eq=False)
class FlowShares:
    """Shares of people by what the register knows of them T years after diagnosis; they sum to 1. Shape (n_times,).

    Parameters
    ----------
    in_life : array
        Registered while alive.
    found_at_death : array
        Died unregistered, and the certificate mentions the disease (death-initiated and certificate-only cases).
    lost : array
        Died unregistered, and the certificate does not mention it.
    missing : array
        Alive and not registered yet.
    """

    in_life: Floats
    found_at_death: Floats
    lost: Floats
    missing: Floats

    @property
    def known(self) -> Floats:
        """In the register, in whatever way."""
        return self.in_life + self.found_at_death


def registration_flow(
    survival: SurvivalFunction,
    registration_hazard: ArrayLike,
    mention: float,
    times: ArrayLike,
    *,
    cuts: Sequence[float] = (0.0,),
) -> FlowShares:
    """What a register knows of people T years after their diagnosis.

    A person is registered at a hazard r(u) while alive and unregistered. With R its integral and S all-cause survival,

        in life  integral_0^T r(u) exp(-R(u)) S(u) du          missing  exp(-R(T)) S(T)

    and the rest died unregistered; of these a share `mention` has the disease on the certificate.

    Parameters
    ----------
    survival : callable
        All-cause survival S(u) of years since diagnosis; maps shape (n,) to (n,).
    registration_hazard : float, or array of shape (n_cuts,)
        Hazard of registration [per year], constant between cuts.
    mention : float
        Probability that the certificate of an unregistered person mentions the disease.
    times : array, shape (n_times,)
        Years since diagnosis; infinity is allowed.
    cuts : sequence of float
        Starts of the intervals of the hazard [years], ascending from 0; the last one is open.

    Returns
    -------
    FlowShares

    Raises
    ------
    EvidenceError
        If a hazard is negative, a probability leaves [0, 1], or survival is none.

    References
    ----------
    Bullard et al. (2000), Br. J. Cancer 82, 1111-1116 (the flow method; here with hazards in continuous time).
    """
    hazards, at = np.atleast_1d(np.asarray(registration_hazard, dtype=float)), np.atleast_1d(np.asarray(times, float))
    if hazards.shape != (len(cuts),) or np.any(hazards < 0) or np.any(np.diff(cuts) <= 0) or cuts[0] != 0:
        raise EvidenceError("registration needs one hazard, not negative, for each cut; cuts ascend from 0.")
    if not 0 <= mention <= 1:
        raise EvidenceError("mention on the certificate is a probability between 0 and 1. Is it in percent?")
    if np.any(at < 0) or np.any(np.isnan(at)):
        raise EvidenceError("times since diagnosis must not be negative.")
    check_survival(np.asarray(survival(np.arange(11.0))))
    ends = np.minimum(at, HORIZON)
    edges = np.unique(np.concatenate([np.arange(HORIZON + 1), np.asarray(cuts, dtype=float), ends]))
    left, right = edges[:-1], edges[1:]
    nodes, weights = unit_nodes(NODES_PER_PIECE)
    u = left[:, None] + (right - left)[:, None] * nodes
    w = (right - left)[:, None] * weights
    start, start_weights = first_year_nodes(NODES_PER_PIECE + 4)
    pieces = [(start[None, :] * right[0], start_weights[None, :] * right[0], 0), (u[1:], w[1:], 1)]
    held = np.zeros(right.size)
    rate = hazards[np.searchsorted(np.asarray(cuts), (left + right) / 2, side="right") - 1]
    for at_u, at_w, first in pieces:
        flat = at_u.ravel()
        waiting = np.exp(-piecewise_cumulative_hazard(flat, hazards, cuts)) * np.asarray(survival(flat))
        part = (waiting.reshape(at_u.shape) * at_w).sum(1)
        held[first:first + part.size] = part * rate[first:first + part.size]
    in_life = np.append(0.0, np.cumsum(held))[np.searchsorted(edges, ends)]
    missing = np.exp(-piecewise_cumulative_hazard(ends, hazards, cuts)) * np.asarray(survival(ends))
    missing = np.where(np.isinf(at), 0.0, missing)
    dead = np.maximum(1.0 - in_life - missing, 0.0)
    return FlowShares(in_life, mention * dead, (1.0 - mention) * dead, missing)


def flows_by_year(
    first: Array, later: Array, hazard: Array, n_durations: int, xp: Namespace = NUMPY
) -> tuple[Array, Array, Array]:
    """Registered, and dead unregistered, in each calendar year after a year of diagnosis; and still missing at its end.

    Diagnoses are uniform within their year. The time at risk of registration in calendar year m after that of diagnosis
    is the integral of S(u) exp(-r u) against a tent of height 1 from m - 1 to m + 1.

    Parameters
    ----------
    first : array, shape (..., n_first)
        Survival at `FIRST_NODES`.
    later : array, shape (..., n_durations - 1, n_later)
        Survival at m + `LATER_NODES`, m = 1, 2, ...
    hazard : array, shape (...)
        Hazard of registration [per year]; broadcast against the leading axes.
    n_durations : int

    Returns
    -------
    registered, dead, missing : arrays, shape (..., n_durations)
        Share of a year's diagnoses registered in calendar year m after it, dead unregistered in that year, alive and
        unregistered at its end. They sum: missing(m - 1) = registered(m) + dead(m) + missing(m), missing(-1) = 1.
    """
    waiting_first = first * xp.exp(-hazard[..., None] * FIRST_NODES)
    years = np.arange(1, n_durations, dtype=float)[:, None] + LATER_NODES
    waiting_later = later * xp.exp(-hazard[..., None, None] * years)
    missing = xp.concatenate(
        [(waiting_first * FIRST_WEIGHTS).sum(-1)[..., None], (waiting_later * LATER_WEIGHTS).sum(-1)], axis=-1)
    rising = xp.concatenate(
        [(waiting_first * (FIRST_WEIGHTS * FIRST_NODES)).sum(-1)[..., None],
         (waiting_later * (LATER_WEIGHTS * LATER_NODES)).sum(-1)], axis=-1)
    nobody = xp.zeros_like(missing[..., :1])
    at_risk = missing - rising + xp.concatenate([nobody, rising[..., :-1]], axis=-1)
    registered = hazard[..., None] * at_risk
    before = xp.concatenate([nobody + 1.0, missing[..., :-1]], axis=-1)
    return registered, before - missing - registered, missing
