"""Registers with a known past, simulated: what a back-test needs. Simulated people, labelled so wherever they appear."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.data.patient_records import DAYS_PER_YEAR
from sbc_prevalence.estimators.days import days_of

Floats = NDArray[np.float64]

SURVIVAL = ("weibull", "log_logistic", "cure")


@dataclass(frozen=True)
class RegisterWorld:
    """A population of which every diagnosis and death is known.

    Parameters
    ----------
    yearly : float
        Diagnoses a year at the end of the history.
    growth : float
        Of the logarithm of diagnoses, per year.
    family : {"weibull", "log_logistic", "cure"}
    scale, shape : float
        Of survival of women of the youngest band [years]; the older bands live shorter.
    never : float
        Share that never dies of the disease (``cure``).
    loss : float
        Yearly hazard of being lost to follow-up.
    dispersion : float
        Variance over mean of yearly diagnoses.
    history : int
        Years from the first diagnosis to the last.
    """

    yearly: float = 200.0
    growth: float = 0.02
    family: str = "weibull"
    scale: float = 5.0
    shape: float = 0.9
    never: float = 0.15
    loss: float = 0.03
    dispersion: float = 1.0
    history: int = 30


def simulate_register(world: RegisterWorld, seed: int, *, last_year: int = 2020) -> pd.DataFrame:
    """People diagnosed in the years of the history, until the end of the last one.

    Age band and sex depend on each other (men are older), and both on survival.

    Returns
    -------
    DataFrame
        ``diagnosed`` [decimal years], ``exit_years``, ``died``, ``age_band``, ``sex``; ``lives`` (bool): whether the
        person lives at the end of the last year, the truth that the lost do not show.
    """
    rng = np.random.default_rng(seed)
    ago = np.arange(world.history)
    expected = world.yearly * np.exp(-world.growth * (ago + 0.5))
    if world.dispersion > 1.0:
        shape = expected / (world.dispersion - 1.0)
        expected = rng.gamma(shape) / shape * expected
    year = np.repeat(last_year - ago, rng.poisson(expected))
    n = year.size
    sex = np.where(rng.uniform(size=n) < 0.75, "female", "male")
    older = np.where(sex == "male", 0.6, 0.25)
    middle = np.where(sex == "male", 0.3, 0.4)
    u = rng.uniform(size=n)
    band = np.where(u < older, 2, np.where(u < older + middle, 1, 0))
    scale = world.scale * np.array([1.0, 0.75, 0.45])[band] * np.where(sex == "male", 0.8, 1.0)
    life = _lives(world, scale, rng)
    diagnosed = year + rng.uniform(size=n)
    until = (days_of(last_year + 1.0) - days_of(diagnosed)) / DAYS_PER_YEAR
    lost = rng.exponential(1.0 / max(world.loss, 1e-12), n)
    end = np.minimum(lost, until)
    return pd.DataFrame({
        "diagnosed": diagnosed, "exit_years": np.maximum(np.minimum(life, end), 1e-4), "died": (life <= end).astype(int),
        "age_band": np.array(["0-49", "50-69", "70+"])[band], "sex": sex, "lives": life > until})


def _lives(world: RegisterWorld, scale: Floats, rng: np.random.Generator) -> Floats:
    u = rng.uniform(size=scale.size)
    if world.family == "log_logistic":
        return scale * (u / (1.0 - u)) ** (1.0 / world.shape)
    life = scale * (-np.log(u)) ** (1.0 / world.shape)
    if world.family == "weibull":
        return life
    cured = rng.uniform(size=scale.size) < world.never
    return np.where(cured, rng.exponential(40.0, scale.size), life)
