"""A real fit of one simulated world for each survival family and kind of survival records: the truth is found again."""

from pathlib import Path

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
    "life_table_cells": ("survival_median", "study_survival_error_tables_survival_cells_csv"),
    "unregistered": ("survival_median", "unregistered_hazard_ratio"),
    "survival-generalised_gamma": ("survival_median", "survival_shape", "gamma_shape"),
    "survival-mixture_cure": ("survival_median", "cured_share"),
    "survival-log_logistic": ("survival_median", "survival_shape"),
    "survival-piecewise_exponential": ("first_hazard", "hazard_steps"),
}


def inside(truth: object, draws: np.ndarray, prob: float = 0.999) -> bool:
    """Whether true values lie inside equal-tailed intervals."""
    flat = draws.reshape(-1, *draws.shape[2:])
    low, high = np.quantile(flat, [(1 - prob) / 2, (1 + prob) / 2], axis=0)
    return bool(((np.asarray(truth) >= low) & (np.asarray(truth) <= high)).all())


@pytest.mark.parametrize("design", list(OWN))
def test_the_truth_of_a_simulated_world_is_found_again(design):
    study = prepare(load_config(str(DESIGNS / f"{design}.toml")))
    world = simulate_world(study.model, study.inputs, (7, 1))
    found = fit(study.model, world.inputs, seed=3, draws=400, tune=400, target_accept=0.9, progress=False,
                compiled=compile_model(study.model, study.inputs))
    for name in OWN[design]:
        assert inside(world.parameters[name], found.draws(name)), name
    t = study.index_date.year - study.grid.first_year
    living = np.concatenate([part["living"][..., t].sum((1, 2)) for part in found.latent()])
    assert inside(world.latent["living"][..., t].sum(), living[None, :])
