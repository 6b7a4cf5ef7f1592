"""Age at diagnosis: the mix of ages of each presentation, and how hazards differ between age bands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sbc_prevalence.errors import ModelError
from sbc_prevalence.grid import PRESENTATIONS, AgeBands
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.age_inputs import AgeInputs
from sbc_prevalence.model.parameters import Prior
from sbc_prevalence.model.strata import Strata

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs

Parameters = Mapping[str, Array]


@dataclass(frozen=True)
class AgeStructure:
    """Age bands at diagnosis of metastatic disease.

    Incidence of each presentation is divided over the bands by a mix of ages: that of primaries for de novo disease,
    age at primary plus lag for recurrences, both with departures of their own. Hazards differ between bands by a
    straight line in age and departures from it. People grow older along the Lexis diagonal, so that deaths are seen
    by age at death and the living by attained age.

    Parameters
    ----------
    bands : tuple of str
        Completed years of age, from birth without a gap, the last band open.

    Raises
    ------
    EvidenceError
        If the bands do not follow each other.
    """

    bands: tuple[str, ...] = ("0-49", "50-64", "65-79", "80+")
    equation: ClassVar[str] = (
        "I[k,a,s] = I[k,s] x w[k,a,s] / sum_a w, w = usual mix x exp(chi_ka + chi'_a decades); "
        "H[k,a,s] = exp(nu (age_a - mean age) / 10 + nu_a) H[k,s]"
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "bands", tuple(self.bands))
        AgeBands(self.bands)

    @property
    def size(self) -> int:
        """Number of bands."""
        return len(self.bands)

    def laid_out(self, inputs: "ModelInputs") -> AgeInputs:
        """What the evidence says of these bands.

        Raises
        ------
        ModelError
            If the evidence was laid out without ages or with other bands.
        """
        if inputs.ages is None or inputs.ages.bands.labels != self.bands:
            raise ModelError("the evidence was laid out without these age bands. Give them to lay_out as 'ages'.")
        return inputs.ages

    def priors(self, inputs: "ModelInputs") -> list[Prior]:
        """Departures of the mixes of ages, and hazard ratios between bands."""
        n = self.laid_out(inputs).bands.size
        return [
            Prior(
                "age_departure",
                "chi_ka",
                "log share of an age band at diagnosis over its usual share",
                "zero_sum_normal",
                0.0,
                0.30,
                "log",
                None,
                "The usual ages are those of all primaries (de novo) and of primaries followed through published "
                "recurrence risks (recurrent). Screening finds early disease at 50 to 70, and the oldest are staged "
                "least: a band may be wrong by some 30 % either way.",
                shape=(2, n),
                dims=("presentation", "age_band"),
                labels=tuple(f"{k}, {band}" for k in PRESENTATIONS for band in self.bands),
                group="ages",
            ),
            Prior(
                "age_departure_trend",
                "chi'_a",
                "change of that log share per decade, both presentations",
                "zero_sum_normal",
                0.0,
                0.10,
                "log per decade",
                None,
                "The ages of primaries are followed year by year; screening ages and staging of the old changed beside "
                "them, slowly.",
                shape=(n,),
                dims=("age_band",),
                labels=self.bands,
                group="ages",
            ),
            Prior(
                "age_hazard_slope",
                "nu",
                "log hazard after metastatic diagnosis per decade of age",
                "normal",
                0.10,
                0.08,
                "log per decade of age",
                None,
                "Five-year relative survival is .36 under 50 (diagnosed 2005-2012, Mariotto 2017) where all ages have "
                "about .28 (England 2012-2016): about .1 a decade, and two populations cannot say it more sharply.",
                group="ages",
            ),
            Prior(
                "age_hazard_effect",
                "nu_a",
                "log hazard of an age band beside the straight line in age",
                "zero_sum_normal",
                0.0,
                0.10,
                "log",
                None,
                "Subtype and treatment do not follow age in a straight line; some 10 % between bands.",
                shape=(n,),
                dims=("age_band",),
                labels=self.bands,
                group="ages",
            ),
        ]

    def mix(self, p: Parameters, inputs: "ModelInputs", xp: Namespace = NUMPY) -> Array:
        """Share of each band among the diagnoses of a year, shape (..., presentation, n_bands, n_years)."""
        grid = inputs.grid
        middle = (grid.first_data_year + grid.last_data_year) / 2.0
        decades = (np.clip(grid.years, grid.first_data_year, grid.last_data_year) - middle) / 10.0
        departure = p["age_departure"][..., None] + (p["age_departure_trend"][..., None] * decades)[..., None, :, :]
        weight = inputs.arrays["age_mix"] * xp.exp(departure)
        return weight / weight.sum(-2)[..., None, :]

    def hazard_ratios(self, p: Parameters, inputs: "ModelInputs", xp: Namespace = NUMPY) -> Array:
        """Hazard of each band over that of the mean age at diagnosis, shape (..., n_bands)."""
        ages = self.laid_out(inputs)
        usual = ages.mix_of_studies.mean(0)
        x = (ages.middle_age - (usual * ages.middle_age).sum()) / 10.0
        return xp.exp(p["age_hazard_slope"][..., None] * x + p["age_hazard_effect"])

    def strata(self, base: Strata, p: Parameters, inputs: "ModelInputs", xp: Namespace = NUMPY) -> Strata:
        """Presentation x band from the two presentations."""
        ages = self.laid_out(inputs)
        ratios = self.hazard_ratios(p, inputs, xp)
        alike = xp.ones_like(ratios)
        return Strata(
            xp.concatenate([base.ratios[..., k : k + 1] * ratios for k in (0, 1)], axis=-1),
            xp.concatenate([base.slopes[..., k : k + 1] * alike for k in (0, 1)], axis=-1),
            ages.floor.reshape(ages.n_strata, -1),
        )

    def cases(self, cases: Array, mix: Array, xp: Namespace = NUMPY) -> Array:
        """Diagnoses by stratum.

        Parameters
        ----------
        cases : array, shape (..., presentation, n_levels, n_years)
        mix : array, shape (..., presentation, n_bands, n_years)

        Returns
        -------
        array, shape (..., n_strata, n_levels, n_years)
            Bands sum to `cases`.
        """
        return xp.concatenate(
            [cases[..., k : k + 1, :, :] * mix[..., k, :, None, :] for k in (0, 1)], axis=-3)
