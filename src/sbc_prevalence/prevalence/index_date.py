"""Survival to an index date inside a calendar year, 29 February included."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from sbc_prevalence.kernels.counts import InsideYear
from sbc_prevalence.kernels.survivorship import FIRST_NODES, LATER_NODES
from sbc_prevalence.model.inputs import ModelInputs, SurvivalPoints
from sbc_prevalence.model.prevalence_model import PrevalenceModel

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AliveInside:
    """Shares of each year's diagnoses alive on an index date in calendar year t.

    Parameters
    ----------
    year_index : int
        Position of t on the grid of years.
    early : array, shape (..., presentation, n_years)
        Alive on the date and with the disease for t - s years or more: integral of S_s(t - s + w) over w from
        0 to f, f being the share of the year gone. For s = t it holds everyone diagnosed by the date.
    late : array, shape (..., presentation, n_years)
        Alive on the date and with the disease for less than t - s years; 0 for s = t.
    early_to_year_end : array, shape (..., presentation)
        Diagnosed in year t by the date, and alive at the end of the year.
    """

    year_index: int
    early: Floats
    late: Floats
    early_to_year_end: Floats

    @property
    def inside(self) -> InsideYear:
        """The same for the count kernel."""
        return InsideYear(self.year_index, self.early, self.late, self.early_to_year_end)

    def living(self, incidence: Floats, edges: tuple[int, ...]) -> Floats:
        """Expected living on the date by band of time since diagnosis, shape (..., n_areas, n_bands).

        Parameters
        ----------
        incidence : array, shape (..., presentation, n_areas, n_years)
        edges : tuple of int
        """
        t = self.year_index
        durations = t - np.arange(t + 1)
        starts = np.asarray(edges)

        def in_bands(m: NDArray[np.int64]) -> Floats:
            band = np.searchsorted(starts, np.maximum(m, 0), side="right") - 1
            return (band[:, None] == np.arange(starts.size)[None, :]).astype(float)

        early = self.early[..., :t + 1, None] * in_bands(durations)
        late = self.late[..., :t + 1, None] * in_bands(durations - 1)
        return np.asarray(incidence[..., :t + 1] @ (early + late))


def alive_inside(
    model: PrevalenceModel, p: Mapping[str, Floats], inputs: ModelInputs, alive: Floats, year: int, fraction: float
) -> AliveInside:
    """Shares alive on an index date, by presentation and diagnosis year.

    The same integrals as at a year's end, over part of each year since diagnosis: the family's hazards are
    evaluated at nodes of that part, with the trend, the tail and the floor of other-cause mortality. The floor
    is known at the nodes of whole years and interpolated between them, monotonically.

    Parameters
    ----------
    model : PrevalenceModel
    p : mapping of parameter name to array, shape (n_draws, ...)
    inputs : ModelInputs
    alive : array, shape (n_draws, presentation, n_years, n_years)
        From ``model.latent``.
    year : int
        Calendar year of the index date.
    fraction : float
        Share of that year gone at the end of the index date, in (0, 1).
    """
    part, remaining = (part_of_year(model, p, inputs, share) for share in (fraction, 1.0 - fraction))
    return _placed(alive, part, remaining, int(year - inputs.grid.first_year))


def alive_inside_by_age(
    model: PrevalenceModel, p: Mapping[str, Floats], inputs: ModelInputs, alive: Floats, year: int, fraction: float
) -> AliveInside:
    """The same for each age band at diagnosis: shares have axes presentation, band, year.

    Parameters
    ----------
    alive : array, shape (n_draws, presentation, n_bands, n_years, n_years)
        ``alive_by_age`` of ``model.latent``.
    """
    part, remaining = (
        _part_of_strata(model, p, inputs, share).reshape(alive.shape) for share in (fraction, 1.0 - fraction))
    return _placed(alive, part, remaining, int(year - inputs.grid.first_year))


def _placed(alive: Floats, part: Floats, remaining: Floats, t: int) -> AliveInside:
    """Shares on the grid of diagnosis years; leading axes are kept."""
    s = np.arange(t + 1)
    early, late = np.zeros(alive.shape[:-1]), np.zeros(alive.shape[:-1])
    early[..., s] = part[..., s, t - s]
    before = s[:-1]
    late[..., before] = np.maximum(alive[..., before, t - 1] - part[..., before, t - 1 - before], 0.0)
    return AliveInside(t, early, late, np.maximum(alive[..., t, t] - remaining[..., t, 0], 0.0))


def part_of_year(
    model: PrevalenceModel, p: Mapping[str, Floats], inputs: ModelInputs, fraction: float
) -> Floats:
    """Integral of S_s(m + w) over w from 0 to `fraction`, shape (..., presentation, n_years, n_durations).

    With fraction 1 it is the survivorship A_s(m). Ages stand together, as a mixture.
    """
    found = _part_of_strata(model, p, inputs, fraction)
    if model.ages is None:
        return found
    mix = np.asarray(model.ages.mix(p, inputs))
    by_age = found.reshape(*mix.shape[:-1], *found.shape[-2:])
    return np.asarray(np.einsum("...kas,...kasm->...ksm", mix, by_age))


def _part_of_strata(
    model: PrevalenceModel, p: Mapping[str, Floats], inputs: ModelInputs, fraction: float
) -> Floats:
    """`part_of_year` of every stratum of the model, shape (..., n_strata, n_years, n_durations)."""
    p = model.with_registered_share(p, inputs)
    n = inputs.n_years
    first = fraction * FIRST_NODES
    later = (np.arange(1, n, dtype=float)[:, None] + fraction * LATER_NODES).ravel()
    extra = np.concatenate([first, later])
    zeros, none = np.zeros(extra.size), np.zeros(extra.size, dtype=bool)
    asked = replace(inputs, survival_cells=None, points=SurvivalPoints(
        duration=extra, start=zeros, span=zeros + 1.0, is_hazard=none, is_recurrent=none, is_mixed=none,
        de_novo_share=zeros, diagnosis_year_mid=zeros, study_index=np.zeros(extra.size, dtype=np.int64)))
    whole = model.survival.grid_nodes(inputs)
    n_grid = whole.size
    hazards = model.survival.own_hazards(p, model.survival.baseline_with_tail(p, asked))
    starts = hazards[..., FIRST_NODES.size:FIRST_NODES.size + n + 1]
    at_extra = hazards[..., n_grid:n_grid + extra.size]
    shifted = np.concatenate([at_extra[..., :first.size], starts, at_extra[..., first.size:]], axis=-1)
    wanted = np.concatenate([first, np.arange(n + 1, dtype=float), later])
    order = np.argsort(whole, kind="stable")
    strata = model.strata(p, inputs)
    floor = PchipInterpolator(whole[order], strata.floor[..., order], axis=-1)(wanted)
    return fraction * model.survival.survivorship(p, inputs, shifted, strata=replace(strata, floor=floor))
