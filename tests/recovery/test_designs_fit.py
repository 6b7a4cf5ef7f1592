"""A real fit of one simulated world for each kind of evidence that has a design: the truth is found again.

Each compiles a model of its own, so CI runs a few and `pytest -m "slow or study"` all; the recovery studies fit
hundreds of worlds of every design.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sbc_prevalence.config import load_config
from sbc_prevalence.model.simulate import simulate_world
from sbc_prevalence.posterior.compiled import compile_model
from sbc_prevalence.posterior.fit import fit
from sbc_prevalence.study import prepare

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
DESIGNS = Path(__file__).parent / "designs"
OWN = {
    "patient_survival": ("survival_median", "survival_shape", "own_survival_error"),
    "living_counts": ("sensitivity_tables_delay_living_csv", "base_error_tables_delay_living_csv"),
    "reporting_triangle": ("delay_hazard_tables_delay_triangle_csv_all",
                           "completeness_tables_delay_registrations_csv_all"),
}
OUTSIDE_CI = {
    "death_certificate_cases": ("registration_hazard_tables_delay_certificates_csv_all",
                                "trace_back_tables_delay_certificates_csv_all"),
    "life_table_cells": ("survival_median", "study_survival_error_tables_survival_cells_csv"),
    "unregistered": ("survival_median", "unregistered_hazard_ratio"),
    "survival-generalised_gamma": ("survival_median", "survival_shape", "gamma_shape"),
    "survival-mixture_cure": ("survival_median", "cured_share"),
    "survival-log_logistic": ("survival_median", "survival_shape"),
    "survival-piecewise_exponential": ("first_hazard", "hazard_steps"),
}
CASES = [*OWN.items(), *(pytest.param(*case, marks=pytest.mark.study) for case in OUTSIDE_CI.items())]


def inside(truth: Any, draws: np.ndarray, prob: float = 0.999) -> bool:
    """Whether true values lie inside equal-tailed intervals."""
    flat = draws.reshape(-1, *draws.shape[2:])
    low, high = np.quantile(flat, [(1 - prob) / 2, (1 + prob) / 2], axis=0)
    return bool(((np.asarray(truth) >= low) & (np.asarray(truth) <= high)).all())


@pytest.mark.parametrize(("design", "names"), CASES)
def test_the_truth_of_a_simulated_world_is_found_again(design, names):
    study = prepare(load_config(str(DESIGNS / f"{design}.toml")))
    world = simulate_world(study.model, study.inputs, (7, 1))
    found = fit(study.model, world.inputs, seed=3, draws=400, tune=500, target_accept=0.99, progress=False,
                compiled=compile_model(study.model, study.inputs))
    for name in names:
        assert inside(world.parameters[name], found.draws(name)), name
    t = study.index_date.year - study.grid.first_year
    living = np.concatenate([part["living"][..., t].sum((1, 2)) for part in found.latent()])
    assert inside(world.latent["living"][..., t].sum(), living[None, :])
