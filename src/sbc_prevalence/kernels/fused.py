"""Survivorship and convolution in one compiled pass, with its gradient; numba, cached on disk.

The formulas are those of `kernels.survivorship.survivorship_from_hazards` and `kernels.convolution`; a test holds
them to the same numbers, and the gradient to finite differences. Only durations that lie on the grid are visited.
"""

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@numba.njit(cache=True, fastmath={"contract", "arcp", "nsz"})
def forward(
    cases: Floats,
    hazard: Floats,
    ratio: float,
    slope: float,
    floor_factor: float,
    decades: Floats,
    floor: Floats,
    first_weights: Floats,
    later_weights: Floats,
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Deaths and living of each level and year.

    Parameters
    ----------
    cases : array, shape (2, n_levels, n_years)
        Incidence by presentation [persons / year].
    hazard : array, shape (n_nodes,)
        Baseline cumulative hazard of de novo disease: nodes of the first year, whole years 0..n, nodes of later
        years. Anything behind them is ignored.
    ratio, slope, floor_factor : float
        Recurrent over de novo hazard; log hazard per decade; multiplier of other-cause mortality.
    decades : array, shape (n_years, n_years)
        Decades from the reference year by diagnosis year and year since diagnosis.
    floor : array, shape (2, n_nodes)
        Cumulative other-cause hazard by presentation at the same nodes.
    first_weights, later_weights : arrays
        Quadrature weights within the first year and within later years.

    Returns
    -------
    deaths, living : arrays, shape (n_levels, n_years)
    alive : array, shape (2, n_years, n_years)
        Survivorship by diagnosis year and duration; 0 beyond the grid.
    first_terms, later_terms : arrays
        Survival at the nodes, for the gradient.
    """
    n_levels, n = cases.shape[1], cases.shape[2]
    n_first, n_later = first_weights.size, later_weights.size
    at_starts, at_later = n_first, n_first + n + 1
    deaths, living = np.zeros((n_levels, n)), np.zeros((n_levels, n))
    alive = np.zeros((2, n, n))
    first_terms, later_terms = np.zeros((2, n, n_first)), np.zeros((2, n, n, n_later))
    for k in range(2):
        scale = ratio if k == 1 else 1.0
        for s in range(n):
            total = 0.0
            for m in range(n - s):
                trend = scale * np.exp(slope * decades[s, m])
                start = hazard[at_starts + m]
                floor_start = floor[k, at_starts + m]
                inner = 0.0
                if m == 0:
                    for j in range(n_first):
                        v = max(trend * hazard[j], floor_factor * floor[k, j])
                        e = np.exp(-v)
                        first_terms[k, s, j] = e
                        inner += first_weights[j] * e
                else:
                    at = at_later + (m - 1) * n_later
                    for j in range(n_later):
                        v = max(
                            trend * (hazard[at + j] - start), floor_factor * (floor[k, at + j] - floor_start)
                        )
                        e = np.exp(-v)
                        later_terms[k, s, m, j] = e
                        inner += later_weights[j] * e
                alive[k, s, m] = np.exp(-total) * inner
                total += max(
                    trend * (hazard[at_starts + m + 1] - start),
                    floor_factor * (floor[k, at_starts + m + 1] - floor_start),
                )
            for e_level in range(n_levels):
                people = cases[k, e_level, s]
                before = 1.0
                for m in range(n - s):
                    now = alive[k, s, m]
                    living[e_level, s + m] += people * now
                    deaths[e_level, s + m] += people * (before - now)
                    before = now
    return deaths, living, alive, first_terms, later_terms


@numba.njit(cache=True, fastmath={"contract", "arcp", "nsz"})
def backward(
    to_deaths: Floats,
    to_living: Floats,
    cases: Floats,
    hazard: Floats,
    ratio: float,
    slope: float,
    floor_factor: float,
    decades: Floats,
    floor: Floats,
    first_weights: Floats,
    later_weights: Floats,
    alive: Floats,
    first_terms: Floats,
    later_terms: Floats,
) -> tuple[Floats, Floats, float, float, float]:
    """Gradient of ``sum(to_deaths * deaths + to_living * living)`` in cases, hazard, ratio, slope, floor factor."""
    n_levels, n = cases.shape[1], cases.shape[2]
    n_first, n_later = first_weights.size, later_weights.size
    at_starts, at_later = n_first, n_first + n + 1
    to_cases, to_hazard = np.zeros_like(cases), np.zeros_like(hazard)
    to_ratio, to_slope, to_floor = 0.0, 0.0, 0.0
    to_alive = np.zeros(n)
    for k in range(2):
        scale = ratio if k == 1 else 1.0
        for s in range(n):
            to_alive[:] = 0.0
            for level in range(n_levels):
                people = cases[k, level, s]
                gain = 0.0
                before = 1.0
                for m in range(n - s):
                    t = s + m
                    now = alive[k, s, m]
                    gain += to_deaths[level, t] * (before - now) + to_living[level, t] * now
                    g = to_living[level, t] - to_deaths[level, t]
                    if t + 1 < n:
                        g += to_deaths[level, t + 1]
                    to_alive[m] += people * g
                    before = now
                to_cases[k, level, s] = gain
            to_total = 0.0
            for back in range(n - s):
                m = n - s - 1 - back
                decade = decades[s, m]
                factor = np.exp(slope * decade)
                trend = scale * factor
                start = hazard[at_starts + m]
                floor_start = floor[k, at_starts + m]
                grown = hazard[at_starts + m + 1] - start
                grown_floor = floor[k, at_starts + m + 1] - floor_start
                to_trend = 0.0
                if to_total != 0.0:
                    if trend * grown >= floor_factor * grown_floor:
                        to_trend += to_total * grown
                        to_hazard[at_starts + m + 1] += to_total * trend
                        to_hazard[at_starts + m] -= to_total * trend
                    else:
                        to_floor += to_total * grown_floor
                g = to_alive[m]
                inner = 0.0
                if m == 0:
                    for j in range(n_first):
                        inner += first_weights[j] * first_terms[k, s, j]
                else:
                    for j in range(n_later):
                        inner += later_weights[j] * later_terms[k, s, m, j]
                still = alive[k, s, m] / inner if inner > 0 else 0.0
                if m == 0:
                    for j in range(n_first):
                        d = -g * still * first_weights[j] * first_terms[k, s, j]
                        if trend * hazard[j] >= floor_factor * floor[k, j]:
                            to_trend += d * hazard[j]
                            to_hazard[j] += d * trend
                        else:
                            to_floor += d * floor[k, j]
                else:
                    at = at_later + (m - 1) * n_later
                    for j in range(n_later):
                        d = -g * still * later_weights[j] * later_terms[k, s, m, j]
                        rise = hazard[at + j] - start
                        rise_floor = floor[k, at + j] - floor_start
                        if trend * rise >= floor_factor * rise_floor:
                            to_trend += d * rise
                            to_hazard[at + j] += d * trend
                            to_hazard[at_starts + m] -= d * trend
                        else:
                            to_floor += d * rise_floor
                to_total -= g * alive[k, s, m]
                to_slope += to_trend * trend * decade
                if k == 1:
                    to_ratio += to_trend * factor
    return to_cases, to_hazard, to_ratio, to_slope, to_floor


@numba.njit(cache=True, nogil=True)
def survivorship_of_draws(
    hazard: Floats,
    ratio: Floats,
    slope: Floats,
    floor_factor: Floats,
    decades: Floats,
    floor: Floats,
    first_weights: Floats,
    later_weights: Floats,
) -> Floats:
    """Survivorship on the grid of every draw; arguments as in `forward`, with a first axis of draws.

    Returns
    -------
    array, shape (n_draws, 2, n_years, n_years)
        Share of year-s diagnoses alive at the end of year t; zero where t < s.
    """
    n_draws, n = hazard.shape[0], decades.shape[0]
    nobody = np.zeros((2, 0, n))
    on_grid = np.zeros((n_draws, 2, n, n))
    for d in range(n_draws):
        _, _, alive, _, _ = forward(
            nobody, hazard[d], ratio[d], slope[d], floor_factor[d], decades, floor, first_weights, later_weights
        )
        for k in range(2):
            for s in range(n):
                for m in range(n - s):
                    on_grid[d, k, s, s + m] = alive[k, s, m]
    return on_grid
