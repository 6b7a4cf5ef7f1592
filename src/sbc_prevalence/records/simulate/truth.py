"""The truth of a simulated registry: people newly diagnosed and living, by board, year and presentation."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sbc_prevalence.grid import AREA_CODE, PRESENTATION, PRESENTATIONS, YEAR
from sbc_prevalence.records.simulate.people import People, year_of
from sbc_prevalence.records.simulate.process import Ints, World

SIMULATED = "simulated"
RECENT_YEARS = 10
TRUTH_COLUMNS = (AREA_CODE, YEAR, PRESENTATION, "newly_diagnosed", "living", "living_recent", "deaths", SIMULATED)
"""``living_recent``: of the living, those diagnosed in the ten calendar years up to and including the year."""


@dataclass(eq=False, repr=False)
class Truth:
    """Counts of women that grow block by block: by board, presentation, year of diagnosis and year of death.

    Parameters
    ----------
    world : World
    """

    world: World
    _people: Ints = field(init=False)

    def __post_init__(self) -> None:
        n = self.world.years.size
        # The last year of death holds everybody who outlives the simulated years.
        self._people = np.zeros((len(self.world.areas), len(PRESENTATIONS), n, n + 1), np.int64)

    def add(self, people: People) -> None:
        """Count a block: whoever is diagnosed in life counts in the board of that day."""
        shape = self._people.shape
        first, n = self.world.years[0], shape[2]
        year, died = year_of(people.metastasis_day) - first, year_of(people.death_day) - first
        chosen = people.diagnosed & ~people.man & (year < n)
        place = np.ravel_multi_index(
            (people.area_then[chosen], people.recurrent[chosen].astype(np.int64), year[chosen],
             np.minimum(died[chosen], n)), shape)
        self._people += np.bincount(place, minlength=self._people.size).reshape(shape)

    def frame(self) -> pd.DataFrame:
        """Columns `TRUTH_COLUMNS`; `living` are persons alive at the end of 31 December, `deaths` from any cause."""
        n = self.world.years.size
        alive = self._people[..., ::-1].cumsum(-1)[..., ::-1][..., 1:]  # diagnosed in s, dying after t
        years = np.arange(n)
        begun = years[:, None] <= years
        recent = begun & (years[:, None] > years - RECENT_YEARS)
        columns = {
            "newly_diagnosed": self._people.sum(-1), "living": (alive * begun).sum(-2),
            "living_recent": (alive * recent).sum(-2), "deaths": self._people[..., :n].sum(-2)}
        first = self.world.process.cases_from - self.world.years[0]
        index = pd.MultiIndex.from_product(
            [self.world.areas, self.world.years[first:], PRESENTATIONS], names=[AREA_CODE, YEAR, PRESENTATION])
        flat = {name: values[..., first:].swapaxes(1, 2).ravel() for name, values in columns.items()}
        return pd.DataFrame({**flat, SIMULATED: True}, index=index).reset_index()
