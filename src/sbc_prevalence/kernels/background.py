"""Background mortality along the Lexis diagonal: everybody grows older and the calendar moves on."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def background_cumulative_hazard(
    hazard: Floats, first_year: int, ages: Floats, dates: Floats, durations: Floats
) -> Floats:
    """Cumulative hazard of single persons, exact for hazards that are constant in a year of age and calendar year.

    Parameters
    ----------
    hazard : array, shape (n_years, n_ages)
        Yearly hazard by calendar year and completed age 0, 1, ... . The first and last year hold outside the table, and
        the last age beyond it.
    first_year : int
    ages : array, shape (n,)
        Exact age at the start [years].
    dates : array, shape (n,)
        Date of the start [calendar years, 2010.5 is the middle of 2010].
    durations : array, shape (m,)
        Times since the start [years].

    Returns
    -------
    array, shape (n, m)
    """
    longest = max(int(np.ceil(durations.max(initial=0.0))), 1)
    birthday, new_year = 1.0 - ages % 1.0, 1.0 - dates % 1.0
    cuts = np.sort(np.stack([np.zeros_like(ages), birthday, new_year, np.ones_like(ages)]), axis=0)
    total = np.zeros((ages.size, durations.size))
    for year in range(longest):
        for i in range(3):
            start, length = year + cuts[i], cuts[i + 1] - cuts[i]
            middle = start + 0.5 * length
            age = np.clip(np.floor(ages + middle).astype(np.int64), 0, hazard.shape[1] - 1)
            when = np.clip(np.floor(dates + middle).astype(np.int64) - first_year, 0, hazard.shape[0] - 1)
            spent = np.clip(durations[None, :] - start[:, None], 0.0, length[:, None])
            total += hazard[when, age][:, None] * spent
    return total
