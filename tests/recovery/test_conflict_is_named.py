"""A world in which one source is wrong by 30 %: left out in turn, it is the one that is named."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence.evidence import (
    AccuracyPrior,
    CompletenessPrior,
    EvidenceBundle,
    LivingCounts,
    Registrations,
)
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.model.simulate import simulate_world
from sbc_prevalence.posterior import GateLimits, compile_model, fit
from sbc_prevalence.prevalence import estimate
from small_study import ORIGIN, YEARS, a_model, bundle, grid_of

WRONG = 1.3
SETTINGS = {"chains": 4, "draws": 350, "tune": 400, "target_accept": 0.95, "cores": 1, "progress": False,
            "limits": GateLimits(ess=200.0, rhat=1.02, divergences=5)}


def model():
    """The small study's model with certification of deaths that is nearly known."""
    tight = {"center": -0.04, "sd": 0.02, "reason": "for this test"}
    return a_model().with_overrides(kappa_all_ages=tight, kappa_shared={"sd": 0.01, "reason": "for this test"})


@cache
def inputs():
    """Deaths, registrations of known completeness and two counts of the living: they overlap in what they say."""
    rows = [("T", kind, year, 100) for kind in ("de_novo", "recurrent") for year in YEARS]
    registered = pd.DataFrame(rows, columns=["area_code", "presentation", "year", "count"])
    living = pd.DataFrame([("T", f"{year}-12-31", 700) for year in range(2011, 2019)],
                          columns=["area_code", "index_date", "count"])
    accuracy = {"sensitivity": AccuracyPrior(found=450, of=500), "specificity": AccuracyPrior(value=1.0)}
    evidence = EvidenceBundle(
        *bundle().pieces,
        Registrations.from_frame(registered, name="register", window_days=120, **ORIGIN,
                                 completeness=CompletenessPrior("logit_normal", median=0.8, lower95=0.77, upper95=0.83)),
        LivingCounts.from_frame(living, name="snapshot", definition="alive_on_date", **ORIGIN, **accuracy))
    return lay_out(evidence, grid_of(evidence))


@cache
def compiled():
    return compile_model(model(), inputs())


def spoiled(world, names):
    """A world's evidence with the counts of one source multiplied."""
    arrays = {f"{name}_values": np.round(WRONG * world.arrays[f"{name}_values"]) for name in names}
    return world.with_arrays(arrays)


@pytest.mark.slow
@pytest.mark.parametrize(("source", "names"), [
    ("register", ("register_de_novo", "register_recurrent")), ("deaths", ("deaths",))])
def test_the_source_that_is_wrong_by_thirty_per_cent_is_named(source, names):
    truth = {p.name: p.natural(np.zeros(p.shape), np.asarray(p.center), np.asarray(p.sd))
             for p in model().parameters(inputs()).priors}
    truth["registrations_extra_sd"] = truth["snapshot_error_sd"] = truth["deaths_extra_sd"] = np.asarray(0.01)
    world = simulate_world(model(), inputs(), (31, len(source)), parameters=truth)
    wrong = spoiled(world.inputs, names)

    def refit(other, without):
        return fit(other, without, seed=7, compiled=compiled(), **SETTINGS)

    est = estimate(refit(model(), wrong), index_date="2018-12-31", index_year_only=True)
    table = est.conflicts(refit, n_replicates=400)
    assert table.loc[0, "source"] == source
    assert table.loc[0, "in_conflict"]
    assert table.loc[0, "ratio"] == pytest.approx(WRONG, abs=0.12)
    assert (table.loc[0, "z"] > 0) == (WRONG > 1)
    right = simulate_world(model(), inputs(), (32, len(source)), parameters=truth).inputs
    calm = estimate(refit(model(), right), index_date="2018-12-31", index_year_only=True).conflicts(
        refit, n_replicates=400)
    assert not calm["in_conflict"].any()
