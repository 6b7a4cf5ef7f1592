"""A real fit to a simulated world of lists that overlap and of a grouped code: the truth is where it should be."""

import numpy as np
import pytest

from lists_study import lists_inputs
from sbc_prevalence.model.observing import ListedHistories
from sbc_prevalence.model.simulate import simulate_world
from sbc_prevalence.posterior.fit import fit
from small_study import a_model

TAIL = 0.0005
YEAR = 2015


def held(truth, draws):
    """Whether a true value lies in the central 99.9 % of draws."""
    low, high = np.quantile(draws, [TAIL, 1 - TAIL], axis=0)
    return np.all((low <= truth) & (truth <= high))


@pytest.mark.slow
def test_lists_and_a_grouped_code_recover_incidence_completeness_and_share():
    model, inputs = a_model(), lists_inputs("2", "3", "grouped")
    world = simulate_world(model, inputs, (11, 4))
    fitted = fit(model, world.inputs, seed=3, chains=4, draws=400, tune=400, cores=1, target_accept=0.99,
                 progress=False)
    draws = {name: np.asarray(value).reshape(-1, *np.shape(value)[2:]) for name, value in fitted.parameters.items()}
    assert held(world.parameters["metastatic_share_codes_recurrent"], draws["metastatic_share_codes_recurrent"])
    for listed in (o for o in inputs.observations if isinstance(o, ListedHistories)):
        assert held(listed.completeness(world.parameters), listed.completeness(draws))
    t = YEAR - inputs.grid.first_year
    cases = np.concatenate([chunk["incidence"][..., t].sum(1) for chunk in fitted.latent()])
    assert held(world.latent["incidence"][..., t].sum(0), cases)
    assert np.std(np.log(cases.sum(-1))) < 0.25
