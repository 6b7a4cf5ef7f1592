"""Monte Carlo error of the reported persons, and the unit to which each quantity of each area can honestly be rounded."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from arviz_stats.base import array_stats
from numpy.typing import NDArray

from sbc_prevalence.errors import FitRefused
from sbc_prevalence.grid import AGE_BAND, ALL, AREA_CODE, DURATION_BANDS, PRESENTATIONS
from sbc_prevalence.prevalence.ages import AgeDraws
from sbc_prevalence.prevalence.quantity import LIVING, NEWLY_DIAGNOSED

if TYPE_CHECKING:
    from sbc_prevalence.prevalence.estimate import Estimates

STEPS = (1, 2, 5, 10, 20, 50, 100)
DEATHS = "certified_deaths"
"""Replicated certified deaths, as the table `deaths_fit` has them."""
COLUMNS = ("quantity", "area_code", "presentation", "duration_band", "mcse")
Units = Mapping[str, Mapping[str, int]]


def precision_table(est: "Estimates") -> pd.DataFrame:
    """Monte Carlo standard error of the expected living, newly diagnosed and certified deaths.

    Returns
    -------
    DataFrame
        ``quantity, area_code, presentation, duration_band, mcse`` [persons], of means, for the whole, every area and
        every group. All together: the largest error of any reported year. Broken down: of the index year. Certified
        deaths: the largest error of any row, for the areas that have them. Under a model with ages also the living by
        attained age and the newly diagnosed by age at diagnosis, in a further column ``age_band``.
    """
    areas = est.grid.areas
    single = areas.codes == (areas.total_code,)
    codes = (areas.total_code,) if single else (areas.total_code, *areas.codes, *tuple(areas.groups or ()))
    members = areas.membership(codes)
    kinds, bands = [(kind, ALL) for kind in PRESENTATIONS], [(ALL, band) for band in DURATION_BANDS]
    frames = []
    for quantity, values in ((LIVING, est.draws.living.sum(-1)), (NEWLY_DIAGNOSED, est.draws.incidence)):
        by_year = _of_places(values, members)
        frames += [_labelled(quantity, codes, [(ALL, ALL)], _mcse(est, by_year.sum(2)).max(-1)),
                   _labelled(quantity, codes, kinds, _mcse(est, by_year[..., est.position]))]
    by_band = _of_places(est.draws.living[:, :, :, est.position].sum(2), members)
    frames.append(_labelled(LIVING, codes, bands, _mcse(est, by_band)))
    table = pd.concat([*frames, _certified(est)], ignore_index=True)
    return table if est.draws.ages is None else pd.concat(
        [table.assign(**{AGE_BAND: ALL}), *_by_age(est, est.draws.ages, codes, members)], ignore_index=True)


def _by_age(
    est: "Estimates", ages: AgeDraws, codes: tuple[str, ...], members: NDArray[np.float64]
) -> list[pd.DataFrame]:
    """Errors of the index year by age band."""
    frames = []
    for quantity, draws in ((LIVING, ages.attained), (NEWLY_DIAGNOSED, ages.newly_diagnosed)):
        error = _mcse(est, _of_places(draws[..., est.position].sum(-1), members))
        bands = np.tile(np.array(ages.bands, dtype=object), len(codes))
        frames.append(_labelled(quantity, codes, [(ALL, ALL)] * len(ages.bands), error).assign(**{AGE_BAND: bands}))
    return frames


def _of_places(values: NDArray[Any], members: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over the areas of each place: the area axis is the second."""
    return np.stack([values[:, row > 0].sum(1) for row in members], axis=1)


def _mcse(est: "Estimates", values: NDArray[Any]) -> NDArray[np.float64]:
    """Monte Carlo error of the mean of every cell; the first axis holds all chains after one another."""
    by_chain = values.reshape(est.n_chains, est.n_draws, -1)
    error = array_stats.mcse(np.moveaxis(by_chain, -1, 0), chain_axis=-2, draw_axis=-1, method="mean")
    return np.asarray(error, dtype=float).reshape(values.shape[1:])


def _labelled(
    quantity: str, codes: tuple[str, ...], labels: list[tuple[str, str]], error: NDArray[Any]
) -> pd.DataFrame:
    rows = [(quantity, code, presentation, band) for code in codes for presentation, band in labels]
    return pd.DataFrame(rows, columns=list(COLUMNS[:-1])).assign(mcse=error.reshape(-1))


def _certified(est: "Estimates") -> pd.DataFrame:
    """The largest error of replicated certified deaths by area; no rows without deaths."""
    rows = est.fitted.inputs.deaths_frame
    if rows.empty:
        return pd.DataFrame(columns=list(COLUMNS)).astype({"mcse": float})
    error = pd.Series(_mcse(est, est.draws.certified_rep)).groupby(rows[AREA_CODE].to_numpy(str), sort=False).max()
    return _labelled(DEATHS, tuple(str(code) for code in error.index), [(ALL, ALL)], error.to_numpy(float))


def rounding_units(table: pd.DataFrame, unit: int) -> dict[str, dict[str, int]]:
    """Unit of each quantity of each area: the smallest whose half exceeds the Monte Carlo error of all its cells.

    Parameters
    ----------
    table : DataFrame
        From `precision_table`.
    unit : int
        The unit asked for [persons]; a quantity of an area may get 2, 5, 10, ... 100 times that.

    Returns
    -------
    dict of quantity to dict of area code to int

    Raises
    ------
    FitRefused
        If no unit will do.
    """
    worst = table.groupby(["quantity", "area_code"], sort=False)["mcse"].max()
    found: dict[str, dict[str, int]] = {}
    failed = []
    for key, error in worst.items():
        quantity, code = str(key[0]), str(key[1])  # type: ignore[index]
        fitting = [unit * step for step in STEPS if error < unit * step / 2]
        if fitting:
            found.setdefault(quantity, {})[code] = fitting[0]
        else:
            failed.append(f"{quantity.replace('_', ' ')}, {code}")
    if failed:
        raise FitRefused(
            f"the Monte Carlo error of {len(failed)} figures exceeds half of {unit * STEPS[-1]} persons "
            f"({'; '.join(failed[:5])}). Draw more (sampler.draws), or raise report.rounding_unit.")
    return found
