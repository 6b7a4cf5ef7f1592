"""Monte Carlo error of the finer breakdowns, and the unit to which each area can honestly be rounded."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from arviz_stats.base import array_stats
from numpy.typing import NDArray

from sbc_prevalence.errors import FitRefused
from sbc_prevalence.grid import ALL, DURATION_BANDS, PRESENTATIONS

if TYPE_CHECKING:
    from sbc_prevalence.prevalence.estimate import Estimates

STEPS = (1, 2, 5, 10, 20, 50, 100)


def precision_table(est: "Estimates") -> pd.DataFrame:
    """Monte Carlo standard error of the living at the end of the index year, whole and broken down.

    Returns
    -------
    DataFrame
        ``area_code, presentation, duration_band, mcse`` [persons]: of the mean of the expected living, for the
        whole, every area and every group, all together, by presentation and by duration band; under a model with ages
        also by attained age, in the column ``age_band``.
    """
    areas = est.grid.areas
    single = areas.codes == (areas.total_code,)
    groups = tuple(areas.groups or ())
    codes = (areas.total_code,) if single else (areas.total_code, *areas.codes, *groups)

    def placed(by_area: NDArray[np.float64]) -> NDArray[np.float64]:
        """The whole, every area and every group along the second axis."""
        whole = by_area.sum(1, keepdims=True)
        sums = [by_area[:, row > 0].sum(1, keepdims=True) for row in areas.membership(groups)]
        return whole if single else np.concatenate([whole, by_area, *sums], axis=1)

    places = placed(est.draws.living[:, :, :, est.position])
    cells = np.concatenate([places.sum((2, 3))[:, :, None], places.sum(3), places.sum(2)], axis=2)
    labels = [(ALL, ALL, ALL), *((k, ALL, ALL) for k in PRESENTATIONS), *((ALL, band, ALL) for band in DURATION_BANDS)]
    if est.draws.ages is not None:
        cells = np.concatenate([cells, placed(est.draws.ages.attained[..., est.position].sum(-1))], axis=2)
        labels += [(ALL, ALL, band) for band in est.draws.ages.bands]
    by_chain = cells.reshape(est.n_chains, est.n_draws, -1)
    error = array_stats.mcse(np.moveaxis(by_chain, -1, 0), chain_axis=-2, draw_axis=-1, method="mean")
    return pd.DataFrame([
        {"area_code": code, "presentation": presentation, "duration_band": duration,
         **({} if est.draws.ages is None else {"age_band": age})}
        for code in codes for presentation, duration, age in labels]).assign(mcse=np.asarray(error))


def rounding_units(table: pd.DataFrame, unit: int) -> dict[str, int]:
    """Unit of each area: the smallest whose half exceeds the Monte Carlo error of all its cells.

    Parameters
    ----------
    table : DataFrame
        From `precision_table`.
    unit : int
        The unit asked for [persons]; an area may get 2, 5, 10, ... 100 times that.

    Raises
    ------
    FitRefused
        If no unit will do.
    """
    worst = table.groupby("area_code", sort=False)["mcse"].max()
    found, failed = {}, []
    for code, error in worst.items():
        fitting = [unit * step for step in STEPS if error < unit * step / 2]
        if fitting:
            found[str(code)] = fitting[0]
        else:
            failed.append(str(code))
    if failed:
        raise FitRefused(
            f"the Monte Carlo error of {len(failed)} areas exceeds half of {unit * STEPS[-1]} persons "
            f"({', '.join(failed[:5])}). Draw more (sampler.draws), or raise report.rounding_unit.")
    return found
