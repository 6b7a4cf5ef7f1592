"""Primary registrations laid on the study's years: seen, unseen before the data, held after them."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.evidence.smoothing import smooth_primaries
from sbc_prevalence.grid import StudyGrid

YEARS_FOR_LEVEL = 3
YEARS_FOR_GROWTH = 10


@dataclass(frozen=True)
class PrimarySeries:
    """Invasive primaries on the grid.

    Parameters
    ----------
    actual : array, shape (n_areas, n_primary_years)
        Registered where seen; before the data the level of the first years (the model applies growth);
        after the data the last smoothed level.
    smooth : array, shape (n_areas, n_years)
        Smoothed, for de novo incidence.
    years_unseen, smooth_years_unseen : arrays, shape (n_areas, n_primary_years), (n_areas, n_years)
        Years by which a year lies before the middle of the first years seen; 0 where seen.
    growth : float
        Log growth per year over the first years of data.
    first_seen, last_seen : int
    """

    actual: NDArray[np.float64]
    smooth: NDArray[np.float64]
    years_unseen: NDArray[np.float64]
    smooth_years_unseen: NDArray[np.float64]
    growth: float
    first_seen: int
    last_seen: int


def lay_on_grid(
    counts: NDArray[np.float64], years: NDArray[np.int64], grid: StudyGrid, pause_years: Collection[int]
) -> PrimarySeries:
    """Primary registrations on the years of a study.

    Parameters
    ----------
    counts : array, shape (n_areas, n_seen_years)
        NaN where an area's registration had not begun or has not been published.
    years : int array, shape (n_seen_years,)
        Consecutive years.
    grid : StudyGrid
    pause_years : collection of int
        Years in which registration was interrupted; smoothed over for de novo incidence.

    Notes
    -----
    The smooth series is fitted to the years that all areas share. Before them an area's smooth level is that of
    its first years, which the model carries backwards with its growth; after them the last level is held.
    """
    known = ~np.isnan(counts)
    shared = np.flatnonzero(known.all(0))
    smooth_years = years[shared]
    smooth_shared = smooth_primaries(counts[:, shared], smooth_years, pause_years)
    n_growth = min(YEARS_FOR_GROWTH, smooth_years.size)
    total = smooth_shared.sum(0)
    growth = float(np.log(total[n_growth - 1] / total[0]) / max(n_growth - 1, 1))

    n_level = min(YEARS_FOR_LEVEL, smooth_years.size)
    level = smooth_shared[:, :n_level].mean(1)
    middle = smooth_years[0] + (n_level - 1) / 2.0
    first_by_area = np.array([years[row.argmax()] for row in known])

    def smooth_on(wanted: NDArray[np.int64]) -> NDArray[np.float64]:
        values = smooth_shared[:, np.clip(wanted - smooth_years[0], 0, smooth_years.size - 1)]
        return np.where(wanted[None, :] < smooth_years[0], level[:, None], values)

    def back_from(wanted: NDArray[np.int64], first: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.where(wanted[None, :] < first[:, None], middle - wanted[None, :], 0.0)

    actual = smooth_on(grid.primary_years)
    position = grid.primary_years[:, None] == years[None, :]
    for area, row in enumerate(known):
        here = position[:, row].any(1)
        actual[area, here] = counts[area, row][np.isin(years[row], grid.primary_years)]
    held_first = np.full(counts.shape[0], smooth_years[0])
    return PrimarySeries(
        actual=actual,
        smooth=smooth_on(grid.years),
        years_unseen=back_from(grid.primary_years, first_by_area),
        smooth_years_unseen=back_from(grid.years, held_first),
        growth=growth,
        first_seen=int(first_by_area.min()),
        last_seen=int(years[-1]),
    )
