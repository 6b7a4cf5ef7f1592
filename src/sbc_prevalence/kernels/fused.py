"""Survivorship and convolution as compiled passes, each with its gradient; numba, cached on disk.

People are told apart by stratum: presentation, or presentation and age band at diagnosis. Each stratum has its own
ratio of hazards, its own trend and its own floor. Deaths and the living are counted in classes (age bands attained,
or one class for all), into which a stratum passes with time since diagnosis.

The formulas are those of `kernels.survivorship.survivorship_from_hazards` and `kernels.convolution`; a test holds
them to the same numbers, and the gradient to finite differences. Only durations that lie on the grid are visited,
and diagnosis years that share their hazards are computed once.
"""

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@numba.njit(cache=True)
def _first_alike(decades: Floats) -> NDArray[np.int64]:
    """First diagnosis year whose hazards are those of each diagnosis year, shape (n_years,)."""
    n = decades.shape[0]
    first = np.arange(n)
    for s in range(1, n):
        r = first[s - 1]
        alike = True
        for m in range(n - s):
            if decades[r, m] != decades[s, m]:
                alike = False
                break
        if alike:
            first[s] = r
    return first


@numba.njit(cache=True, fastmath={"contract", "arcp", "nsz"})
def survive(
    hazard: Floats,
    ratios: Floats,
    slopes: Floats,
    floor_factor: float,
    decades: Floats,
    floor: Floats,
    first_weights: Floats,
    later_weights: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Survivorship of every stratum.

    Parameters
    ----------
    hazard : array, shape (n_nodes,)
        Baseline cumulative hazard: nodes of the first year, whole years 0..n, nodes of later years. Anything behind
        them is ignored.
    ratios, slopes : arrays, shape (n_strata,)
        Hazard of the stratum over the baseline; its log hazard per decade.
    floor_factor : float
        Multiplier of other-cause mortality.
    decades : array, shape (n_years, n_years)
        Decades from the reference year by diagnosis year and year since diagnosis.
    floor : array, shape (n_strata, n_nodes)
        Cumulative other-cause hazard at the same nodes.
    first_weights, later_weights : arrays
        Quadrature weights within the first year and within later years.

    Returns
    -------
    alive : array, shape (n_strata, n_years, n_years)
        Survivorship by diagnosis year and duration; 0 beyond the grid.
    first_terms, later_terms : arrays
        Survival at the nodes of the first diagnosis year among those alike, for the gradient.
    """
    n_strata, n = ratios.size, decades.shape[0]
    n_first, n_later = first_weights.size, later_weights.size
    at_starts, at_later = n_first, n_first + n + 1
    alive = np.zeros((n_strata, n, n))
    first_terms, later_terms = np.empty((n_strata, n, n_first)), np.empty((n_strata, n, n, n_later))
    first_alike = _first_alike(decades)
    for k in range(n_strata):
        for s in range(n):
            if first_alike[s] < s:
                alive[k, s, :n - s] = alive[k, first_alike[s], :n - s]
                continue
            total = 0.0
            trend = 0.0
            for m in range(n - s):
                if m == 0 or decades[s, m] != decades[s, m - 1]:
                    trend = ratios[k] * np.exp(slopes[k] * decades[s, m])
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
    return alive, first_terms, later_terms


@numba.njit(cache=True, fastmath={"contract", "arcp", "nsz"})
def convolve(cases: Floats, alive: Floats, dying_at: Floats, living_at: Floats) -> tuple[Floats, Floats]:
    """Deaths and living of each class, level and year.

    Parameters
    ----------
    cases : array, shape (n_strata, n_levels, n_years)
        Incidence by stratum [persons / year].
    alive : array, shape (n_strata, n_years, n_years)
        From `survive`.
    dying_at, living_at : arrays, shape (n_strata, n_classes, n_years)
        Share of a stratum's deaths in the m-th calendar year after that of diagnosis, and of its living at the end of
        that year, that are counted in each class. One class of ones counts everybody together.

    Returns
    -------
    deaths, living : arrays, shape (n_classes, n_levels, n_years)
        Each with its own number of classes.
    """
    n_strata, n_levels, n = cases.shape
    n_dying, n_living = dying_at.shape[1], living_at.shape[1]
    deaths, living = np.zeros((n_dying, n_levels, n)), np.zeros((n_living, n_levels, n))
    gone = np.empty(n)
    for k in range(n_strata):
        for s in range(n):
            before = 1.0
            for m in range(n - s):
                gone[m] = before - alive[k, s, m]
                before = alive[k, s, m]
            for level in range(n_levels):
                people = cases[k, level, s]
                if people == 0.0:
                    continue
                for c in range(n_dying):
                    for m in range(n - s):
                        deaths[c, level, s + m] += people * gone[m] * dying_at[k, c, m]
                for c in range(n_living):
                    for m in range(n - s):
                        living[c, level, s + m] += people * alive[k, s, m] * living_at[k, c, m]
    return deaths, living


@numba.njit(cache=True, fastmath={"contract", "arcp", "nsz"})
def convolve_gradient(
    to_deaths: Floats, to_living: Floats, cases: Floats, alive: Floats, dying_at: Floats, living_at: Floats
) -> tuple[Floats, Floats]:
    """Gradient of ``sum(to_deaths * deaths) + sum(to_living * living)`` in cases and in survivorship.

    Returns
    -------
    to_cases, to_alive : arrays
        Of the shapes of what they are the gradient in.
    """
    n_strata, n_levels, n = cases.shape
    n_dying, n_living = dying_at.shape[1], living_at.shape[1]
    to_cases, to_alive = np.zeros_like(cases), np.zeros_like(alive)
    from_dying, from_living = np.empty(n + 1), np.empty(n)
    for k in range(n_strata):
        for s in range(n):
            for level in range(n_levels):
                people = cases[k, level, s]
                from_dying[:n - s + 1] = 0.0
                from_living[:n - s] = 0.0
                for c in range(n_dying):
                    for m in range(n - s):
                        from_dying[m] += to_deaths[c, level, s + m] * dying_at[k, c, m]
                for c in range(n_living):
                    for m in range(n - s):
                        from_living[m] += to_living[c, level, s + m] * living_at[k, c, m]
                gain = 0.0
                before = 1.0
                for m in range(n - s):
                    now = alive[k, s, m]
                    gain += from_dying[m] * (before - now) + from_living[m] * now
                    before = now
                    to_alive[k, s, m] += people * (from_living[m] - from_dying[m] + from_dying[m + 1])
                to_cases[k, level, s] = gain
    return to_cases, to_alive


@numba.njit(cache=True, fastmath={"contract", "arcp", "nsz"})
def survive_gradient(
    to_alive: Floats,
    hazard: Floats,
    ratios: Floats,
    slopes: Floats,
    floor_factor: float,
    decades: Floats,
    floor: Floats,
    first_weights: Floats,
    later_weights: Floats,
    alive: Floats,
    first_terms: Floats,
    later_terms: Floats,
) -> tuple[Floats, Floats, Floats, float]:
    """Gradient of ``sum(to_alive * alive)``; the last three arguments are what `survive` returned.

    Returns
    -------
    to_hazard, to_ratios, to_slopes : arrays
        Of the shapes of what they are the gradient in.
    to_floor_factor : float
    """
    n_strata, n = ratios.size, decades.shape[0]
    n_first, n_later = first_weights.size, later_weights.size
    at_starts, at_later = n_first, n_first + n + 1
    to_hazard = np.zeros_like(hazard)
    to_ratios, to_slopes, to_floor = np.zeros(n_strata), np.zeros(n_strata), 0.0
    first_alike = _first_alike(decades)
    to_first = np.zeros(n)
    for k in range(n_strata):
        for back_s in range(n):
            s = n - 1 - back_s
            for m in range(n - s):
                to_first[m] += to_alive[k, s, m]
            if first_alike[s] < s:
                continue
            to_total = 0.0
            factor = 0.0
            for back in range(n - s):
                m = n - s - 1 - back
                decade = decades[s, m]
                if back == 0 or decade != decades[s, m + 1]:
                    factor = np.exp(slopes[k] * decade)
                trend = ratios[k] * factor
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
                g = to_first[m]
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
                to_slopes[k] += to_trend * trend * decade
                to_ratios[k] += to_trend * factor
            to_first[:] = 0.0
    return to_hazard, to_ratios, to_slopes, to_floor


@numba.njit(cache=True, nogil=True)
def survivorship_of_draws(
    hazard: Floats,
    ratios: Floats,
    slopes: Floats,
    floor_factor: Floats,
    decades: Floats,
    floor: Floats,
    first_weights: Floats,
    later_weights: Floats,
) -> Floats:
    """Survivorship on the grid of every draw; arguments as in `survive`, with a first axis of draws.

    Returns
    -------
    array, shape (n_draws, n_strata, n_years, n_years)
        Share of year-s diagnoses alive at the end of year t; zero where t < s.
    """
    n_draws, n_strata, n = hazard.shape[0], ratios.shape[1], decades.shape[0]
    on_grid = np.zeros((n_draws, n_strata, n, n))
    for d in range(n_draws):
        alive, _, _ = survive(
            hazard[d], ratios[d], slopes[d], floor_factor[d], decades, floor, first_weights, later_weights)
        for k in range(n_strata):
            for s in range(n):
                for m in range(n - s):
                    on_grid[d, k, s, s + m] = alive[k, s, m]
    return on_grid


@numba.njit(cache=True, nogil=True)
def convolved_draws(
    cases: Floats,
    hazard: Floats,
    ratios: Floats,
    slopes: Floats,
    floor_factor: Floats,
    decades: Floats,
    floor: Floats,
    dying_at: Floats,
    living_at: Floats,
    first_weights: Floats,
    later_weights: Floats,
) -> tuple[Floats, Floats]:
    """Deaths and living of every draw; arguments as in `survive` and `convolve`, with a first axis of draws.

    Shares by class, decades, floors and weights are common to all draws.

    Returns
    -------
    deaths, living : arrays, shape (n_draws, n_classes, n_levels, n_years)
    """
    n_draws, n_levels, n = cases.shape[0], cases.shape[2], cases.shape[3]
    deaths = np.zeros((n_draws, dying_at.shape[1], n_levels, n))
    living = np.zeros((n_draws, living_at.shape[1], n_levels, n))
    for d in range(n_draws):
        alive, _, _ = survive(
            hazard[d], ratios[d], slopes[d], floor_factor[d], decades, floor, first_weights, later_weights)
        deaths[d], living[d] = convolve(cases[d], alive, dying_at, living_at)
    return deaths, living
