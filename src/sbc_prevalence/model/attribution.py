"""Death attribution: what certified breast-cancer deaths say about deaths of people with metastatic disease."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.parameters import Prior

_BY_AGE = {"youngest": (0.98, 0.04), "middle": (0.97, 0.06), "oldest": (0.93, 0.12)}


@dataclass(frozen=True)
class DeathAttribution:
    """E[certified(t)] = kappa_t D(t), kappa = b / a, by age at death.

    a is the probability that a certified breast-cancer death had a metastatic diagnosis in life, b that the
    death of a person with metastatic disease is certified as breast cancer. Deaths inform their ratio only.
    By age group g with share w_g(t) of the certified deaths, 1 / kappa_t = sum_g w_g(t) / kappa_g.
    """

    equation: ClassVar[str] = (
        "certified(t) ~ NegBin(kappa_t D(t)), 1 / kappa_t = sum_g w_g(t) / (kappa_0 kappa_g)"
    )

    def priors(self, inputs: ModelInputs) -> list[Prior]:
        """A shared factor, and one by age group where deaths are given by age."""
        priors = [
            Prior(
                "kappa_shared",
                "kappa_0",
                "certified deaths over deaths with metastatic disease, shared by all ages",
                "log_normal",
                0.0,
                0.06,
                "ratio",
                None,
                "Both directions occur: people found at death (a < 1) and deaths certified to other causes (b < 1).",
                group="attribution",
            ),
            Prior(
                "deaths_extra_sd",
                "psi",
                "extra-Poisson coefficient of variation of yearly deaths",
                "half_normal",
                0.0,
                0.02,
                "",
                None,
                "National deaths are almost Poisson.",
                group="attribution",
            ),
        ]
        for name, label, (center, sd) in zip(_groups(inputs), _labels(inputs), _by_age(inputs), strict=True):
            priors.append(
                Prior(
                    f"kappa_{name}",
                    f"kappa_{label}",
                    f"certified deaths over deaths with metastatic disease, {label}",
                    "log_normal",
                    float(np.log(center)),
                    sd,
                    "ratio",
                    None,
                    "Linkage studies call almost every breast-cancer death metastatic; in the old more are diagnosed at "
                    "death and more die of other causes.",
                    group="attribution",
                )
            )
        return priors

    def kappa(self, p: Mapping[str, Array], inputs: ModelInputs, xp: Namespace = NUMPY) -> Array:
        """kappa_t, shape (..., n_years)."""
        inverse = xp.stack([1.0 / p[f"kappa_{name}"] for name in _groups(inputs)], axis=-1)
        mixed = (inverse[..., None, :] * inputs.arrays["death_age_shares"]).sum(-1)
        return p["kappa_shared"][..., None] / mixed


    def kappa_by_age(self, p: Mapping[str, Array], inputs: ModelInputs, xp: Namespace = NUMPY) -> Array:
        """kappa of each age band at death, shape (..., n_bands, n_years); a band lies within a group, or shares some."""
        inverse = xp.stack([1.0 / p[f"kappa_{name}"] for name in _groups(inputs)], axis=-1)
        mixed = (inverse[..., None, None, :] * inputs.arrays["death_groups_by_age"]).sum(-1)
        return p["kappa_shared"][..., None, None] / mixed


def _groups(inputs: ModelInputs) -> tuple[str, ...]:
    n = inputs.death_age_shares.shape[1]
    return ("all_ages",) if n == 1 else ("youngest", "middle", "oldest")


def _labels(inputs: ModelInputs) -> tuple[str, ...]:
    if inputs.death_age_shares.shape[1] == 1:
        return ("all ages",)
    low, high = inputs.age_cuts
    return (f"under {low}", f"{low}-{high - 1}", f"{high} and over")


def _by_age(inputs: ModelInputs) -> tuple[tuple[float, float], ...]:
    if inputs.death_age_shares.shape[1] == 1:
        return ((0.96, 0.07),)
    return tuple(_BY_AGE.values())
