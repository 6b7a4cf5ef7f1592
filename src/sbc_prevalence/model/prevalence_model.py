"""The model: incidence and survival make the living and the dead; evidence observes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any
from zlib import crc32

import numpy as np

from sbc_prevalence.errors import ModelError
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.kernels.convolution import alive_on_grid, deaths, dying_on_grid, living
from sbc_prevalence.model import level
from sbc_prevalence.model.age_mixture import mixed_at_nodes, mixed_growth
from sbc_prevalence.model.ages import AgeStructure
from sbc_prevalence.model.attribution import DeathAttribution
from sbc_prevalence.model.completeness import AbstractCompleteness, SourceCompleteness
from sbc_prevalence.model.convolving import Convolved, Parts, alive_of_ages, convolved_by_age, latent_by_age
from sbc_prevalence.model.delay import arrived_shares, delay_priors
from sbc_prevalence.model.flow import flow_priors, seen_of_flows
from sbc_prevalence.model.incidence import AbstractIncidence
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.observing.regimes import resolved
from sbc_prevalence.model.observing.survival_records import cells_seen
from sbc_prevalence.model.observing.together import evidence_loglik, evidence_priors, evidence_terms
from sbc_prevalence.model.parameters import ParameterSet, combine
from sbc_prevalence.model.strata import Strata
from sbc_prevalence.model.survival import AbstractSurvival, WeibullSurvival
from sbc_prevalence.model.survival.unregistered import RATIO, SHARE, apart, registered_share

CHUNK = 250
COMPILED = SimpleNamespace(**vars(NUMPY))
"""NumPy, with survivorship by the compiled kernel: for draws by the thousand."""

Override = Mapping[str, float | str]
Shared = dict[str, Parts]
PARTS = "parts"


@dataclass(frozen=True)
class PrevalenceModel:
    """A description of the model; it is built and fitted elsewhere.

    Parameters
    ----------
    incidence : AbstractIncidence
        `NaturalHistoryIncidence` or `SmoothIncidence`.
    survival : AbstractSurvival
        One of `survival.FAMILIES`, e.g. `WeibullSurvival`.
    attribution : DeathAttribution
    completeness : AbstractCompleteness
        Probability that a true case is in each source of registrations.
    overrides : mapping of parameter name to {center, sd, source, reason}
        Priors that replace the components' own.
    judgement_width : float
        Factor on the spread of every prior that is a judgement.
    area_factor : float
        Factor on the prior spread between areas.
    ages : AgeStructure, optional
        Age bands at diagnosis; without them ages stand together.
    """

    incidence: AbstractIncidence
    survival: AbstractSurvival = field(default_factory=WeibullSurvival)
    attribution: DeathAttribution = field(default_factory=DeathAttribution)
    completeness: AbstractCompleteness = field(default_factory=SourceCompleteness)
    overrides: Mapping[str, Override] = field(default_factory=dict)
    judgement_width: float = 1.0
    area_factor: float = 1.0
    ages: AgeStructure | None = None

    def parameters(self, inputs: ModelInputs) -> ParameterSet:
        """All parameters with their priors, for the shapes of these inputs.

        Raises
        ------
        ModelError
            If evidence was laid out with ages that the model does not have, or without those that it has; if ages and
            another hazard of the unregistered are both asked for.
        """
        if self.ages is None and inputs.ages is not None:
            raise ModelError("the evidence was laid out by age and the model has no ages. Give the model 'ages'.")
        if self.ages is not None and self.survival.unregistered is not None:
            raise ModelError("age bands and another hazard of the unregistered do not go together yet. Leave one out.")
        found = combine(
            self.incidence.priors(inputs),
            self.survival.priors(inputs),
            self.attribution.priors(inputs),
            self.completeness.priors(inputs.with_stated_sources()),
            delay_priors(inputs),
            flow_priors(inputs),
            [] if self.ages is None else self.ages.priors(inputs),
            evidence_priors(inputs),
        )
        replaced = found.replaced(self.overrides).with_area_spread(self.area_factor)
        return replaced if self.judgement_width == 1.0 else replaced.scaled_judgements(self.judgement_width)

    def sampled(self, inputs: ModelInputs) -> ParameterSet:
        """The parameters that the sampler moves: all but those of `prior_only`."""
        return self.parameters(inputs).without(self.prior_only(inputs))

    def level_parameter(self, inputs: ModelInputs) -> str | None:
        """The parameter that is sampled through a level coordinate, if there is one (see `model.level`)."""
        name = self.incidence.level_parameter
        if name is None or "deaths_values" not in inputs.arrays or self.parameters(inputs)[name].sd == 0:
            return None
        return name

    def values(
        self,
        noise: Mapping[str, Array],
        inputs: ModelInputs,
        xp: Namespace = NUMPY,
        centers: Array | None = None,
        sds: Array | None = None,
    ) -> dict[str, Array]:
        """Natural values of the sampled parameters from the sampler's noise, and what `completeness.settled` needs.

        Parameters
        ----------
        noise : mapping of parameter name to array, shape (..., *prior.shape)
            From `ParameterSet.noise_by_name`.
        inputs : ModelInputs
        centers, sds : arrays, optional
            Of the sampled priors, where they are symbols.
        """
        if xp is NUMPY:
            return self._values_by_chunks(noise, inputs)
        return self.log_density_change(noise, inputs, xp, centers, sds)[0]

    def _values_by_chunks(self, noise: Mapping[str, Array], inputs: ModelInputs) -> dict[str, Array]:
        """`values` of draws, some at a time: memory stays bounded."""
        priors = self.sampled(inputs).priors
        first = np.asarray(noise[priors[0].name])
        lead = first.shape[: first.ndim - len(priors[0].shape)]
        flat = {q.name: np.reshape(noise[q.name], (-1, *q.shape)) for q in priors}
        pieces = [
            self.log_density_change({name: z[at : at + CHUNK] for name, z in flat.items()}, inputs, COMPILED)[0]
            for at in range(0, int(np.prod(lead, dtype=int)), CHUNK)
        ]
        return {
            name: np.concatenate([piece[name] for piece in pieces]).reshape((*lead, *np.shape(pieces[0][name])[1:]))
            for name in pieces[0]
        }

    def log_density_change(
        self,
        noise: Mapping[str, Array],
        inputs: ModelInputs,
        xp: Namespace = NUMPY,
        centers: Array | None = None,
        sds: Array | None = None,
        shared: Shared | None = None,
    ) -> tuple[dict[str, Array], Array]:
        """Natural values, and what coordinates of the sampler's own add to the log density of standard noise.

        Parameters
        ----------
        noise, inputs, xp, centers, sds
            As in `values`.
        shared : dict, optional
            Keeps what `observed` of the same values needs again, so that a graph holds it once.
        """
        sampled = self.sampled(inputs)
        centers = sampled.centers if centers is None else centers
        sds = sampled.sds if sds is None else sds
        values = sampled.natural(noise, centers, sds, xp)
        places, change = self.completeness.moved(values, inputs, xp)
        values |= places
        name = self.level_parameter(inputs)
        if name is None:
            return values, change
        average = self.survival.baseline_with_tail(values, inputs, xp)
        parts = self._parts_of_the_whole(values, inputs, xp, average)
        if shared is not None:
            shared[PARTS] = parts
        certified = parts.convolved.certified(self.attribution, values, inputs, xp)
        error, log_jacobian = level.implied_error(
            noise[name], certified[..., 0, :], certified[..., 1, :], inputs, xp
        )
        at = sampled.names.index(name)
        values[name] = error
        return values, change + level.log_density_change(noise[name], error, centers[at], sds[at], log_jacobian)

    def with_overrides(self, **changes: Override) -> "PrevalenceModel":
        """The same model with further priors replaced, e.g. ``hazard_ratio_recurrent={"center": 0, "sd": 0}``."""
        return replace(self, overrides={**self.overrides, **changes})

    def strata(self, p: Mapping[str, Array], inputs: ModelInputs, xp: Namespace = NUMPY) -> Strata:
        """The presentations, or presentation x age band, bands running faster."""
        base = self.survival.strata(p, inputs, xp)
        return base if self.ages is None else self.ages.strata(base, p, inputs, xp)

    def latent(self, p: Mapping[str, Array], inputs: ModelInputs) -> dict[str, Array]:
        """Latent quantities from natural parameter values; leading axes (draws) are kept.

        Returns
        -------
        dict
            ``incidence``, ``living``, ``deaths`` of shape (..., presentation, area, n_years);
            ``alive`` of shape (..., presentation, n_years, n_years); ``kappa`` of shape (..., n_years). With ages
            also what `convolving.latent_by_age` adds.
        """
        cases = self.incidence.incidence(p, inputs)
        if self.ages is not None:
            return latent_by_age(cases, self.ages, self.survival, self.attribution, p, inputs)
        alive = self.alive(p, inputs)
        dying = dying_on_grid(alive, inputs.n_years)
        return {
            "incidence": cases,
            "alive": alive,
            "living": living(cases, alive),
            "deaths": deaths(cases, dying),
            "kappa": self.attribution.kappa(p, inputs),
        }

    def alive(self, p: Mapping[str, Array], inputs: ModelInputs) -> Array:
        """Survivorship of draws on the grid, ages together, shape (..., presentation, n_years, n_years)."""
        if self.ages is not None:
            return alive_of_ages(self.ages, self.survival, p, inputs)[0]
        return self.survival.alive_of_draws(self.with_registered_share(p, inputs), inputs)

    def survival_at_nodes(
        self, p: Mapping[str, Array], inputs: ModelInputs, average: Array, xp: Namespace = NUMPY, *,
        middle_only: bool = False,
    ) -> tuple[Array, Array]:
        """Survival of the population described at the nodes of survivorship, by presentation, ages together.

        Parameters
        ----------
        p, inputs, xp
        average : array, shape (..., n_nodes)
            From `AbstractSurvival.baseline_with_tail`.
        middle_only : bool
            Only of people diagnosed in the middle of the years with data: n_years is then 1.

        Returns
        -------
        first : array, shape (..., presentation, n_years, n_first)
        later : array, shape (..., presentation, n_years, n_durations - 1, n_later)
        """
        middle = (inputs.grid.first_data_year + inputs.grid.last_data_year) // 2 - inputs.grid.first_year
        years = slice(middle, middle + 1) if middle_only else slice(None)
        strata = None if self.ages is None else self.strata(p, inputs, xp)
        found = self.survival.at_nodes(
            p, inputs, self.survival.own_hazards(p, average, xp), xp, strata=strata, years=years)
        return found if self.ages is None else mixed_at_nodes(*found, self.ages.mix(p, inputs, xp)[..., years], xp)

    def with_registered_share(
        self, p: Mapping[str, Array], inputs: ModelInputs, xp: Namespace = NUMPY
    ) -> Mapping[str, Array]:
        """The parameters, and where the unregistered have a hazard of their own the share of the registered."""
        if self.survival.unregistered is None or SHARE in p:
            return p
        return {**p, SHARE: registered_share(self.completeness.completeness(p, inputs, xp), inputs, xp)}

    def sees_areas(self, inputs: ModelInputs) -> bool:
        """Whether any evidence sits below the whole; if none does, the area parameters rest on their prior."""
        return inputs.sits_below_whole

    def prior_only(self, inputs: ModelInputs) -> tuple[str, ...]:
        """Parameters that no evidence reaches: they are drawn from their priors, exactly."""
        if self.sees_areas(inputs):
            return ()
        reached = self.incidence.area_parameters
        return tuple(p.name for p in self.parameters(inputs).priors if p.name in reached)

    def observed(
        self, p: Mapping[str, Array], inputs: ModelInputs, xp: Namespace = NUMPY, shared: Shared | None = None
    ) -> dict[str, Any]:
        """What evidence sees: quantities at the levels at which it sits, and the published points.

        Parameters
        ----------
        p : mapping of parameter name to array, shape (..., *prior.shape)
        inputs : ModelInputs
        xp : namespace
        shared : dict, optional
            From `log_density_change` of the same values.

        Returns
        -------
        dict
            ``incidence`` (..., presentation, n_levels, n_years); ``deaths`` and ``living``
            (..., n_levels, n_years), presentations together; ``kappa`` (..., n_years); ``points`` (..., n_points);
            ``completeness``, a mapping from source to (..., n_areas or 1, n_years or 1); ``area_incidence``
            (..., presentation, n_areas, n_years) where evidence sits below the whole; ``arrived``, a mapping from the
            sources with a reporting delay to what they hold of each row, (..., n_rows); ``flows``, from sources with a
            hazard of registration to the shares registered in life and dead unregistered, each
            (..., presentation, n_years, n_years) by year of diagnosis and calendar year. Deaths and the living are 0
            at levels where no evidence on them sits (``inputs.convolved``). With survival records also ``cells``, see
            `observing.survival_records.cells_seen`. With ages also ``age_mix``
            (..., presentation, n_bands, n_years), ``deaths_by_age`` (..., n_bands, n_levels, n_years) and
            ``kappa_by_age`` (..., n_bands, n_years); ``kappa`` is then that of all levels together.
        """
        average = self.survival.baseline_with_tail(p, inputs, xp)
        by_area: dict[str, Array] = {}
        if not self.sees_areas(inputs) and self.incidence.level_parameter is not None:
            parts = (shared or {}).get(PARTS) or self._parts_of_the_whole(p, inputs, xp, average)
            factor = xp.exp(p[self.incidence.level_parameter])[..., None]
            cases = xp.stack([parts.fixed, parts.scaled * factor], axis=-2)[..., None, :]
            found = parts.convolved.level(0).plus(factor, parts.convolved.level(1))
        else:
            if self.sees_areas(inputs):
                by_area = {"area_incidence": self.incidence.incidence(p, inputs, xp)}
                cases = inputs.levels @ by_area["area_incidence"]
            else:
                cases = self.incidence.whole(p, inputs, xp)[..., None, :]
            found = self._at_levels(cases, p, inputs, xp, average)
        whole = by_area["area_incidence"].sum(-2) if by_area else cases[..., 0, :]
        flows = self._flows(whole, cases, p, inputs, xp, average)
        stated = self.completeness.seen(p, inputs.with_stated_sources(), xp)
        return {
            "incidence": cases,
            "deaths": found.deaths,
            "living": found.living,
            **self._attributed(found, p, inputs, xp),
            "points": self._point_hazards(p, inputs, average, xp),
            **stated,
            "completeness": {**stated["completeness"], **flows["completeness"]},
            "arrived": {**arrived_shares(p, inputs, xp), **flows["arrived"]},
            "flows": flows["flows"],
            **by_area,
            **cells_seen(p, inputs, self.survival, average, xp, self.ages),
        }

    def _flows(
        self, whole: Array, cases: Array, p: Mapping[str, Array], inputs: ModelInputs, xp: Namespace, average: Array
    ) -> dict[str, dict[str, Any]]:
        """What evidence sees of sources with a hazard of registration; empty where there is none."""
        if not inputs.flows:
            return {"completeness": {}, "arrived": {}, "flows": {}}
        first, later = self.survival_at_nodes(p, inputs, average, xp, middle_only=True)
        return seen_of_flows(p, inputs, first, later, whole, cases, xp)

    def _attributed(
        self, found: Convolved, p: Mapping[str, Array], inputs: ModelInputs, xp: Namespace
    ) -> dict[str, Array]:
        """Ratio of certified deaths to deaths, and with ages what it is made of."""
        if self.ages is None or found.deaths_by_age is None:
            return {"kappa": self.attribution.kappa(p, inputs, xp)}
        by_age = self.attribution.kappa_by_age(p, inputs, xp)
        certified = (by_age[..., :, None, :] * found.deaths_by_age).sum(-3).sum(-2)
        return {
            "kappa": certified / found.deaths.sum(-2),
            "kappa_by_age": by_age,
            "deaths_by_age": found.deaths_by_age,
            "age_mix": self.ages.mix(p, inputs, xp),
        }

    def _point_hazards(
        self, p: Mapping[str, Array], inputs: ModelInputs, average: Array, xp: Namespace
    ) -> Array:
        """Model value of each published point; with ages its population is a mixture of them."""
        if self.ages is None:
            return self.survival.point_hazards(p, inputs, average, xp)
        ages = self.ages
        return self.survival.point_hazards(
            p, inputs, average, xp, lambda end, start, ratio: mixed_growth(end, start, ratio, ages, p, inputs, xp)
        )

    def _at_levels(
        self, cases: Array, p: Mapping[str, Array], inputs: ModelInputs, xp: Namespace, average: Array
    ) -> Convolved:
        """`_convolved` of the levels that evidence on deaths or the living needs; zeros at all others."""
        if inputs.convolved is None or len(inputs.convolved) == len(inputs.level_codes):
            return self._convolved(cases, p, inputs, xp, average)
        chosen = list(inputs.convolved)
        place = np.eye(len(inputs.level_codes))[:, chosen]
        return self._convolved(cases[..., chosen, :], p, inputs, xp, average).at(place)

    def _convolved(
        self, cases: Array, p: Mapping[str, Array], inputs: ModelInputs, xp: Namespace, average: Array
    ) -> Convolved:
        """Deaths and living of each level and year, presentations together."""
        hazards, p = self.survival.own_hazards(p, average, xp), self.with_registered_share(p, inputs, xp)
        if self.ages is not None:
            return convolved_by_age(
                cases, self.ages, self.survival, p, inputs, xp, hazards, of_draws=xp is COMPILED)
        if xp.convolve is not None:
            strata = self.survival.strata(p, inputs, xp)
            if self.survival.unregistered is not None:
                cases, strata = apart(cases, strata, p[RATIO], p[SHARE], xp)
            everybody = np.ones((strata.size, 1, inputs.n_years))
            dead, people = xp.convolve(
                cases,
                hazards,
                strata.ratios,
                strata.slopes,
                p["other_cause_multiplier"],
                self.survival.decades(inputs),
                strata.floor,
                everybody,
                everybody,
            )
            return Convolved(dead[0], people[0])
        alive = self.survival.alive_of_draws(p, inputs) if xp is COMPILED else alive_on_grid(
            self.survival.survivorship(p, inputs, hazards, xp), inputs.n_years
        )
        dead = deaths(cases, dying_on_grid(alive, inputs.n_years, xp)).sum(-3)
        return Convolved(dead, living(cases, alive).sum(-3))

    def _parts_of_the_whole(
        self, p: Mapping[str, Array], inputs: ModelInputs, xp: Namespace, average: Array
    ) -> Parts:
        """Incidence that the level parameter leaves alone and that it scales, with what follows from each."""
        fixed, scaled = self.incidence.split(p, inputs, xp)
        nobody = xp.zeros_like(fixed)
        cases = xp.stack(
            [xp.stack([fixed, nobody], axis=-2), xp.stack([nobody, scaled], axis=-2)], axis=-3
        )
        return Parts(fixed, scaled, self._convolved(cases, p, inputs, xp, average))

    def loglik_terms(
        self, p: Mapping[str, Array], inputs: ModelInputs, xp: Namespace = NUMPY, shared: Shared | None = None
    ) -> dict[str, Array]:
        """Log-likelihood by piece of evidence, each of shape (...); arguments as in `observed`."""
        return evidence_terms(p, self.observed(p, inputs, xp, shared), inputs, xp)

    def completeness_of(self, p: Mapping[str, Array], inputs: ModelInputs) -> Mapping[str, Array]:
        """Completeness of draws by source, that of flows included; each (n_draws, n_areas or 1, n_years or 1).

        Where it depends on the regime of an area, that is drawn too, given the draw and all evidence.
        """
        if inputs.flows or self.completeness.has_regimes:
            return self.resolved(p, inputs, seed=7)["completeness"]
        return self.completeness.completeness(p, inputs)

    def resolved(self, p: Mapping[str, Array], inputs: ModelInputs, *, seed: int) -> Mapping[str, Any]:
        """`observed` of draws, with a regime drawn for every area where the likelihood sums over regimes.

        Parameters
        ----------
        p : mapping of name to array, shape (n_draws, *parameter shape)
        inputs : ModelInputs
        seed : int
            Together with the first of the draws: successive chunks of draws get streams of their own.
        """
        first = next(iter(p.values()))
        rng = np.random.default_rng([seed, crc32(np.ascontiguousarray(first, dtype=float).tobytes())])
        return resolved(p, self.observed(p, inputs, COMPILED), inputs, rng)

    def loglik_by_evidence(self, p: Mapping[str, Array], inputs: ModelInputs) -> dict[str, Array]:
        """Log-likelihood of draws by name of the observation, whatever its power, each of shape (n_draws,)."""
        return evidence_loglik(p, self.observed(p, inputs, COMPILED), inputs)

    def specification(self) -> dict[str, Any]:
        """Plain description: the same in a config file, a notebook and a manifest."""
        return {
            "incidence": self.incidence.kind,
            "survival": self.survival.family,
            "trend": self.survival.trend,
            **({} if self.incidence.areas.kind == "exchangeable" else {"area_effects": self.incidence.areas.kind}),
            **({} if self.survival.ratio_from_published else {"ratio_from_published": False}),
            **({} if self.completeness == SourceCompleteness() else {"completeness": self.completeness.kind}),
            **({} if (ratio := self.survival.unregistered) is None else {"unregistered": [float(v) for v in ratio]}),
            **({} if self.ages is None else {"ages": list(self.ages.bands)}),
            "judgement_width": self.judgement_width,
            "area_factor": self.area_factor,
            "overrides": {k: dict(v) for k, v in self.overrides.items()},
            "window_days": getattr(self.incidence, "window_days", None),
        }
