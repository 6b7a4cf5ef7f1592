"""Each source has a completeness of its own, the same in all areas."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.completeness.component import (
    AbstractCompleteness,
    own_priors,
    refuse_surveyed,
    the_same_everywhere,
)
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
        """One number for each source, and one for each of its steps."""
        refuse_surveyed(inputs, self.kind)
        return [prior for source in inputs.completeness_sources for prior in own_priors(source)]

    def completeness(
        self, p: "Mapping[str, Array]", inputs: "ModelInputs", xp: Namespace = NUMPY
    ) -> "Mapping[str, Array]":
        """c_j, shape (..., 1, n_years or 1)."""
        return {s.name: the_same_everywhere(s, p, inputs, xp) for s in inputs.completeness_sources}
