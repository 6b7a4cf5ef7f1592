"""The model: incidence and survival make the living and the dead; evidence observes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.kernels.convolution import alive_on_grid, deaths, dying_on_grid, living
from sbc_prevalence.model import observation
from sbc_prevalence.model.attribution import DeathAttribution
from sbc_prevalence.model.incidence import AbstractIncidence
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.parameters import ParameterSet, combine
from sbc_prevalence.model.survival import AbstractSurvival, WeibullSurvival

Override = Mapping[str, float | str]


@dataclass(frozen=True)
class PrevalenceModel:
    """A description of the model; it is built and fitted elsewhere.

    Parameters
    ----------
    incidence : AbstractIncidence
        `NaturalHistoryIncidence` or `SmoothIncidence`.
    survival : AbstractSurvival
        `WeibullSurvival`, `PiecewiseExponentialSurvival` or `LogLogisticSurvival`.
    attribution : DeathAttribution
    overrides : mapping of parameter name to {center, sd, source, reason}
        Priors that replace the components' own.
    judgement_width : float
        Factor on the spread of every prior that is a judgement.
    """

    incidence: AbstractIncidence
    survival: AbstractSurvival = field(default_factory=WeibullSurvival)
    attribution: DeathAttribution = field(default_factory=DeathAttribution)
    overrides: Mapping[str, Override] = field(default_factory=dict)
    judgement_width: float = 1.0

    def parameters(self, inputs: ModelInputs) -> ParameterSet:
        """All parameters with their priors, for the shapes of these inputs."""
        found = combine(self.incidence.priors(inputs), self.survival.priors(inputs),
                        self.attribution.priors(inputs), observation.priors(inputs))
        widened = found if self.judgement_width == 1.0 else found.scaled_judgements(self.judgement_width)
        return widened.replaced(self.overrides)

    def with_overrides(self, **changes: Override) -> "PrevalenceModel":
        """The same model with further priors replaced, e.g. ``hazard_ratio_recurrent={"center": 0, "sd": 0}``."""
        return replace(self, overrides={**self.overrides, **changes})

    def latent(self, p: Mapping[str, Array], inputs: ModelInputs) -> dict[str, Array]:
        """Latent quantities from natural parameter values; leading axes (draws) are kept.

        Returns
        -------
        dict
            ``incidence``, ``living``, ``deaths`` of shape (..., presentation, area, n_years);
            ``alive`` of shape (..., presentation, n_years, n_years); ``kappa`` of shape (..., n_years).
        """
        hazards = self.survival.baseline_with_tail(p, inputs)
        cases = self.incidence.incidence(p, inputs)
        alive = alive_on_grid(self.survival.survivorship(p, inputs, hazards), inputs.n_years)
        dying = dying_on_grid(alive, inputs.n_years)
        return {
            "incidence": cases, "alive": alive,
            "living": living(cases, alive), "deaths": deaths(cases, dying),
            "kappa": self.attribution.kappa(p, inputs),
        }

    def observed(self, p: Mapping[str, Array], inputs: ModelInputs, xp: Namespace = NUMPY) -> dict[str, Array]:
        """What evidence sees: quantities at the levels at which it sits, and the published points.

        Returns
        -------
        dict
            ``incidence`` (..., presentation, n_levels, n_years); ``deaths`` and ``living``
            (..., n_levels, n_years), presentations together; ``kappa`` (..., n_years); ``points`` (..., n_points).
        """
        hazards = self.survival.baseline_with_tail(p, inputs, xp)
        cases = inputs.levels @ self.incidence.incidence(p, inputs, xp)
        if xp.convolve is not None:
            dead, alive_people = xp.convolve(
                cases, hazards, p["hazard_ratio_recurrent"], p["hazard_trend"], p["other_cause_multiplier"],
                self.survival.decades(inputs), inputs.floor)
        else:
            alive = alive_on_grid(self.survival.survivorship(p, inputs, hazards, xp), inputs.n_years)
            dead = deaths(cases, dying_on_grid(alive, inputs.n_years, xp)).sum(-3)
            alive_people = living(cases, alive).sum(-3)
        return {"incidence": cases, "deaths": dead, "living": alive_people,
                "kappa": self.attribution.kappa(p, inputs, xp),
                "points": self.survival.point_hazards(p, inputs, hazards, xp)}

    def loglik_terms(self, p: Mapping[str, Array], inputs: ModelInputs, xp: Namespace = NUMPY) -> dict[str, Array]:
        """Log-likelihood by piece of evidence, each of shape (...)."""
        return observation.loglik_terms(p, self.observed(p, inputs, xp), inputs, xp)

    def specification(self) -> dict[str, Any]:
        """Plain description: the same in a config file, a notebook and a manifest."""
        return {
            "incidence": self.incidence.kind, "survival": self.survival.family, "trend": self.survival.trend,
            "judgement_width": self.judgement_width, "overrides": {k: dict(v) for k, v in self.overrides.items()},
            "window_days": getattr(self.incidence, "window_days", None),
        }
