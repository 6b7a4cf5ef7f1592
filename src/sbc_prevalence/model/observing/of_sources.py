"""What every observation of sources of registrations shares: rows whose likelihood depends on their completeness."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from sbc_prevalence.grid import ALL, PRESENTATIONS
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.completeness import CompletenessSource
from sbc_prevalence.model.observation import Arrays, Floats, Levels, Observation, Parameters, Seen, one_word

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs

ROWS_TOGETHER = 4
"""Rows of an area are padded to multiples of this, so that another year's rows keep the shape."""


@dataclass(frozen=True)
class LabelledSource:
    """A source of the model with the piece of evidence and the presentation that it comes from."""

    source: CompletenessSource
    names: tuple[str, ...]
    origin: str
    presentation: str


def audited_by(rows: pd.DataFrame, sources: Sequence[LabelledSource]) -> list[tuple[tuple[str, ...], pd.DataFrame]]:
    """Which sources the rows of audits speak of: by the name of the registrations, else by their source.

    Rows of all presentations speak of the source that holds them together, or of all sources of the piece at once.

    Returns
    -------
    list of (names of sources, rows)
        Rows that speak of no source are left out; `evidence.consistency` has refused them.
    """
    found = []
    for (word, presentation), part in rows.groupby(["source_audited", "presentation"], sort=True):
        named = [s for s in sources if word in s.names] or [s for s in sources if s.origin == word]
        chosen = [s for s in named if s.presentation == presentation] or (named if presentation == ALL else [])
        if chosen:
            found.append((tuple(s.source.name for s in chosen), part))
    return found


def together(names: tuple[str, ...], sources: Sequence[LabelledSource]) -> str:
    """A word for one source, or for all presentations of a piece together."""
    if len(names) == 1:
        return names[0]
    return one_word(f"{next(s.names[0] for s in sources if s.source.name in names)}_{ALL}")


@dataclass(frozen=True)
class SourceObservation(Observation):
    """An observation of one or several sources of registrations.

    Where a survey leaves the regimes of a source open (``seen["regimes"]``), its rows are not independent: they are
    summed by area and then over the regimes (`observing.regimes`), and `terms` is silent.
    """

    convolved_levels: ClassVar[Levels] = "none"

    @property
    @abstractmethod
    def source_names(self) -> tuple[str, ...]:
        """Sources that it observes."""

    @abstractmethod
    def rows(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> Array:
        """Log-likelihood of each row given completeness, shape (..., n_rows)."""

    def is_surveyed(self, inputs: "ModelInputs") -> bool:
        """Whether a survey tells the regimes of a source that is observed."""
        return any(inputs.source(name).surveyed for name in self.source_names)

    def terms(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
        """Sum over rows, which are independent given completeness."""
        if "regimes" in seen and self.is_surveyed(inputs):
            return {}
        return {self.name: self.rows(p, seen, inputs, xp).sum(-1)}


def rows_of_areas(name: str, levels: np.ndarray, membership: Floats) -> Arrays:
    """Which modelled area each row is of, and which rows each area has: what sums rows by area.

    Rows of several areas together are of none.

    Parameters
    ----------
    name : str
        Of the observation.
    levels : int array, shape (n_rows,)
    membership : array, shape (n_levels, n_areas)

    Returns
    -------
    dict
        ``{name}_of_area`` (n_rows, n_areas), 1 where a row is of an area; ``{name}_area`` (n_rows,), its place;
        ``{name}_rows`` (n_areas, k), the rows of each area, and ``{name}_has_row``, 0 where there are fewer than k.
    """
    of_area = (membership * (membership.sum(-1, keepdims=True) == 1))[levels]
    count = of_area.sum(0).astype(np.int64)
    k = int(np.ceil(max(count.max(initial=0), 1) / ROWS_TOGETHER)) * ROWS_TOGETHER
    has_row = np.arange(k) < count[:, None]
    rows = np.zeros(has_row.shape, dtype=np.int64)
    rows[has_row] = np.nonzero(of_area.T)[1]
    return {f"{name}_of_area": of_area, f"{name}_area": membership.argmax(-1)[levels],
            f"{name}_rows": rows, f"{name}_has_row": has_row.astype(float)}


def completeness_of_levels(seen: Seen, inputs: "ModelInputs", sources: tuple[str, ...], by_year: bool) -> Array:
    """Completeness of one or several sources together at every level, shape (..., n_levels, n_years or 1).

    Completeness of several areas (and presentations) together is that of their cases: the mean, weighted with true
    incidence; without years, with that of the years with data.
    """
    below = "area_incidence" in seen
    if not below and len(sources) == 1:
        return seen["completeness"][sources[0]][..., 0, :][..., None, :]
    years = inputs.grid.years
    with_data = ((years >= inputs.grid.first_data_year) & (years <= inputs.grid.last_data_year)).astype(float)
    true, registered = 0.0, 0.0
    for name in sources:
        chosen = [PRESENTATIONS.index(k) for k in inputs.source(name).presentations]
        cases = sum(seen["area_incidence" if below else "incidence"][..., k, :, :] for k in chosen)
        if not by_year:
            cases = (cases * with_data).sum(-1)[..., None]
        true, registered = true + cases, registered + seen["completeness"][name] * cases
    return (inputs.levels @ registered) / (inputs.levels @ true) if below else registered / true
