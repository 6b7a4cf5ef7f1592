"""Completeness of several sources together: an area that one source covers badly may be badly covered by others."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.completeness.component import (
    AbstractCompleteness,
    CompletenessSource,
    completeness_name,
    logit,
    over_years,
    own_priors,
    refuse_surveyed,
    spread_prior,
    the_same_everywhere,
)
from sbc_prevalence.model.completeness.hierarchical import differs
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sbc_prevalence.model.inputs import ModelInputs

CORRELATION, AREAS = "completeness_correlation", "completeness_areas"


def cholesky_rows(partial: list[Array], n: int, xp: Namespace) -> list[list[Array]]:
    """Rows of the Cholesky factor of a correlation matrix, from its canonical partial correlations.

    Parameters
    ----------
    partial : list of arrays, shape (...)
        Each in (-1, 1), row by row below the diagonal: (2, 1), (3, 1), (3, 2), ...
    n : int
        Number of rows.

    References
    ----------
    Lewandowski, Kurowicka and Joe (2009), doi:10.1016/j.jmva.2009.04.008.
    """
    rows: list[list[Array]] = []
    given = iter(partial)
    for i in range(n):
        row: list[Array] = []
        left = 1.0
        for _ in range(i):
            z = next(given)
            row.append(z * xp.sqrt(left))
            left = left * (1.0 - z**2)
        rows.append([*row, xp.sqrt(left) if i else 1.0])
    return rows


@dataclass(frozen=True)
class JointCompleteness(AbstractCompleteness):
    """Areas differ around the completeness of a typical area, correlated over sources on the logit scale.

    With one unknown source, or all evidence on the whole, there is nothing to correlate: it is then
    `HierarchicalCompleteness`, or a completeness for each source.
    """

    kind: ClassVar[str] = "joint"
    equation: ClassVar[str] = (
        "logit c_jr = logit c_j + sigma_j sum_i L_ji u_ir, L L' the correlation of sources, "
        "from partial correlations tanh(y), y ~ Normal"
    )

    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """Levels and spreads of the sources, their correlation, the areas."""
        refuse_surveyed(inputs, self.kind)
        found: list[Prior] = []
        for source in inputs.completeness_sources:
            found += own_priors(source)
            found += [spread_prior(source)] if differs(source, inputs) else []
        together = self._together(inputs)
        n = len(together)
        if n > 1:
            pairs = tuple(f"{a.name}, {b.name}" for i, a in enumerate(together) for b in together[:i])
            found.append(
                Prior(
                    CORRELATION,
                    "y",
                    "partial correlations of completeness between sources over areas, before tanh",
                    "normal",
                    0.0,
                    0.75,
                    "",
                    None,
                    "Correlations from -0.9 to 0.9 are possible; sources that share staff or systems go together.",
                    shape=(len(pairs),),
                    dims=("source_pair",),
                    labels=pairs,
                    group="completeness",
                )
            )
        if n:
            found.append(
                Prior(
                    AREAS,
                    "u_ir",
                    "places of the areas in the spread of completeness, before sources are correlated",
                    "normal",
                    0.0,
                    1.0,
                    "sigma_j",
                    "definition",
                    "Exchangeable over areas.",
                    shape=(n, inputs.n_areas),
                    dims=("registration_source", "area"),
                    labels=tuple(source.name for source in together),
                    group="completeness",
                )
            )
        return found

    def completeness(
        self, p: "Mapping[str, Array]", inputs: "ModelInputs", xp: Namespace = NUMPY
    ) -> "Mapping[str, Array]":
        """c_jr, shape (..., n_areas or 1, n_years or 1)."""
        found = {s.name: the_same_everywhere(s, p, inputs, xp)
                 for s in inputs.completeness_sources if not differs(s, inputs)}
        together = self._together(inputs)
        n = len(together)
        partial = [2.0 * xp.sigmoid(2.0 * p[CORRELATION][..., i]) - 1.0 for i in range(n * (n - 1) // 2)]
        for source, row in zip(together, cholesky_rows(partial, n, xp), strict=True):
            place = sum(_column(weight) * p[AREAS][..., i, :] for i, weight in enumerate(row))
            level = logit(p[completeness_name(source)], xp)[..., None]
            spread = p[f"completeness_sd_{source.name}"][..., None]
            found[source.name] = over_years(level + spread * place, source, p, inputs, xp)
        return {source.name: found[source.name] for source in inputs.completeness_sources}

    def _together(self, inputs: "ModelInputs") -> list[CompletenessSource]:
        return [source for source in inputs.completeness_sources if differs(source, inputs)]


def _column(weight: Array) -> Array:
    return weight if isinstance(weight, float) else weight[..., None]
