"""Estimates of the small study with parameters drawn from the priors: no sampler."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from sbc_prevalence.grid import AreaSet
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.posterior import Fitted
from sbc_prevalence.posterior.gate import GateLimits, GateReport
from sbc_prevalence.prevalence import Estimates, estimate
from small_study import AREAS, a_model, prior_draws, small_inputs

GROUPED = replace(AREAS, groups={"G": ("A", "C")}, group_names={"G": "A and C"})
CHAINS = 4


def fitted_from_priors(
    n: int = 80, *, model: PrevalenceModel | None = None, inputs: ModelInputs | None = None, seed: int = 3
) -> Fitted:
    """A fit whose draws are those of the priors."""
    model, inputs = model or a_model(), inputs or small_inputs()
    drawn = prior_draws(model, inputs, n, seed)
    parameters = {k: v.reshape(CHAINS, n // CHAINS, *v.shape[1:]) for k, v in drawn.items()}
    table = pd.DataFrame([("living, All, 2015", 1.001, 900.0, 800.0, "ok")],
                         columns=["quantity", "rhat", "ess_bulk", "ess_tail", "status"])
    gate = GateReport(table, (), (), 0, (0.9,) * CHAINS, GateLimits())
    energy = np.zeros((CHAINS, n // CHAINS))
    return Fitted(model, inputs, parameters, {"energy": energy}, gate, {"name": "priors", "version": "0", "seed": seed})


def with_areas(areas: AreaSet, inputs: ModelInputs | None = None) -> ModelInputs:
    """The small study with other areas in name."""
    inputs = inputs or small_inputs()
    return replace(inputs, grid=replace(inputs.grid, areas=areas))


@cache
def estimates(index_date: str | None = None) -> Estimates:
    """Estimates of the small study, one group of areas among them."""
    return estimate(fitted_from_priors(inputs=with_areas(GROUPED)), index_date=index_date)
