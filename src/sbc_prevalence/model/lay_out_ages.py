"""From evidence by age to the constants of a model with age bands."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.evidence.ages import death_groups_by_age, population_by_age, single_ages_by_year
from sbc_prevalence.evidence.primaries import PrimarySeries
from sbc_prevalence.evidence.recurrence_table import ages_at_recurrence
from sbc_prevalence.grid import AgeBands, StudyGrid
from sbc_prevalence.kernels.lexis import bands_after
from sbc_prevalence.model.age_inputs import AgeInputs

Floats = NDArray[np.float64]

SMALLEST_SHARE = 1e-4
"""No age band has less than this share of the usual diagnoses of a presentation."""


def lay_out_ages(
    bundle: Any,
    grid: StudyGrid,
    bands: AgeBands,
    *,
    hazard: Floats,
    hazard_years: NDArray[np.int64],
    floor_of: Callable[[Floats], Floats],
    cell_floor_of: Callable[[Floats], Floats | None],
    primaries: PrimarySeries | None,
    death_cuts: tuple[int, ...],
) -> tuple[AgeInputs, dict[str, Floats]]:
    """Usual mixes of ages, ageing, floors and populations of the age bands.

    Parameters
    ----------
    bundle : EvidenceBundle
    grid : StudyGrid
    bands : AgeBands
    hazard : array, shape (n_life_table_years, n_ages)
        Mortality from other causes [per year].
    hazard_years : int array, shape (n_life_table_years,)
    floor_of : callable
        Cumulative other-cause hazard at the nodes of `ModelInputs.floor`, shape (n, n_nodes), of mixtures of single
        ages, shape (n, n_ages).
    cell_floor_of : callable
        The same at the edges of the cells of survival records; None where there are none.
    primaries : PrimarySeries or None
    death_cuts : tuple of int
        Ages at which the groups of death attribution begin.

    Returns
    -------
    ages : AgeInputs
    arrays : dict
        ``age_mix`` (2, n_bands, n_years) and ``death_groups_by_age`` (n_bands, n_years, n_groups).

    Raises
    ------
    EvidenceError
        If a band of deaths or of population lies across two bands of the model.
    """
    single = _single_ages(bundle, grid, hazard, hazard_years, primaries)
    member = _membership(bands, hazard.shape[1])
    mix = np.maximum(np.einsum("ksx,ax->kas", single, member), SMALLEST_SHARE)
    mix = mix / mix.sum(1, keepdims=True)
    with_data = (grid.years >= grid.first_data_year) & (grid.years <= grid.last_data_year)
    within = single[:, with_data].mean(1)[:, None, :] * member
    nobody = within.sum(-1, keepdims=True) == 0
    within = np.where(nobody, member, within)
    within = within / within.sum(-1, keepdims=True)
    people = _population(bundle, grid, bands)
    given = np.zeros(0, dtype=bool) if people is None else ~np.isnan(people).any((1, 2))
    flat = within.reshape(-1, within.shape[-1])
    cell_floor = cell_floor_of(flat)
    ages = AgeInputs(
        bands=bands,
        floor=floor_of(flat).reshape(2, bands.size, -1),
        after=bands_after(within, bands.starts, grid.years.size),
        middle_age=(within @ (np.arange(within.shape[-1]) + 0.5)).mean(0),
        mix_of_studies=mix[:, :, with_data].mean(-1),
        cell_floor=None if cell_floor is None else cell_floor.reshape(2, bands.size, -1),
        population=None if people is None else people[given],
        population_codes=() if people is None else tuple(np.array(grid.areas.all_codes)[given].tolist()),
    )
    groups = death_groups_by_age(bundle.by_kind("deaths"), bands, death_cuts, grid.years)
    return ages, {"age_mix": mix, "death_groups_by_age": np.ascontiguousarray(np.swapaxes(groups, 0, 1))}


def _single_ages(
    bundle: Any, grid: StudyGrid, hazard: Floats, hazard_years: NDArray[np.int64], primaries: PrimarySeries | None
) -> Floats:
    """Share of diagnoses at each single year of age, shape (presentation, n_years, n_ages)."""
    profile = bundle.by_kind("primary_age_profile")[0]
    at_primary = single_ages_by_year(profile, grid.primary_years, hazard.shape[1])
    de_novo = at_primary[grid.first_year - grid.first_primary_year:]
    tables = bundle.by_kind("distant_recurrence")
    if not tables:
        return np.stack([de_novo, de_novo])
    people = np.ones(grid.primary_years.size) if primaries is None else \
        (primaries.actual * np.exp(-primaries.growth * primaries.years_unseen)).sum(0)
    recurrent = ages_at_recurrence(tables[0].frame, at_primary, people, hazard, hazard_years, grid)
    return np.stack([de_novo, recurrent / recurrent.sum(-1, keepdims=True)])


def _membership(bands: AgeBands, n_ages: int) -> Floats:
    """1 where a single year of age lies in a band, shape (n_bands, n_ages)."""
    place = np.searchsorted(np.asarray(bands.starts), np.arange(n_ages), side="right") - 1
    return (place[None, :] == np.arange(bands.size)[:, None]).astype(float)


def _population(bundle: Any, grid: StudyGrid, bands: AgeBands) -> Floats | None:
    pieces = bundle.by_kind("population")
    found = population_by_age(pieces, grid.areas.all_codes, grid.years, bands) if pieces else None
    return None if found is None or np.isnan(found).all() else found
