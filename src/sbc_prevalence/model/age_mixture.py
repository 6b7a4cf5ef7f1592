"""Ages together: what evidence that does not tell ages apart sees of people of several ages."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.strata import Strata

if TYPE_CHECKING:
    from sbc_prevalence.model.ages import AgeStructure
    from sbc_prevalence.model.inputs import ModelInputs
    from sbc_prevalence.model.survival import AbstractSurvival

Floats = NDArray[np.float64]
Parameters = Mapping[str, Array]


def mixed_growth(
    at_end: Array, at_start: Array, ratio: Array, ages: "AgeStructure", p: Parameters, inputs: "ModelInputs",
    xp: Namespace = NUMPY,
) -> tuple[Array, Array]:
    """Growth of the cumulative hazard of published populations, in which all ages stand together.

    Parameters
    ----------
    at_end, at_start : arrays, shape (..., n_points)
        Cumulative hazard of de novo disease at the mean age, at the end and the start of each point.
    ratio : array, shape (..., 1)
        Recurrent over de novo hazard between published populations.

    Returns
    -------
    de_novo, recurrent : arrays, shape (..., n_points)
        Of the survivors of the mixture of ages: the old die first.
    """
    usual, ratios = np.log(ages.laid_out(inputs).mix_of_studies), ages.hazard_ratios(p, inputs, xp)

    def growth(weights: Floats, factor: Array) -> Array:
        by_band = (factor * ratios)[..., :, None]
        start, end = (
            xp.logsumexp(weights[:, None] - by_band * at[..., None, :], -2) for at in (at_start, at_end))
        return start - end

    return growth(usual[0], xp.ones_like(ratio)), growth(usual[1], ratio)


def mixed_cells(
    hazards: Array, ratio: Array, described: bool, ages: "AgeStructure", survival: "AbstractSurvival", p: Parameters,
    inputs: "ModelInputs", xp: Namespace = NUMPY,
) -> Array:
    """Cumulative hazard of people of all ages at the edges of the cells of survival records.

    Entry into the records does not choose among ages, so that those followed at any time are the survivors of the
    mixture.

    Parameters
    ----------
    hazards : array, shape (..., n_nodes)
        At the mean age, of the population whose records they are.
    ratio : array, shape (...)
        Recurrent over de novo hazard in that population.
    described : bool
        Whether its mix of ages is that of the diagnoses of each year here, or the usual one.

    Returns
    -------
    array, shape (..., presentation, n_strata of the cells, n_edges)
    """
    laid_out, n = ages.laid_out(inputs), ages.size
    assert inputs.survival_cells is not None
    assert laid_out.cell_floor is not None
    both = xp.stack([xp.ones_like(ratio), ratio], axis=-1)
    strata = ages.strata(Strata(both, both, inputs.floor), p, inputs, xp)
    floor = laid_out.cell_floor.reshape(laid_out.n_strata, -1)
    by_stratum = survival.cell_hazards(p, inputs, hazards, strata, floor, xp)
    if described:
        at = np.floor(inputs.survival_cells.diagnosed).astype(np.int64) - inputs.grid.first_year
        weights = xp.log(ages.mix(p, inputs, xp)[..., np.clip(at, 0, inputs.n_years - 1)])
    else:
        weights = np.log(laid_out.mix_of_studies)[..., None]
    return xp.stack(
        [-xp.logsumexp(weights[..., k, :, :, None] - by_stratum[..., k * n : (k + 1) * n, :, :], -3) for k in (0, 1)],
        axis=-3)


def mixed_at_nodes(first: Array, later: Array, mix: Array, xp: Namespace = NUMPY) -> tuple[Array, Array]:
    """Survival at the nodes of `survivorship.survival_at_nodes`, ages together.

    Parameters
    ----------
    first : array, shape (..., n_strata, n_years, n_first)
    later : array, shape (..., n_strata, n_years, n_durations - 1, n_later)
    mix : array, shape (..., presentation, n_bands, n_years)

    Returns
    -------
    first, later : arrays
        With an axis of presentations in place of that of strata.
    """
    n = first.shape[-3] // 2
    early = [(mix[..., k, :, :, None] * first[..., k * n : (k + 1) * n, :, :]).sum(-3) for k in (0, 1)]
    late = [(mix[..., k, :, :, None, None] * later[..., k * n : (k + 1) * n, :, :, :]).sum(-4) for k in (0, 1)]
    return xp.stack(early, axis=-3), xp.stack(late, axis=-4)
