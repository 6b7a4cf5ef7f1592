"""What every component of completeness has, and what is believed of each source."""

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
    """One source of metastatic registrations and what is believed of its completeness.

    Parameters
    ----------
    name : str
    presentations : tuple of str
    known : float or None
        Completeness taken as known.
    logit_center, logit_sd : float
        Of the prior, where it is not known.
    reason : str
    steps : tuple of int
        Years in which completeness is declared to change.
    loss_kind : {"", "share", "per_year"}
        How registered people are lost to follow-up: not stated, a share of them, or at a yearly hazard.
    loss_center, loss_sd : float
        Of its prior, on the logit scale for a share, on the log scale for a hazard. No evidence informs it.
    """

    name: str
    presentations: tuple[str, ...]
    known: float | None
    logit_center: float
    logit_sd: float
    reason: str
    steps: tuple[int, ...] = ()
    loss_kind: str = ""
    loss_center: float = 0.0
    loss_sd: float = 0.0


def completeness_name(source: CompletenessSource) -> str:
    """Name of the completeness parameter of a source."""
    return f"completeness_{source.name}"


@dataclass(frozen=True)
class AbstractCompleteness(ABC):
    """Completeness of every source by area; constant in time but for steps in documented years."""

    kind: ClassVar[str]
    equation: ClassVar[str]

    @abstractmethod
    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """Priors of the component."""

    @abstractmethod
    def completeness(
        self, p: "Mapping[str, Array]", inputs: "ModelInputs", xp: Namespace = NUMPY
    ) -> "Mapping[str, Array]":
        """Completeness by name of source.

        Returns
        -------
        mapping of name to array, shape (..., n_areas, n_years)
            Either axis has length 1 where areas, or years, do not differ.
        """


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
