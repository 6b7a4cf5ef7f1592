"""What the estimate needs of the people of a sheet: times since diagnosis, states on the index date; no identifiers."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
DAYS_PER_YEAR = 365.25


@dataclass(frozen=True, repr=False, eq=False)
class People:
    """People of a sheet who are counted, diagnosed by the index date. Shown by its numbers only.

    Parameters
    ----------
    years_since : array, shape (n)
        Years from the metastatic diagnosis to the index date.
    de_novo : array, shape (n)
        1 de novo, 0 recurrent, nan unknown.
    since_began : bool array, shape (n)
        Diagnosed since the sheet began.
    known_living : bool array, shape (n)
        Known to be alive at the end of the index date.
    dead : bool array, shape (n)
        Known to have died by then; whoever is neither was lost, or not seen since.
    contact : array, shape (n)
        Years from diagnosis to the last day known to be alive, at most `years_since`.
    entry, exit : array, shape (n)
        Years from diagnosis between which the person could be seen to die, up to the extract.
    died : bool array, shape (n)
        Whether `exit` is a death.
    year : int array, shape (n)
        Calendar year of diagnosis.
    window_years : float
        Years from the beginning of the sheet to the index date.
    mean_age : float
        Mean age at the metastatic diagnosis.
    """

    years_since: Floats
    de_novo: Floats
    since_began: Flags
    known_living: Flags
    dead: Flags
    contact: Floats
    entry: Floats
    exit: Floats
    died: Flags
    year: NDArray[np.int64]
    window_years: float
    mean_age: float

    @property
    def n(self) -> int:
        """People."""
        return int(self.years_since.size)

    @property
    def lost(self) -> Flags:
        """Neither known to live nor known to have died."""
        return np.asarray(~self.known_living & ~self.dead)

    @property
    def share_de_novo(self) -> float:
        """Of those whose presentation is known; a half where nobody's is."""
        told = self.de_novo[~np.isnan(self.de_novo)]
        return float((told.sum() + 0.5) / (told.size + 1.0))

    def __repr__(self) -> str:
        return (f"People(n={self.n}, known_living={int(self.known_living.sum())}, dead={int(self.dead.sum())}, "
                f"lost={int(self.lost.sum())}, fields={len(fields(self))})")
