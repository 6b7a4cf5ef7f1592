"""From incidence to deaths and the living: survivorship of every stratum, laid along the Lexis diagonal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.kernels.convolution import alive_on_grid, deaths, dying_on_grid, living
from sbc_prevalence.kernels.fused import convolved_draws
from sbc_prevalence.kernels.survivorship import FIRST_WEIGHTS, LATER_WEIGHTS
from sbc_prevalence.model.age_inputs import on_grid

if TYPE_CHECKING:
    from sbc_prevalence.model.ages import AgeStructure
    from sbc_prevalence.model.attribution import DeathAttribution
    from sbc_prevalence.model.inputs import ModelInputs
    from sbc_prevalence.model.strata import Strata
    from sbc_prevalence.model.survival import AbstractSurvival

Floats = NDArray[np.float64]
Parameters = Mapping[str, Array]


@dataclass(frozen=True, eq=False)
class Convolved:
    """What follows from incidence, presentations together.

    Parameters
    ----------
    deaths, living : arrays, shape (..., n_levels, n_years)
        Ages together.
    deaths_by_age : array, shape (..., n_bands, n_levels, n_years), or None
        By age at death, where the model has ages.
    """

    deaths: Array
    living: Array
    deaths_by_age: Array | None = None

    def at(self, place: Floats) -> "Convolved":
        """The same at more levels, 0 where `place`, shape (n_levels, n_here), has no 1."""
        by_age = None if self.deaths_by_age is None else place @ self.deaths_by_age
        return Convolved(place @ self.deaths, place @ self.living, by_age)

    def level(self, at: int) -> "Convolved":
        """One level, its axis dropped."""
        by_age = None if self.deaths_by_age is None else self.deaths_by_age[..., at, :]
        return Convolved(self.deaths[..., at, :], self.living[..., at, :], by_age)

    def plus(self, factor: Array, other: "Convolved") -> "Convolved":
        """This, and `other` times a factor of shape (..., 1); both without the axis of levels, which is put back."""
        by_age = None
        if self.deaths_by_age is not None and other.deaths_by_age is not None:
            by_age = (self.deaths_by_age + factor[..., None, :] * other.deaths_by_age)[..., None, :]
        return Convolved((self.deaths + factor * other.deaths)[..., None, :],
                         (self.living + factor * other.living)[..., None, :], by_age)

    def certified(
        self, attribution: "DeathAttribution", p: Parameters, inputs: "ModelInputs", xp: Namespace = NUMPY
    ) -> Array:
        """Certified deaths, shape (..., n_levels, n_years)."""
        if self.deaths_by_age is None:
            return attribution.kappa(p, inputs, xp)[..., None, :] * self.deaths
        return (attribution.kappa_by_age(p, inputs, xp)[..., :, None, :] * self.deaths_by_age).sum(-3)


@dataclass(frozen=True, eq=False)
class Parts:
    """The whole in two parts: what the level parameter leaves alone, and what it scales.

    Parameters
    ----------
    fixed, scaled : arrays, shape (..., n_years)
        Incidence.
    convolved : Convolved
        What follows from the fixed (level 0) and from the scaled part (level 1).
    """

    fixed: Array
    scaled: Array
    convolved: Convolved


def convolved_by_age(
    cases: Array,
    ages: "AgeStructure",
    survival: "AbstractSurvival",
    p: Parameters,
    inputs: "ModelInputs",
    xp: Namespace,
    hazards: Array,
    *,
    of_draws: bool,
) -> Convolved:
    """Deaths by age at death, and the living.

    Parameters
    ----------
    cases : array, shape (..., presentation, n_levels, n_years)
    ages, survival, p, inputs, xp
    hazards : array, shape (..., n_nodes)
        Of the population described.
    of_draws : bool
        NumPy: whether the compiled kernel is used, or the plain formula.
    """
    laid_out = ages.laid_out(inputs)
    strata = ages.strata(survival.strata(p, inputs, xp), p, inputs, xp)
    by_stratum = ages.cases(cases, ages.mix(p, inputs, xp), xp)
    dying_at, everybody = laid_out.dying_at(), np.ones((strata.size, 1, inputs.n_years))
    if xp.convolve is not None:
        dead, people = xp.convolve(
            by_stratum, hazards, strata.ratios, strata.slopes, p["other_cause_multiplier"], survival.decades(inputs),
            strata.floor, dying_at, everybody
        )
    elif of_draws:
        dead, people = _of_draws(by_stratum, hazards, strata, p, survival.decades(inputs), dying_at, everybody)
    else:
        alive = alive_on_grid(survival.survivorship(p, inputs, hazards, xp, strata), inputs.n_years)
        dying = dying_on_grid(alive, inputs.n_years, xp)[..., None, :, :] * on_grid(dying_at)
        dead = (by_stratum[..., None, :, :] @ dying).sum(-4)
        people = (by_stratum @ alive).sum(-3)[..., None, :, :]
    return Convolved(dead.sum(-3), people[..., 0, :, :], dead)


def _of_draws(
    cases: Array, hazards: Array, strata: "Strata", p: Parameters, decades: Floats, dying_at: Floats, living_at: Floats
) -> tuple[Floats, Floats]:
    """The compiled kernel over any leading axes."""
    lead = np.shape(hazards)[:-1]

    def flat(x: Array, *last: int) -> Floats:
        return np.ascontiguousarray(np.broadcast_to(x, (*lead, *last)), dtype=float).reshape(-1, *last)

    found = convolved_draws(
        flat(cases, *np.shape(cases)[-3:]), flat(hazards, np.shape(hazards)[-1]), flat(strata.ratios, strata.size),
        flat(strata.slopes, strata.size), flat(p["other_cause_multiplier"]), np.ascontiguousarray(decades),
        np.ascontiguousarray(strata.floor), dying_at, living_at, FIRST_WEIGHTS, LATER_WEIGHTS)
    dead, people = (x.reshape(*lead, *x.shape[1:]) for x in found)
    return dead, people


def alive_of_ages(
    ages: "AgeStructure", survival: "AbstractSurvival", p: Parameters, inputs: "ModelInputs"
) -> tuple[Floats, Floats, Floats]:
    """Survivorship of draws on the grid.

    Returns
    -------
    alive : array, shape (..., presentation, n_years, n_years)
        Of the mixture of ages of each year's diagnoses.
    by_age : array, shape (..., presentation, n_bands, n_years, n_years)
    mix : array, shape (..., presentation, n_bands, n_years)
    """
    mix = np.asarray(ages.mix(p, inputs))
    flat = survival.alive_of_draws(p, inputs, ages.strata(survival.strata(p, inputs), p, inputs))
    by_age = flat.reshape(*flat.shape[:-3], 2, -1, *flat.shape[-2:])
    return np.einsum("...kas,...kast->...kst", mix, by_age), by_age, mix


def latent_by_age(
    cases: Floats, ages: "AgeStructure", survival: "AbstractSurvival", attribution: "DeathAttribution",
    p: Parameters, inputs: "ModelInputs"
) -> dict[str, Floats]:
    """Latent quantities of a model with ages; the mix of ages is common to the areas.

    Parameters
    ----------
    cases : array, shape (..., presentation, n_areas, n_years)

    Returns
    -------
    dict
        As `PrevalenceModel.latent`, ages together: ``alive`` is survivorship of the mixture of ages of each year's
        diagnoses. Besides ``age_mix`` (..., presentation, n_bands, n_years), ``alive_by_age`` (..., presentation,
        n_bands, n_years, n_years), ``kappa_by_age`` and the whole's ``deaths_by_age`` (..., n_bands, n_years).
    """
    alive, by_age, mix = alive_of_ages(ages, survival, p, inputs)
    whole = cases.sum(-2)[..., None, :]
    dead = deaths_by_age(whole, mix, by_age, inputs)[..., 0, :]
    kappa = np.asarray(attribution.kappa_by_age(p, inputs))
    return {
        "incidence": cases,
        "alive": alive,
        "living": living(cases, alive),
        "deaths": deaths(cases, dying_on_grid(alive, inputs.n_years)),
        "kappa": (kappa * dead).sum(-2) / dead.sum(-2),
        "age_mix": mix,
        "alive_by_age": by_age,
        "kappa_by_age": kappa,
        "deaths_by_age": dead,
    }


def deaths_by_age(cases: Floats, mix: Floats, alive_by_age: Floats, inputs: "ModelInputs") -> Floats:
    """All-cause deaths by age at death, presentations together, shape (..., n_bands, n_levels, n_years).

    Parameters
    ----------
    cases : array, shape (..., presentation, n_levels, n_years)
    mix : array, shape (..., presentation, n_bands, n_years)
    alive_by_age : array, shape (..., presentation, n_bands, n_years, n_years)
    inputs : ModelInputs
    """
    assert inputs.ages is not None
    n = inputs.ages.bands.size
    at = on_grid(inputs.ages.dying_at()).reshape(2, n, n, inputs.n_years, inputs.n_years)
    dying = mix[..., None] * dying_on_grid(alive_by_age, inputs.n_years)
    by_attained = np.einsum("...kast,kabst->...kbst", dying, at)
    return np.asarray((cases[..., None, :, :] @ by_attained).sum(-4))


def seen_by_deaths(latent: Mapping[str, Floats], inputs: "ModelInputs") -> dict[str, Floats]:
    """What evidence on deaths sees of latent quantities; see `observing.expected_deaths`."""
    found = {"deaths": inputs.levels @ latent["deaths"].sum(-3), "kappa": latent["kappa"]}
    if "alive_by_age" in latent:
        cases = inputs.levels @ latent["incidence"]
        found |= {"deaths_by_age": deaths_by_age(cases, latent["age_mix"], latent["alive_by_age"], inputs),
                  "kappa_by_age": latent["kappa_by_age"]}
    return found
