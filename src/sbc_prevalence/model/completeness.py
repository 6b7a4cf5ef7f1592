"""Completeness: the probability that a true case is in a source."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sbc_prevalence.model.inputs import ModelInputs


@dataclass(frozen=True)
class CompletenessSource:
    """One source of metastatic registrations and what is believed of its completeness."""

    name: str
    presentations: tuple[str, ...]
    known: float | None
    logit_center: float
    logit_sd: float
    reason: str


def completeness_name(source: CompletenessSource) -> str:
    """Name of the completeness parameter of a source."""
    return f"completeness_{source.name}"


@dataclass(frozen=True)
class AbstractCompleteness(ABC):
    """Completeness of every source by area; constant in time."""

    kind: ClassVar[str]
    equation: ClassVar[str]

    @abstractmethod
    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """Priors of the component."""

    @abstractmethod
    def completeness(
        self, p: "Mapping[str, Array]", inputs: "ModelInputs", xp: Namespace = NUMPY
    ) -> "Mapping[str, Array]":
        """Completeness by name of source, each of shape (..., n_areas), or (..., 1) where areas do not differ."""


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
        """c_j, shape (..., 1)."""
        return {s.name: p[completeness_name(s)][..., None] for s in inputs.completeness_sources}


def source_prior(source: CompletenessSource) -> Prior:
    """Prior of the completeness of a source, or its known value."""
    fixed = source.known is not None
    return Prior(
        completeness_name(source),
        "c_j",
        f"probability that a true case is in source {source.name}",
        "normal" if fixed else "logit_normal",
        float(source.known) if source.known is not None else source.logit_center,
        0.0 if fixed else source.logit_sd,
        "probability",
        None,
        source.reason,
        group="completeness",
    )


COMPLETENESS: dict[str, type[AbstractCompleteness]] = {cls.kind: cls for cls in (SourceCompleteness,)}
