"""Incidence as a smooth rate per woman, for places without primaries or recurrence risks."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sbc_prevalence.errors import ModelError
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.kernels.basis import random_walk_basis
from sbc_prevalence.model.incidence import AbstractIncidence, Parameters, divided
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.parameters import Prior


@dataclass(frozen=True)
class SmoothIncidence(AbstractIncidence):
    """Log incidence per woman: level, second-order random walk over years, exchangeable areas.

    Use it where no primary registrations or recurrence risks are at hand. Area effects and area trends are
    shrunken and sum to zero.
    """

    kind: ClassVar[str] = "smooth"
    equation: ClassVar[str] = (
        "whole: log I_k(s) = log women(s) + level_k + slope_k (s - s0) + walk_k(s); "
        "areas: the whole divided by women_r(s) x exp(sigma_v v_r (s - s0) + area effect)"
    )

    @property
    def area_parameters(self) -> tuple[str, ...]:
        """Effects and trends of the areas."""
        return (*self.areas.parameters, "area_slope_sd", "area_slope")

    def priors(self, inputs: ModelInputs) -> list[Prior]:
        """Levels, trend, walk, areas."""
        if inputs.population is None:
            raise ModelError("smooth incidence needs population by area and year. Add it to the evidence.")
        n_basis = self._basis(inputs).shape[1]
        priors = [
            Prior(
                "total_rate",
                "level",
                "newly diagnosed per 100,000 women in the middle of the data",
                "log_normal",
                float(np.log(38.0)),
                0.50,
                "per 100,000 women-years",
                None,
                "Wide around deaths of about 37 per 100,000 women a year.",
                group="incidence",
            ),
            Prior(
                "de_novo_fraction",
                "delta",
                "share of the newly diagnosed that is de novo",
                "logit_normal",
                float(np.log(0.25 / 0.75)),
                0.35,
                "probability",
                "Lord 2022 (PMC8804182); Mariotto 2017",
                "76-89 % of combined disease is recurrent; 28 % of those living in the US are de novo.",
                group="incidence",
            ),
            Prior(
                "rate_slope",
                "slope_k",
                "change of the log rate per decade",
                "normal",
                0.0,
                0.15,
                "log per decade",
                None,
                "Deaths have fallen by about 10 % a decade.",
                shape=(2,),
                dims=("presentation",),
                labels=("de_novo", "recurrent"),
                group="incidence",
            ),
            Prior(
                "walk_effect",
                "walk",
                "second-order random walk of the log rate, weights of its basis",
                "normal",
                0.0,
                0.10,
                "log",
                None,
                "Smooth departures of some 10 % from a straight line over decades; the spread is stated, not "
                "estimated.",
                shape=(2, n_basis),
                dims=("presentation", "walk_basis"),
                labels=("de_novo", "recurrent"),
                group="incidence",
            ),
            *self.areas.priors(inputs),
        ]
        if inputs.n_areas > 1:
            priors += [
                Prior(
                    "area_slope_sd",
                    "sigma_v",
                    "sd of area trends per decade",
                    "log_normal",
                    float(np.log(0.03)),
                    0.40,
                    "log per decade",
                    None,
                    "Areas drift apart slowly.",
                    group="areas",
                ),
                Prior(
                    "area_slope",
                    "v_r",
                    "area trend in units of its sd",
                    "zero_sum_normal",
                    0.0,
                    1.0,
                    "sigma_v",
                    "definition",
                    "Sums to zero over the areas.",
                    shape=(inputs.n_areas,),
                    dims=("area",),
                    group="areas",
                ),
            ]
        return priors

    def _basis(self, inputs: ModelInputs) -> np.ndarray:
        grid = inputs.grid
        return random_walk_basis(grid.years, (grid.first_data_year, grid.last_data_year), 0.999)

    def whole(self, p: Parameters, inputs: ModelInputs, xp: Namespace = NUMPY) -> Array:
        """I[k,s] of all areas together, shape (..., presentation, n_years)."""
        decades = self._decades(inputs)
        share = xp.stack([p["de_novo_fraction"], 1.0 - p["de_novo_fraction"]], axis=-1)
        level = xp.log(p["total_rate"] / 1e5)[..., None] + xp.log(share)
        walk = p["walk_effect"] @ self._basis(inputs).T
        log_rate = level[..., None] + p["rate_slope"][..., None] * decades + walk
        return xp.exp(log_rate) * inputs.arrays["population"].sum(0)

    def incidence(self, p: Parameters, inputs: ModelInputs, xp: Namespace = NUMPY) -> Array:
        """I[k,r,s], shape (..., presentation, n_areas, n_years)."""
        whole = self.whole(p, inputs, xp)
        if inputs.n_areas == 1:
            return whole[..., None, :]
        slope = p["area_slope_sd"][..., None, None] * p["area_slope"][..., None] * self._decades(inputs)
        weights = (inputs.arrays["population"] * xp.exp(slope))[..., None, :, :]
        return divided(whole, weights, self.areas.log_multiplier(p, inputs, xp), xp)

    def _decades(self, inputs: ModelInputs) -> np.ndarray:
        grid = inputs.grid
        middle = (grid.first_data_year + grid.last_data_year) / 2.0
        first, last = grid.first_data_year - 20.0, grid.last_data_year + 20.0
        return (np.clip(grid.years, first, last) - middle) / 10.0


