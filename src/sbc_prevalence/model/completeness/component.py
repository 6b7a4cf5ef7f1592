"""What every component of completeness has, and what is believed of each source."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sbc_prevalence.errors import ConfigError, Problem
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
        Years from which completeness is declared to be another one.
    loss_kind : {"", "share", "per_year"}
        How registered people are lost to follow-up: not stated, a share of them, or at a yearly hazard.
    loss_center, loss_sd : float
        Of its prior, on the logit scale for a share, on the log scale for a hazard. No evidence informs it.
    surveyed : bool
        Whether a survey says by which regime each area records.
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
    surveyed: bool = False


def completeness_name(source: CompletenessSource) -> str:
    """Name of the completeness parameter of a source."""
    return f"completeness_{source.name}"


@dataclass(frozen=True)
class AbstractCompleteness(ABC):
    """Completeness of every source by area; constant in time but for steps in documented years.

    Free variation over time is not offered: a trend of completeness cannot be told from one of incidence.
    """

    kind: ClassVar[str]
    equation: ClassVar[str]
    has_regimes: ClassVar[bool] = False
    """Whether completeness depends on regimes of areas that the likelihood sums over."""

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

    def moved(
        self, p: "Mapping[str, Array]", inputs: "ModelInputs", xp: Namespace = NUMPY
    ) -> "tuple[Mapping[str, Array], Array]":
        """Values of the parameters that the sampler moves through another coordinate, and the change of log density.

        Parameters
        ----------
        p : mapping of name to array
            Natural values of all parameters; of those with another coordinate, the coordinate.
        """
        return {}, 0.0

    def settled(
        self, p: "Mapping[str, Array]", inputs: "ModelInputs", rng: np.random.Generator
    ) -> "Mapping[str, Array]":
        """Natural values of parameters from what `moved` gave, where chance decides some of them."""
        return p

    def seen(
        self, p: "Mapping[str, Array]", inputs: "ModelInputs", xp: Namespace = NUMPY
    ) -> "Mapping[str, Any]":
        """What evidence sees of the component: ``completeness``, and more where it depends on unknown regimes."""
        return {"completeness": self.completeness(p, inputs, xp)}

    def realised(
        self, seen: "Mapping[str, Any]", inputs: "ModelInputs", rng: np.random.Generator
    ) -> "Mapping[str, Any]":
        """What evidence sees in one simulated world, where whatever the model sums over has been drawn."""
        return seen


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


def own_priors(source: CompletenessSource) -> list[Prior]:
    """Priors of the completeness of a source and of its steps."""
    return [source_prior(source), *step_priors(source)]


def step_name(source: CompletenessSource) -> str:
    """Name of the parameter that holds the steps of a source."""
    return f"completeness_step_{source.name}"


def step_priors(source: CompletenessSource) -> list[Prior]:
    """Prior of the changes in documented years; none where there are none."""
    if not source.steps:
        return []
    return [
        Prior(
            step_name(source),
            "delta_j",
            f"change of the logit completeness of source {source.name} in its documented years",
            "normal",
            0.0,
            1.0,
            "logit",
            None,
            "A new flow of data may change completeness a lot, in either direction; registrations before and after it, "
            "and audits of both, inform it.",
            shape=(len(source.steps),),
            dims=("step",),
            labels=tuple(str(year) for year in source.steps),
            group="completeness",
        )
    ]


def area_priors(source: CompletenessSource, inputs: "ModelInputs") -> list[Prior]:
    """Priors of the spread between areas and of each area's place in it."""
    return [
        spread_prior(source),
        Prior(
            f"completeness_area_{source.name}",
            "u_jr",
            f"logit completeness of source {source.name} in an area against a typical one",
            "normal",
            0.0,
            1.0,
            "sigma_j",
            "definition",
            "Exchangeable over areas.",
            shape=(inputs.n_areas,),
            dims=("area",),
            group="completeness",
        ),
    ]


def spread_prior(source: CompletenessSource) -> Prior:
    """Prior of the spread of completeness between areas."""
    return Prior(
        f"completeness_sd_{source.name}",
        "sigma_j",
        f"sd between areas of the logit completeness of source {source.name}",
        "half_normal",
        0.0,
        0.5,
        "logit",
        None,
        "Around 80 % registered, one sd of 0.5 is 71 to 87 %: trusts and boards keep records differently.",
        group="completeness",
    )


def logit(probability: Array, xp: Namespace) -> Array:
    """Log odds."""
    return xp.log(probability) - xp.log1p(-probability)


def over_years(
    log_odds: Array, source: CompletenessSource, p: "Mapping[str, Array]", inputs: "ModelInputs", xp: Namespace
) -> Array:
    """Completeness from its log odds by area before the first step, (..., n_areas or 1), with an axis of years."""
    if not source.steps:
        return xp.sigmoid(log_odds)[..., None]
    begun = (inputs.grid.years >= np.array(source.steps)[:, None]).astype(float)
    changes = p[step_name(source)][..., None, :] @ begun
    return xp.sigmoid(log_odds[..., None] + changes)


def the_same_everywhere(
    source: CompletenessSource, p: "Mapping[str, Array]", inputs: "ModelInputs", xp: Namespace
) -> Array:
    """Completeness of a source that is the same in all areas, shape (..., 1, n_years or 1)."""
    c = p[completeness_name(source)][..., None]
    return over_years(logit(c, xp), source, p, inputs, xp) if source.steps else c[..., None]


def refuse_surveyed(inputs: "ModelInputs", kind: str) -> None:
    """Raise ConfigError where a survey of regimes is given to a component that has none."""
    if surveyed := [source.name for source in inputs.completeness_sources if source.surveyed]:
        raise ConfigError(
            Problem(
                "E-MODEL",
                "model",
                f"a survey of regimes is given and completeness is '{kind}', which has no regimes",
                "Set completeness = 'regime', or leave the survey out and give completeness or an audit.",
                key="model.completeness",
                detail=f"surveyed: {', '.join(surveyed)}",
            )
        )
