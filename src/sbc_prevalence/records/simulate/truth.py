"""The truth of a simulated registry: people newly diagnosed and living, by board, year and presentation."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.grid import AREA_CODE, PRESENTATION, PRESENTATIONS, YEAR
from sbc_prevalence.records.simulate.people import People, year_of
from sbc_prevalence.records.simulate.process import Ints, World

SIMULATED = "simulated"
TRUTH_COLUMNS = (AREA_CODE, YEAR, PRESENTATION, "newly_diagnosed", "living", "deaths", SIMULATED)


@dataclass(eq=False, repr=False)
class Truth:
    """Counts of women that grow block by block.

    Parameters
    ----------
    world : World
    """

    world: World
    _new: Ints = field(init=False)
    _died: Ints = field(init=False)

    def __post_init__(self) -> None:
        shape = (len(self.world.areas), self.world.years.size, len(PRESENTATIONS))
        self._new, self._died = np.zeros(shape, np.int64), np.zeros(shape, np.int64)

    def add(self, people: People) -> None:
        """Count a block: whoever is diagnosed in life counts in the board of that day."""
        chosen = people.diagnosed & ~people.man
        place = people.area_then[chosen] * len(PRESENTATIONS) + people.recurrent[chosen]
        self._new += self._counted(place, people.metastasis_day[chosen])
        self._died += self._counted(place, people.death_day[chosen])

    def _counted(self, place: Ints, day: Ints) -> NDArray[np.int64]:
        n_areas, n_years, n_kinds = self._new.shape
        year = year_of(day) - self.world.years[0]
        seen = year < n_years
        flat = np.bincount(place[seen] * n_years + year[seen], minlength=n_areas * n_kinds * n_years)
        return flat.reshape(n_areas, n_kinds, n_years).swapaxes(1, 2)

    def frame(self) -> pd.DataFrame:
        """Columns `TRUTH_COLUMNS`; `living` are persons alive at the end of 31 December, `deaths` from any cause."""
        living = np.cumsum(self._new - self._died, axis=1)
        first = self.world.process.cases_from - self.world.years[0]
        index = pd.MultiIndex.from_product(
            [self.world.areas, self.world.years[first:], PRESENTATIONS], names=[AREA_CODE, YEAR, PRESENTATION])
        return pd.DataFrame(
            {"newly_diagnosed": self._new[:, first:].ravel(), "living": living[:, first:].ravel(),
             "deaths": self._died[:, first:].ravel(), SIMULATED: True}, index=index).reset_index()
