"""A world in which one source is wrong by 30 %: left out in turn, it is the one that is named."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence.evidence import (
    CompletenessPrior,
    EvidenceBundle,
    Registrations,
)
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.model.simulate import simulate_world
from sbc_prevalence.posterior import GateLimits, compile_model, fit
from sbc_prevalence.prevalence import estimate
from sbc_prevalence.prevalence.conflict import conflict_words
from small_study import ORIGIN, YEARS, a_model, bundle, grid_of

WRONG = 1.3
SETTINGS = {"chains": 4, "draws": 350, "tune": 400, "target_accept": 0.95, "cores": 1, "progress": False,
            "limits": GateLimits(ess=200.0, rhat=1.02, divergences=5)}


def model():
    """The small study's model with certification of deaths that is nearly known."""
    tight = {"center": -0.04, "sd": 0.02, "reason": "for this test"}
    return a_model().with_overrides(kappa_all_ages=tight, kappa_shared={"sd": 0.01, "reason": "for this test"})


def registered(name, completeness):
    """Registrations of the whole by a source of nearly known completeness."""
    rows = [("T", kind, year, 100) for kind in ("de_novo", "recurrent") for year in YEARS]
    frame = pd.DataFrame(rows, columns=["area_code", "presentation", "year", "count"])
    prior = CompletenessPrior("logit_normal", median=completeness, lower95=completeness - 0.03,
                              upper95=completeness + 0.03)
    return Registrations.from_frame(frame, name=name, window_days=120, completeness=prior, **ORIGIN)


@cache
def inputs():
    """Deaths and two registries that speak of the same incidence, and published survival."""
    evidence = EvidenceBundle(*bundle().pieces, registered("register", 0.8), registered("hospitals", 0.7))
    return lay_out(evidence, grid_of(evidence))


@cache
def compiled():
    return compile_model(model(), inputs())


def spoiled(world, names):
    """A world's evidence with the counts of one source multiplied."""
    arrays = {f"{name}_values": np.round(WRONG * world.arrays[f"{name}_values"]) for name in names}
    return world.with_arrays(arrays)


def conflicts(number, wrong):
    """The table of conflicts in a world at the centre of the priors, the counts of some observations spoiled."""
    truth = {p.name: p.natural(np.zeros(p.shape), np.asarray(p.center), np.asarray(p.sd))
             for p in model().parameters(inputs()).priors}
    truth["registrations_extra_sd"] = truth["deaths_extra_sd"] = np.asarray(0.01)
    world = simulate_world(model(), inputs(), (31, number), parameters=truth)

    def refit(other, without):
        return fit(other, without, seed=7, compiled=compiled(), **SETTINGS)

    est = estimate(refit(model(), spoiled(world.inputs, wrong)), index_date="2018-12-31", index_year_only=True)
    return est.conflicts(refit)


@pytest.mark.slow
def test_the_source_that_is_wrong_by_thirty_per_cent_is_named():
    table = conflicts(1, ("hospitals_de_novo", "hospitals_recurrent"))
    first = table.iloc[0]
    assert first["source"] == "hospitals"
    assert first["in_conflict"]
    assert first["ratio"] == pytest.approx(WRONG, abs=0.1)
    assert first["z"] > 1.3 * table["z"].iloc[1:].abs().max()
    assert conflict_words(table).split(". ")[1].startswith("registrations of metastatic disease (hospitals)")


@pytest.mark.slow
def test_no_source_is_named_where_all_are_right():
    table = conflicts(2, ())
    assert not table["in_conflict"].any()
    assert conflict_words(table).startswith("No source")
