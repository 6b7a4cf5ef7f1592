"""Audits of a source: of cases known without it, how many it had."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from sbc_prevalence.grid import ALL, AREA_CODE, PRESENTATIONS, YEAR, StudyGrid
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.completeness import CompletenessSource
from sbc_prevalence.model.likelihood import binomial_loglik
from sbc_prevalence.model.observation import Arrays, Levels, Observation, Parameters, Seen, Stream

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs


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


@dataclass(frozen=True)
class AuditedSource(Observation):
    """Known cases, found without a source, that the source had: found of known, by level.

    Parameters
    ----------
    sources : tuple of str
        Sources whose completeness is audited: one, or one for each presentation where an audit is of all together.
    by_year : bool
        Whether rows have a year of diagnosis, because completeness changes in steps.
    """

    sources: tuple[str, ...] = ()
    by_year: bool = False
    title: ClassVar[str] = "audit of completeness"
    convolved_levels: ClassVar[Levels] = "none"

    def _completeness(self, seen: Seen, inputs: "ModelInputs") -> Array:
        """Completeness of the source in the level (and year) of each row, shape (..., n_rows)."""
        a, c = inputs.arrays, completeness_of_levels(seen, inputs, self.sources, self.by_year)
        return c[..., a[f"{self.name}_level"], a[f"{self.name}_year"] if self.by_year else 0]

    def terms(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
        """Binomial with the completeness of the source."""
        a, name = inputs.arrays, self.name
        c = self._completeness(seen, inputs)
        return {name: binomial_loglik(a[f"{name}_found"], a[f"{name}_known"], c, xp).sum(-1)}

    def simulate(self, p: Parameters, seen: Seen, inputs: "ModelInputs", stream: Stream) -> Arrays:
        """Each known case is found with the probability of completeness."""
        known = np.asarray(inputs.arrays[f"{self.name}_known"], dtype=np.int64)
        found = stream(self.name).binomial(known, np.clip(self._completeness(seen, inputs), 0.0, 1.0))
        return {f"{self.name}_found": found.astype(float)}


@dataclass(frozen=True)
class LabelledSource:
    """A source of the model with the piece of evidence and the presentation that it comes from."""

    source: CompletenessSource
    piece: str
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
    for (word, presentation), part in rows.groupby(["source_audited", "presentation"], sort=False):
        named = [s for s in sources if s.piece == word] or [s for s in sources if s.origin == word]
        chosen = [s for s in named if s.presentation == presentation] or (named if presentation == ALL else [])
        if chosen:
            found.append((tuple(s.source.name for s in chosen), part))
    return found


def lay_out_audits(
    bundle: Any, grid: StudyGrid, codes: tuple[str, ...], sources: Sequence[LabelledSource]
) -> tuple[list[AuditedSource], Arrays]:
    """One observation for each source, or group of sources, that is audited."""
    pieces = [piece.frame for piece in bundle.by_kind("completeness_audit")]
    found: list[AuditedSource] = []
    arrays: Arrays = {}
    by_sources: dict[tuple[str, ...], list[pd.DataFrame]] = {}
    for frame in pieces:
        for names, rows in audited_by(frame, sources):
            by_sources.setdefault(names, []).append(rows)
    for names, parts in by_sources.items():
        rows = pd.concat(parts, ignore_index=True)
        name = f"{'_and_'.join(names)}_audit"
        by_year = any(s.source.steps for s in sources if s.source.name in names)
        arrays |= {
            f"{name}_level": np.array([codes.index(c) for c in rows[AREA_CODE]], dtype=np.int64),
            f"{name}_found": rows["n_found"].to_numpy(float),
            f"{name}_known": rows["n_known"].to_numpy(float),
        }
        if by_year:
            arrays[f"{name}_year"] = rows[YEAR].to_numpy(np.int64) - grid.first_year
        found.append(AuditedSource(name, names, by_year))
    return found, arrays
