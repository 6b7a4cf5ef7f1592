"""The quantities that the gate judges: national and area totals by year, and the nation's implied duration."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.grid import StudyGrid
from sbc_prevalence.model.inputs import ModelInputs

Floats = NDArray[np.float64]

WORDS = {"incidence": "newly diagnosed", "living": "living", "duration": "implied duration"}


def quantity_name(word: str, code: str, year: int) -> str:
    """Name of a quantity in the gate's table, e.g. ``living, S92000003, 2020``."""
    return f"{WORDS[word]}, {code}, {year}"


def reported_quantities(
    latent: Iterable[Mapping[str, Floats]], grid: StudyGrid, shape: tuple[int, int]
) -> dict[str, Floats]:
    """Totals that are published and therefore judged.

    Parameters
    ----------
    latent : iterable of mapping
        Chunks of draws from `PrevalenceModel.latent`: ``incidence``, ``living`` and ``deaths`` of shape
        (n_in_chunk, presentation, area, n_years).
    grid : StudyGrid
    shape : tuple of int
        (n_chains, n_draws); the chunks run through the draws of the first chain first.

    Returns
    -------
    dict of name to array, shape (n_chains, n_draws)
        Newly diagnosed [persons / year] and living [persons at 31 December] by area and for the whole, and
        living over deaths from all causes [years] for the whole; in the reported years.
    """
    chosen = np.isin(grid.years, grid.reported_years)
    by_area: dict[str, list[Floats]] = {"incidence": [], "living": []}
    dying: list[Floats] = []
    for chunk in latent:
        for word, parts in by_area.items():
            parts.append(chunk[word].sum(-3)[..., chosen])
        dying.append(chunk["deaths"].sum((-3, -2))[..., chosen])
    areas = {word: np.concatenate(parts).reshape(*shape, *parts[0].shape[1:]) for word, parts in by_area.items()}
    deaths = np.concatenate(dying).reshape(*shape, -1)

    found: dict[str, Floats] = {}
    for word, values in areas.items():
        for i, code in enumerate(grid.areas.codes):
            if code != grid.areas.total_code:
                found |= _by_year(word, code, grid, values[:, :, i])
        found |= _by_year(word, grid.areas.total_code, grid, values.sum(2))
    with np.errstate(divide="ignore", invalid="ignore"):
        found |= _by_year("duration", grid.areas.total_code, grid, areas["living"].sum(2) / deaths)
    return found


def _by_year(word: str, code: str, grid: StudyGrid, values: Floats) -> dict[str, Floats]:
    return {quantity_name(word, code, int(year)): values[:, :, t] for t, year in enumerate(grid.reported_years)}


def women_alive(inputs: ModelInputs) -> dict[str, float]:
    """Women alive in the area by name of the quantity that may not exceed them; empty without a population."""
    if inputs.population is None:
        return {}
    grid = inputs.grid
    chosen = inputs.population[:, np.isin(grid.years, grid.reported_years)]
    found: dict[str, float] = {}
    for i, code in enumerate(grid.areas.codes):
        found |= {quantity_name("living", code, int(y)): float(v)
                  for y, v in zip(grid.reported_years, chosen[i], strict=True)}
    whole = {quantity_name("living", grid.areas.total_code, int(y)): float(v)
             for y, v in zip(grid.reported_years, chosen.sum(0), strict=True)}
    return {name: top for name, top in {**found, **whole}.items() if np.isfinite(top)}
