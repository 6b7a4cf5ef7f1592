"""Cumulative hazard of the generalised gamma distribution with its slopes, for any sign of Q; numba, cached on disk.

With w = (log t - location) / scale and shape Q (Prentice 1974), w has log density

    log C(Q) - (exp(Q w) - 1 - Q w) / Q^2,      C(Q) = |Q| a^a exp(-a) / Gamma(a),  a = 1 / Q^2,

which is log-concave for every Q, is the standard normal at Q = 0 (log-normal survival) and the extreme value density
at Q = 1 (Weibull survival). Incomplete gamma functions cancel near Q = 0 and have no ready derivative in their shape;
here the tail that lies on the same side as w is integrated by Gauss-Legendre nodes from w outwards, which is smooth
in w and Q through Q = 0, and its derivatives are integrals over the same nodes.
"""

import math

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_X, _W = np.polynomial.legendre.leggauss(40)
NODES, WEIGHTS = (_X + 1.0) / 2.0, _W / 2.0
DEPTH = 38.0
"""The tail is cut where the density has fallen by exp(-DEPTH)."""
HALF_LIFE = math.log(2.0)


@numba.njit(cache=True)
def _bend(z: float) -> tuple[float, float]:
    """(exp(z) - 1 - z) / z^2 and its derivative."""
    if abs(z) < 0.3:
        value, slope, term = 0.0, 0.0, 0.5
        for n in range(14):
            value += term
            slope += (n + 1) * term / (n + 3)
            term *= z / (n + 3)
        return value, slope
    grown = math.exp(z)
    value = (grown - 1.0 - z) / (z * z)
    return value, (grown - 1.0) / (z * z) - 2.0 * value / z


@numba.njit(cache=True)
def _rise(z: float) -> tuple[float, float]:
    """(exp(z) - 1) / z and its derivative."""
    if abs(z) < 1e-4:
        return 1.0 + z / 2.0 + z * z / 6.0, 0.5 + z / 3.0 + z * z / 8.0
    value = math.expm1(z) / z
    return value, (math.exp(z) - value) / z


@numba.njit(cache=True)
def _digamma(x: float) -> float:
    found = 0.0
    while x < 10.0:
        found -= 1.0 / x
        x += 1.0
    y = 1.0 / (x * x)
    series = y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y * (1.0 / 240 - y / 132))))
    return found + math.log(x) - 0.5 / x - series


@numba.njit(cache=True)
def _log_peak(q: float) -> tuple[float, float]:
    """log C(Q) and its derivative in Q; Stirling's series near Q = 0, where gamma functions would cancel."""
    if abs(q) < 0.25:
        y = q * q
        value = y / 12 * (1.0 - y * y / 30 * (1.0 - y * y * 2 / 7 * (1.0 - y * y * 3 / 4)))
        slope = q / 6 * (1.0 - y * y / 10 * (1.0 - y * y * 10 / 21 * (1.0 - y * y * 21 / 20)))
        return -0.5 * math.log(2.0 * math.pi) - value, -slope
    a = 1.0 / (q * q)
    value = math.log(abs(q)) + a * math.log(a) - a - math.lgamma(a)
    return value, 1.0 / q - 2.0 * a / q * (math.log(a) - _digamma(a))


@numba.njit(cache=True)
def _depth(s: float, c: float, q: float) -> float:
    """Where the density has fallen by exp(-DEPTH), going outwards."""
    if q < 0:
        b = 2.0 * s + DEPTH * q
        return 0.5 * (-b + math.sqrt(b * b + 8.0 * DEPTH))
    y = 2.0 * DEPTH / (s + math.sqrt(s * s + 2.0 * DEPTH * c))
    if q * y > 1.0:
        y = min(y, math.log(1.0 + q * y + DEPTH * q * q / c) / q)
    for _ in range(3):
        bend, _slope = _bend(q * y)
        rise, _slope = _rise(q * y)
        y -= (c * y * y * bend + s * y - DEPTH) / (c * y * rise + s)
    return y


@numba.njit(cache=True)
def _tail(v: float, q: float) -> tuple[float, float, float]:
    """log density at v >= 0, log mass beyond v, and the derivative of the latter in q."""
    peak, to_peak = _log_peak(q)
    bend, to_bend = _bend(q * v)
    rise, to_rise = _rise(q * v)
    c, s = math.exp(q * v), v * rise
    log_density = peak - v * v * bend
    far = _depth(s, c, q)
    mass, moment = 0.0, 0.0
    for j in range(NODES.size):
        y = far * NODES[j]
        at, slope = _bend(q * y)
        g = WEIGHTS[j] * math.exp(-y * (c * y * at + s))
        mass += g
        moment += g * y * (v * c * y * at + c * y * y * slope + v * v * to_rise)
    return log_density, log_density + math.log(far * mass), to_peak - v * v * v * to_bend - moment / mass


@numba.njit(cache=True)
def _hazard(w: float, q: float) -> tuple[float, float, float]:
    """Cumulative hazard at w, and its derivatives in w and Q."""
    if w >= 0:
        log_density, log_mass, slope = _tail(w, q)
        return -log_mass, math.exp(log_density - log_mass), -slope
    log_density, log_mass, slope = _tail(-w, -q)
    mass = math.exp(log_mass)
    return -math.log1p(-mass), math.exp(log_density) / (1.0 - mass), -mass * slope / (1.0 - mass)


@numba.njit(cache=True)
def _median(q: float) -> tuple[float, float]:
    """w at which half are alive, and its derivative in Q."""
    w = -q / 3.0
    for _ in range(30):
        value, slope, _to_q = _hazard(w, q)
        step = (value - HALF_LIFE) / slope
        w -= min(max(step, -1.0), 1.0)
        if abs(step) < 1e-14:
            break
    _value, slope, to_q = _hazard(w, q)
    return w, -to_q / slope


@numba.njit(cache=True)
def standard_hazard(z: Floats, q: float) -> tuple[Floats, Floats, Floats]:
    """Cumulative hazard at z = log(t / median) / scale, and its derivatives.

    Parameters
    ----------
    z : array, shape (n,)
    q : float
        Shape Q: 1 Weibull, 0 log-normal; negative for tails heavier than log-normal.

    Returns
    -------
    hazard, to_z, to_q : arrays, shape (n,)
        Cumulative hazard, log 2 at z = 0; its derivatives in z and in Q.
    """
    median, to_median = _median(q)
    hazard, to_z, to_q = np.empty(z.size), np.empty(z.size), np.empty(z.size)
    for i in range(z.size):
        if i > 0 and z[i] == z[i - 1]:
            hazard[i], to_z[i], to_q[i] = hazard[i - 1], to_z[i - 1], to_q[i - 1]
            continue
        hazard[i], to_z[i], slope = _hazard(z[i] + median, q)
        to_q[i] = slope + to_z[i] * to_median
    return hazard, to_z, to_q


@numba.njit(cache=True, nogil=True)
def hazards_of_draws(z: Floats, q: Floats) -> Floats:
    """Cumulative hazards of many draws: `standard_hazard` for each row.

    Parameters
    ----------
    z : array, shape (n_draws, n)
    q : array, shape (n_draws,)
    """
    found = np.empty(z.shape)
    for d in range(z.shape[0]):
        found[d] = standard_hazard(z[d], q[d])[0]
    return found


def location_of_median(q: float) -> float:
    """w at which half are alive, so that the median is exp(location + scale w)."""
    return float(_median(float(q))[0])
