"""Each source has a completeness of its own, the same in all areas."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.completeness.component import AbstractCompleteness, completeness_name, source_prior
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sbc_prevalence.model.inputs import ModelInputs


@dataclass(frozen=True)
class SourceCompleteness(AbstractCompleteness):
    """Each source has a completeness of its own, the same in all areas, as its evidence says."""

    kind: ClassVar[str] = "by_source"
    equation: ClassVar[str] = "c_j known, or logit c_j ~ Normal"

    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """One number for each source."""
        return [source_prior(source) for source in inputs.completeness_sources]

    def completeness(
        self, p: "Mapping[str, Array]", inputs: "ModelInputs", xp: Namespace = NUMPY
    ) -> "Mapping[str, Array]":
        """c_j, shape (..., 1, 1)."""
        return {s.name: p[completeness_name(s)][..., None, None] for s in inputs.completeness_sources}
