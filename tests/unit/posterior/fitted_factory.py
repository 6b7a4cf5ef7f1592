"""Runs and fits made from the priors: no sampler, no compilation."""

from functools import cache
from typing import Any

import numpy as np

from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.natural_history import NaturalHistoryIncidence
from sbc_prevalence.model.parameters import HALF
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.posterior import Fitted
from sbc_prevalence.posterior.fit import natural_parameters
from sbc_prevalence.posterior.gate import diagnose
from sbc_prevalence.posterior.reported import reported_quantities, women_alive
from sbc_prevalence.posterior.sampling import Run, RunSettings
from small_study import small_inputs

MODEL = PrevalenceModel(NaturalHistoryIncidence(window_days=120))


@cache
def inputs_of(area_evidence: bool = False) -> ModelInputs:
    """Arrays of the small study."""
    return small_inputs(area_evidence=area_evidence)


def ideal_run(settings: RunSettings, *, area_evidence: bool = False, divergences: int = 0, narrow: float = 0.3) -> Run:
    """A run as an ideal sampler would give it, with the noise drawn in a narrow spread about the centre."""
    rng = np.random.default_rng(settings.seed)
    shape = (settings.chains, settings.draws)
    blocks: dict[str, Any] = {}
    for name, members in MODEL.sampled(inputs_of(area_evidence)).noise_blocks().items():
        if name.startswith("zero_sum"):
            z = narrow * rng.standard_normal((*shape, *members[0].shape))
            blocks[name] = z - z.mean(-1, keepdims=True)
            continue
        z = narrow * rng.standard_normal((*shape, sum(p.size for p in members)))
        blocks[name] = np.abs(z) if name == HALF else z
    diverging = np.zeros(shape, dtype=bool)
    diverging[0, :divergences] = True
    return Run(blocks, {"energy": rng.normal(0, 3, shape), "diverging": diverging,
                        "n_steps": np.full(shape, 7, dtype=np.uint64)}, 0.5, 0.9)


def ideal_fitted(*, area_evidence: bool = False, chains: int = 4, draws: int = 60, seed: int = 5) -> Fitted:
    """A fit from an ideal run, judged by the gate whatever it says."""
    inputs = inputs_of(area_evidence)
    run = ideal_run(RunSettings(chains, draws, 10, 0.9, seed), area_evidence=area_evidence)
    parameters = natural_parameters(MODEL, inputs, run.blocks, seed)
    bare = Fitted(MODEL, inputs, parameters, run.stats, None, {})  # type: ignore[arg-type]
    gate = diagnose(reported_quantities(bare.latent(), inputs.grid, (chains, draws)), run.stats, asked_draws=draws,
                    asked_chains=chains, ceilings=women_alive(inputs))
    return Fitted(MODEL, inputs, parameters, run.stats, gate,
                  {"name": "made up", "version": "0", "seed": seed, "versions": {"numpy": np.__version__}})
