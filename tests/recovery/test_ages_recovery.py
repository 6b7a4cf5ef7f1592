"""A real fit of one simulated world with age bands: its truth is found again, by age and in all."""

from pathlib import Path

import numpy as np
import pytest

from sbc_prevalence.config import load_config
from sbc_prevalence.model.simulate import simulate_world
from sbc_prevalence.posterior.compiled import compile_model
from sbc_prevalence.posterior.fit import fit
from sbc_prevalence.posterior.recovery import compare
from sbc_prevalence.prevalence import estimate
from sbc_prevalence.study import prepare

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
DESIGN = Path(__file__).parent / "designs" / "ages.toml"


def inside(truth: np.ndarray, draws: np.ndarray, prob: float = 0.999) -> bool:
    """Whether true values lie inside equal-tailed intervals."""
    low, high = np.quantile(draws.reshape(-1, *np.shape(truth)), [(1 - prob) / 2, (1 + prob) / 2], axis=0)
    return bool(((np.asarray(truth) >= low) & (np.asarray(truth) <= high)).all())


def test_the_truth_of_a_simulated_world_with_ages_is_found_again():
    study = prepare(load_config(str(DESIGN)))
    world = simulate_world(study.model, study.inputs, (7, 1))
    found = fit(study.model, world.inputs, seed=3, draws=400, tune=400, target_accept=0.9, progress=False,
                compiled=compile_model(study.model, study.inputs))
    for name in ("age_departure", "age_departure_trend", "age_hazard_slope", "age_hazard_effect"):
        assert inside(world.parameters[name], found.draws(name)), name
    t = study.index_date.year - study.grid.first_year
    latent = list(found.latent())
    living = np.concatenate([part["living"][..., t].sum((1, 2)) for part in latent])
    dying = np.concatenate([part["deaths_by_age"][..., t] for part in latent])
    assert inside(world.latent["living"][..., t].sum(), living)
    assert inside(world.latent["deaths_by_age"][..., t], dying)
    places = compare(world, found, study.index_date.year)["ages"]
    assert set(places) == set(study.model.ages.bands)
    est = estimate(found)
    rate = est.age_standardised_rate("newly_diagnosed").table()
    truth = (world.latent["incidence"][..., t].sum(-1)[:, None] * world.latent["age_mix"][..., t]).sum(0)
    people, weights = est.population_by_age(("ALL",), (2019,))[0, :, 0], np.array([61_000, 19_500, 14_500, 5_000])
    assert rate["lower"].iloc[0] < rate["upper"].iloc[0]
    assert inside(np.array((truth / people) @ weights), est.age_standardised_rate("newly_diagnosed").draws)
