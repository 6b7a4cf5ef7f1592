"""Realised counts: one joint draw of who is diagnosed, who dies and who is living, person by person."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.grid import DURATION_EDGES

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class InsideYear:
    """Survival to an index date inside a calendar year.

    Parameters
    ----------
    year_index : int
        Position of the year of the index date on the grid of years.
    early : array, shape (..., n_years)
        Per person diagnosed in year s: probability to be alive on the index date and to have been diagnosed so
        early in year s that the disease has lasted t - s years or more, t being the year of the index date.
    late : array, shape (..., n_years)
        The same for those diagnosed later in year s, with the disease for less than t - s years.
    early_to_year_end : array, shape (...)
        Per person diagnosed in the year of the index date: probability to be diagnosed by the index date and
        alive at the end of the year.
    """

    year_index: int
    early: Floats
    late: Floats
    early_to_year_end: Floats


@dataclass(frozen=True)
class RealisedCounts:
    """Whole persons; leading axes as in the incidence that they were drawn from.

    Parameters
    ----------
    newly_diagnosed, deaths : int arrays, shape (..., n_areas, n_reported)
    living : int array, shape (..., n_areas, n_reported, n_bands)
        At the end of each year, by band of time since diagnosis.
    living_before : int array, shape (..., n_areas)
        At the end of the year before the first reported one.
    living_at : int array, shape (..., n_areas, n_bands), or None
        On the index date inside a year.
    """

    newly_diagnosed: Counts
    deaths: Counts
    living: Counts
    living_before: Counts
    living_at: Counts | None = None


def realise(
    incidence: Floats,
    alive: Floats,
    rng: np.random.Generator,
    *,
    first: int,
    last: int | None = None,
    edges: tuple[int, ...] = DURATION_EDGES,
    inside: InsideYear | None = None,
    split: Sequence[np.random.Generator] | None = None,
) -> RealisedCounts:
    """One joint draw of diagnoses, deaths and the living for the reported years.

    The people diagnosed in year s who die in year d are Poisson, independent for every s and d. That is the same
    law as Poisson diagnoses followed by a binomial chain of survivors with ratio A(m) / A(m - 1), and needs no
    loop over years. So that N(t) = N(t - 1) + I(t) - D(t) holds exactly in whole persons. Those diagnosed before
    the first reported year enter as the Poisson survivors that they are.

    Parameters
    ----------
    incidence : array, shape (..., n_areas, n_years)
        Expected true new diagnoses [persons / year].
    alive : array, shape (..., n_years, n_years)
        Survivorship of diagnosis year s at the end of calendar year t, 0 where t < s; shared by the areas.
    rng : numpy.random.Generator
    first, last : int
        Positions of the first and of the last reported year; by default the last of the grid.
    edges : tuple of int
        Starts of the duration bands [years]; the last band is open.
    inside : InsideYear, optional
        Draws also the living on an index date inside a reported year: those alive at the end of that year or
        dead in it, each placed before or after the date with its exact probability. Their split over the two
        neighbouring durations of one diagnosis year disregards when they die later.
    split : three numpy.random.Generator, optional
        Randomness for the index date; by default spawned from `rng`. Asking for a date leaves all other counts
        as they are, and draws that are realised in parts are the same as when realised at once.

    Returns
    -------
    RealisedCounts
    """
    n_years = incidence.shape[-1]
    last = n_years - 1 if last is None else last
    n_reported = last - first + 1
    oldest = max(0, first - edges[-1])
    dying = _dying_in_reported_years(alive, first, last)
    means = incidence[..., oldest:last + 1, None] * dying[..., None, oldest:, :]
    pooled = incidence[..., :oldest] @ dying[..., :oldest, :]
    cells = rng.poisson(np.concatenate([pooled[..., None, :], means], axis=-2))
    left = np.flip(np.cumsum(np.flip(cells, -1), -1), -1)

    n_cohorts = last - oldest + 1
    living = np.zeros((*incidence.shape[:-1], n_reported, len(edges)), dtype=np.int64)
    living[..., -1] = left[..., 0, 1:]
    newly = np.empty(living.shape[:-1], dtype=np.int64)
    for c in range(n_cohorts):
        year = oldest + c - first
        people = left[..., 1 + c, :]
        if year >= 0:
            newly[..., year] = people[..., 0]
        for band, (start, end) in enumerate(zip(edges, (*edges[1:], n_years), strict=True)):
            low, high = max(year + start, 0), min(year + end, n_reported)
            if low < high:
                living[..., low:high, band] += people[..., low + 1:high + 1]
    before = left[..., :1 + first - oldest, 0].sum(-1)
    at = None
    if inside is not None:
        at = _living_inside(cells, left, incidence, alive, inside, split or rng.spawn(3), first, oldest, edges)
    return RealisedCounts(newly, cells[..., :n_reported].sum(-2), living, before, at)


def _dying_in_reported_years(alive: Floats, first: int, last: int) -> Floats:
    """Share of each diagnosis year that dies in each reported year, and last the share that outlives them."""
    s = np.arange(last + 1)
    years = np.arange(first, last + 1)
    before = np.where(
        years[None, :] > s[:, None], alive[..., s[:, None], np.maximum(years - 1, 0)[None, :]],
        (years[None, :] == s[:, None]).astype(float))
    shares = before - alive[..., :last + 1, first:last + 1]
    return np.maximum(np.concatenate([shares, alive[..., :last + 1, last:last + 1]], axis=-1), 0.0)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.clip(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0), 0.0, 1.0)


def _living_inside(
    cells: Counts, left: Counts, incidence: Floats, alive: Floats, inside: InsideYear,
    split: Sequence[np.random.Generator], first: int, oldest: int, edges: tuple[int, ...],
) -> Counts:
    """Living on an index date by duration band, given deaths by year; shape (..., n_areas, n_bands)."""
    t = inside.year_index
    at = inside.early + inside.late
    end = alive[..., t]
    before = np.where(np.arange(end.shape[-1]) == t, 1.0, alive[..., max(t - 1, 0)])
    outlive = np.ones_like(end)
    outlive[..., t] = _ratio(inside.early_to_year_end, end[..., t])
    gone = np.maximum(at - end * outlive, 0.0)
    dead_later = np.broadcast_to(
        _ratio(gone, np.maximum(before - end, 0.0))[..., None, oldest:t + 1],
        (*incidence.shape[:-1], t + 1 - oldest))
    pool_gone = np.einsum("...rs,...s->...r", incidence[..., :oldest], gone[..., :oldest])
    pool_dead = np.einsum("...rs,...s->...r", incidence[..., :oldest], (before - end)[..., :oldest])
    chances = np.concatenate([_ratio(pool_gone, pool_dead)[..., None], dead_later], axis=-1)
    dead = cells[..., :t + 2 - oldest, t - first]
    kept = left[..., :t + 2 - oldest, t - first + 1].copy()
    kept[..., -1] = split[0].binomial(kept[..., -1], np.broadcast_to(outlive[..., t, None], kept.shape[:-1]))
    people = kept + split[1].binomial(dead, chances)
    share = np.broadcast_to(_ratio(inside.late, at)[..., None, oldest:t + 1], chances[..., 1:].shape)
    late = split[2].binomial(people[..., 1:], share)
    out = np.zeros((*people.shape[:-1], len(edges)), dtype=np.int64)
    out[..., -1] = people[..., 0]
    for c in range(t + 1 - oldest):
        m = t - oldest - c
        out[..., _band(m, edges)] += people[..., 1 + c] - late[..., c]
        out[..., _band(max(m - 1, 0), edges)] += late[..., c]
    return out


def _band(duration: int, edges: tuple[int, ...]) -> int:
    """Position of the band of a whole number of years."""
    return sum(start <= duration for start in edges) - 1


def known_plus_unknown(
    known: Counts,
    expected: Floats,
    completeness: Floats,
    rng: np.random.Generator,
    *,
    frailty_shape: float | None = None,
) -> Counts:
    """Realised diagnoses given those that are registered: the known as known, the others drawn.

    Parameters
    ----------
    known : int array, shape (...)
        Registered persons y.
    expected : array, shape (...)
        Expected true diagnoses mu, registered or not.
    completeness : array, broadcastable
        Probability c that a true case is registered.
    rng : numpy.random.Generator
    frailty_shape : float, optional
        Shape q of a gamma frailty of mean 1 shared by an area and year. Given y, the frailty is
        Gamma(q + y, q + c mu); without it there is no over-dispersion in diagnoses.

    Returns
    -------
    int array, shape (...)
        At least `known`.
    """
    missed = (1.0 - np.asarray(completeness)) * expected
    if frailty_shape is not None:
        rate = frailty_shape + np.asarray(completeness) * expected
        missed = missed * rng.gamma(frailty_shape + known, 1.0 / rate)
    return np.asarray(known + rng.poisson(missed), dtype=np.int64)
