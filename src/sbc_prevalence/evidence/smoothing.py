"""Primary registrations smoothed over years: neither screening waves nor an interruption reach de novo incidence."""

from collections.abc import Collection

import numpy as np
import statsmodels.api as sm
from numpy.typing import NDArray
from patsy import dmatrix

MIN_YEARS_FOR_SPLINE = 8


def _fitted(
    design: NDArray[np.float64],
    counts: NDArray[np.float64],
    keep: NDArray[np.bool_],
    offset: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    model = sm.GLM(
        counts[keep],
        design[keep],
        family=sm.families.Poisson(),
        offset=None if offset is None else offset[keep],
    )
    result = model.fit()
    linear = design @ result.params + (0.0 if offset is None else offset)
    return np.asarray(np.exp(linear))


def smooth_primaries(
    counts: NDArray[np.float64], years: NDArray[np.int64], pause_years: Collection[int] = ()
) -> NDArray[np.float64]:
    """Expected invasive primaries by area and year, smooth in time.

    The total follows a natural cubic spline in a Poisson regression; each area's share of it follows a
    log-linear trend. Years in which registration was interrupted carry no weight and are interpolated.
    Areas are scaled so that they sum to the total in every year.

    Parameters
    ----------
    counts : array, shape (n_areas, n_years)
        Registered invasive primaries [persons / year].
    years : int array, shape (n_years,)
    pause_years : collection of int
        Years whose registrations were interrupted.

    Returns
    -------
    array, shape (n_areas, n_years)
    """
    keep = ~np.isin(years, list(pause_years))
    if keep.sum() < 2:
        keep = np.ones(years.size, dtype=bool)
    if years.size == 1:
        return np.asarray(counts, dtype=float)
    x = (years - years.mean()) / max(float(np.ptp(years)), 1.0)
    if keep.sum() >= MIN_YEARS_FOR_SPLINE:
        total_design = np.asarray(dmatrix("cr(x, df=4)", {"x": x}))
        total_design = (
            total_design[:, :-1]
            if np.linalg.matrix_rank(total_design) < total_design.shape[1]
            else total_design
        )
    else:
        total_design = np.column_stack([np.ones_like(x), x])
    total = _fitted(total_design, counts.sum(0), keep)
    line = np.column_stack([np.ones_like(x), x])
    areas = np.stack(
        [
            _fitted(line, row, keep, np.log(total)) if row[keep].sum() > 0 else np.zeros_like(total)
            for row in counts
        ]
    )
    return np.asarray(areas * (total / areas.sum(0)))
