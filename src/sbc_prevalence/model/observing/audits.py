"""Audits of a source: of cases known without it, how many it had."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from sbc_prevalence.grid import AREA_CODE, YEAR, StudyGrid
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.likelihood import binomial_loglik
from sbc_prevalence.model.observation import Arrays, Parameters, Seen, Stream
from sbc_prevalence.model.observing.of_sources import (
    LabelledSource,
    SourceObservation,
    audited_by,
    completeness_of_levels,
    rows_of_areas,
    together,
)

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs


@dataclass(frozen=True)
class AuditedSource(SourceObservation):
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

    @property
    def source_names(self) -> tuple[str, ...]:
        return self.sources

    def _completeness(self, seen: Seen, inputs: "ModelInputs") -> Array:
        """Completeness of the source in the level (and year) of each row, shape (..., n_rows)."""
        a, c = inputs.arrays, completeness_of_levels(seen, inputs, self.sources, self.by_year)
        return c[..., a[f"{self.name}_level"], a[f"{self.name}_year"] if self.by_year else 0]

    def rows(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> Array:
        """Binomial with the completeness of the source."""
        a, name = inputs.arrays, self.name
        return binomial_loglik(a[f"{name}_found"], a[f"{name}_known"], self._completeness(seen, inputs), xp)

    def simulate(self, p: Parameters, seen: Seen, inputs: "ModelInputs", stream: Stream) -> Arrays:
        """Each known case is found with the probability of completeness."""
        known = np.asarray(inputs.arrays[f"{self.name}_known"], dtype=np.int64)
        found = stream(self.name).binomial(known, np.clip(self._completeness(seen, inputs), 0.0, 1.0))
        return {f"{self.name}_found": found.astype(float)}


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
        rows = rows.sort_values([AREA_CODE, *([YEAR] if YEAR in rows else []), "n_known", "n_found"], ignore_index=True)
        name = f"{together(names, sources)}_audit"
        by_year = any(s.source.steps for s in sources if s.source.name in names)
        arrays |= {
            f"{name}_level": np.array([codes.index(c) for c in rows[AREA_CODE]], dtype=np.int64),
            f"{name}_found": rows["n_found"].to_numpy(float),
            f"{name}_known": rows["n_known"].to_numpy(float),
        }
        if by_year:
            arrays[f"{name}_year"] = rows[YEAR].to_numpy(np.int64) - grid.first_year
        arrays |= rows_of_areas(name, arrays[f"{name}_level"], grid.areas.membership(codes))
        found.append(AuditedSource(name, names, by_year))
    return found, arrays
