"""Completeness that differs between areas around a common level: audits of some areas inform the others."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.completeness.component import (
    AbstractCompleteness,
    CompletenessSource,
    area_priors,
    completeness_name,
    logit,
    over_years,
    own_priors,
    refuse_surveyed,
    the_same_everywhere,
)
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sbc_prevalence.model.inputs import ModelInputs


def differs(source: CompletenessSource, inputs: "ModelInputs") -> bool:
    """Whether the areas of a source have a completeness each: it is not known, and evidence sits below the whole."""
    return source.known is None and inputs.sits_below_whole


@dataclass(frozen=True)
class HierarchicalCompleteness(AbstractCompleteness):
    """Areas differ around the completeness of a typical area, each source by itself.

    With all evidence on the whole nothing tells areas apart, and each source has one completeness.
    """

    kind: ClassVar[str] = "hierarchical"
    equation: ClassVar[str] = "logit c_jr = logit c_j + sigma_j u_jr, u_jr ~ Normal(0, 1)"

    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """Level, spread and areas of each source."""
        refuse_surveyed(inputs, self.kind)
        found: list[Prior] = []
        for source in inputs.completeness_sources:
            found += own_priors(source)
            found += area_priors(source, inputs) if differs(source, inputs) else []
        return found

    def completeness(
        self, p: "Mapping[str, Array]", inputs: "ModelInputs", xp: Namespace = NUMPY
    ) -> "Mapping[str, Array]":
        """c_jr, shape (..., n_areas or 1, n_years or 1)."""
        return {s.name: self._of(s, p, inputs, xp) for s in inputs.completeness_sources}

    def _of(
        self, source: CompletenessSource, p: "Mapping[str, Array]", inputs: "ModelInputs", xp: Namespace
    ) -> Array:
        if not differs(source, inputs):
            return the_same_everywhere(source, p, inputs, xp)
        level = logit(p[completeness_name(source)], xp)[..., None]
        spread = p[f"completeness_sd_{source.name}"][..., None]
        return over_years(level + spread * p[f"completeness_area_{source.name}"], source, p, inputs, xp)
