"""Two-phase validation of a source: all records are classified cheaply, a random part of each class is examined."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.grid import AREA_CODE, YEAR, StudyGrid
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.observation import Arrays, Floats, Parameters, Seen, Stream
from sbc_prevalence.model.observing.of_sources import (
    LabelledSource,
    SourceObservation,
    audited_by,
    completeness_of_levels,
    rows_of_areas,
    together,
)
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs

NEVER = -1e10


@dataclass(frozen=True)
class ValidatedSample(SourceObservation):
    """Records by stratum, those examined and those of them that are true cases.

    A record is a true case with probability theta. A true case is in the source with the probability of completeness,
    and falls into the strata of its side with shares a; another record falls into any stratum with shares f. Then the
    numbers of records are multinomial, and the true cases among those examined binomial. Rows are strata of groups: one
    group for each area (and year) in turn, its strata always in the same order.

    Parameters
    ----------
    sources : tuple of str
        Sources whose completeness is validated.
    inside : tuple of bool
        Of each stratum: whether its records are in the source.
    n_groups : int
    by_year : bool
        Whether rows have a year of diagnosis, because completeness changes in steps.
    """

    sources: tuple[str, ...] = ()
    inside: tuple[bool, ...] = ()
    n_groups: int = 0
    by_year: bool = False
    title: ClassVar[str] = "validation sample of completeness"

    @property
    def source_names(self) -> tuple[str, ...]:
        return self.sources

    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """Share of true cases among records, and the strata of true and of other records."""
        def prior(word: str, symbol: str, meaning: str, distribution: str, center: float, size: int | None) -> Prior:
            shape = (self.n_groups,) if size is None else (self.n_groups, size)
            return Prior(
                f"validation_{word}_{self.name}", symbol, f"{meaning}, {self.name}", distribution, center, 1.5,
                "probability" if size is None else "log odds", None, "Wide; the sample informs it.", shape=shape,
                dims=("sample", "stratum")[: len(shape)], group="completeness")

        found = [prior("true_share", "theta_v", "share of true cases among the records", "logit_normal", -1.0, None)]
        if len(self.inside) > 2:
            found.append(prior("true_strata", "a_v", "log odds of the strata of true cases, in and out of the source",
                               "normal", 0.0, len(self.inside) - 2))
        return [*found, prior("other_strata", "f_v", "log odds of the strata of other records", "normal", 0.0,
                              len(self.inside) - 1)]

    def _log_cells(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace) -> tuple[Array, Array]:
        """Log probability that a record is in the stratum of each row and is, or is not, a true case."""
        a, name, n = inputs.arrays, self.name, len(self.inside)
        side = np.array(self.inside)
        first = np.array([side[:s].tolist().count(side[s]) == 0 for s in range(n)])
        other = p[f"validation_other_strata_{name}"] @ np.eye(n)[1:]
        log_other = other - xp.logsumexp(other, -1)[..., None]
        log_true = 0.0 * other
        if n > 2:
            scores = p[f"validation_true_strata_{name}"] @ np.eye(n)[~first]
            of_side = [xp.logsumexp(scores + np.where(side == s, 0.0, NEVER), -1)[..., None] for s in (False, True)]
            log_true = scores - np.where(side, 1.0, 0.0) * of_side[1] - np.where(side, 0.0, 1.0) * of_side[0]
        share = p[f"validation_true_share_{name}"][..., None]
        log_true, log_other = log_true + xp.log(share), log_other + xp.log1p(-share)
        c = completeness_of_levels(seen, inputs, self.sources, self.by_year)
        c = c[..., a[f"{name}_level"], a[f"{name}_year"] if self.by_year else 0]
        c = 1e-12 + (1.0 - 2e-12) * c
        inside = np.tile(side, self.n_groups)
        group, stratum = np.repeat(np.arange(self.n_groups), n), np.tile(np.arange(n), self.n_groups)
        found = xp.where(inside, xp.log(c), xp.log1p(-c))
        return log_true[..., group, stratum] + found, log_other[..., group, stratum]

    def rows(self, p: Parameters, seen: Seen, inputs: "ModelInputs", xp: Namespace = NUMPY) -> Array:
        """Multinomial records, binomial true cases; up to a constant."""
        a, name = inputs.arrays, self.name
        true, other = self._log_cells(p, seen, inputs, xp)
        either = xp.logsumexp(xp.stack([true, other], axis=-1), -1)
        examined, cases = a[f"{name}_examined"], a[f"{name}_true"]
        return (a[f"{name}_records"] - examined) * either + cases * true + (examined - cases) * other

    def level(self, arrays: Mapping[str, NDArray[Any]]) -> float:
        """Completeness by weighting what was examined; NaN where no true case was among it."""
        records, examined, true = (np.asarray(arrays[f"{self.name}_{w}"]) for w in ("records", "examined", "true"))
        cases = records * np.divide(true, examined, out=np.zeros_like(true), where=examined > 0)
        inside = np.tile(np.array(self.inside), self.n_groups)
        return float(cases[inside].sum() / cases.sum()) if cases.sum() > 0 else float("nan")

    def simulate(self, p: Parameters, seen: Seen, inputs: "ModelInputs", stream: Stream) -> Arrays:
        """As many records in all; of each stratum as many examined as before, or all there are."""
        a, name, rng, n = inputs.arrays, self.name, stream(self.name), len(self.inside)
        true, other = (np.exp(cell).reshape(-1, n) for cell in self._log_cells(p, seen, inputs, NUMPY))
        shape = (self.n_groups, n)
        records = rng.multinomial(
            a[f"{name}_records"].reshape(shape).sum(-1).astype(np.int64),
            (true + other) / (true + other).sum(-1, keepdims=True))
        examined = np.minimum(a[f"{name}_examined"].reshape(shape).astype(np.int64), records)
        cases = rng.binomial(examined, true / (true + other))
        found = {"records": records, "examined": examined, "true": cases}
        return {f"{name}_{word}": value.ravel().astype(float) for word, value in found.items()}


def lay_out_samples(
    bundle: Any, grid: StudyGrid, codes: tuple[str, ...], sources: Sequence[LabelledSource]
) -> tuple[list[ValidatedSample], Arrays]:
    """One observation for each source, or group of sources, that is validated in a table."""
    found: list[ValidatedSample] = []
    arrays: Arrays = {}
    for number, piece in enumerate(bundle.by_kind("validation_sample")):
        for names, rows in audited_by(piece.frame, sources):
            name = f"{together(names, sources)}_sample" + (f"_{number + 1}" if number else "")
            by_year = any(s.source.steps for s in sources if s.source.name in names)
            keys = [AREA_CODE, *([YEAR] if YEAR in rows.columns else [])]
            table = rows.sort_values([*keys, "in_source", "stratum"], ascending=[True] * len(keys) + [False, True])
            n_groups = len(rows[keys].drop_duplicates())
            inside = tuple(bool(word == "yes") for word in table["in_source"].iloc[: len(table) // n_groups])
            found.append(ValidatedSample(name, names, inside, n_groups, by_year))
            arrays |= sample_arrays(name, table, codes, grid, by_year)
    return found, arrays


def sample_arrays(
    name: str, table: pd.DataFrame, codes: tuple[str, ...], grid: StudyGrid, by_year: bool
) -> Arrays:
    """Arrays of a sample whose rows are in the order of groups and strata."""
    level = np.array([codes.index(c) for c in table[AREA_CODE]], dtype=np.int64)
    numbers: dict[str, Floats] = {
        f"{name}_records": table["n_records"].to_numpy(float),
        f"{name}_examined": table["n_examined"].to_numpy(float),
        f"{name}_true": table["n_true"].to_numpy(float),
    }
    years: Arrays = {f"{name}_year": table[YEAR].to_numpy(np.int64) - grid.first_year} if by_year else {}
    return {f"{name}_level": level, **numbers, **years, **rows_of_areas(name, level, grid.areas.membership(codes))}
