"""Fit a model to evidence: compile, sample, judge, extend at most twice, then pass on or refuse."""

import warnings
from collections.abc import Collection, Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.defaults import CHAINS, MAX_EXTENSIONS, TARGET_ACCEPT
from sbc_prevalence.errors import ConfigError, FitRefused, ModelError, SbcPrevalenceWarning
from sbc_prevalence.evidence.bundle import EvidenceBundle
from sbc_prevalence.grid import AreaSet
from sbc_prevalence.model.ages import AgeStructure
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.posterior.agreement import check_agreement
from sbc_prevalence.posterior.compiled import Compiled, compile_model
from sbc_prevalence.posterior.fitted import CHUNK, Fitted, informed_by_counts
from sbc_prevalence.posterior.gate import GateLimits, GateReport, diagnose
from sbc_prevalence.posterior.reported import reported_quantities, women_alive
from sbc_prevalence.posterior.sampling import (
    EXTENDED,
    FitProgress,
    Run,
    RunSettings,
    Watcher,
    run_sampler,
    watching,
)
from sbc_prevalence.posterior.start import check_start

STACK = ("numpy", "scipy", "pymc", "pytensor", "nutpie", "numba", "arviz-stats")
HIGHEST_ACCEPT = 0.99


def fit(
    model: PrevalenceModel,
    evidence: ModelInputs | EvidenceBundle,
    *,
    seed: int,
    areas: AreaSet | None = None,
    pause_years: Collection[int] = (),
    chains: int = CHAINS,
    draws: int = 500,
    tune: int = 500,
    target_accept: float = TARGET_ACCEPT,
    cores: int | None = None,
    max_extensions: int = MAX_EXTENSIONS,
    limits: GateLimits | None = None,
    progress: bool | Watcher = True,
    compiled: Compiled | None = None,
) -> Fitted:
    """Fit a model and pass it on only if it satisfies the gate.

    Parameters
    ----------
    model : PrevalenceModel
    evidence : ModelInputs or EvidenceBundle
        Arrays on a grid from `lay_out`, or a bundle, which is validated and laid out on its own grid.
    seed : int
        Recorded. On one kind of machine the same versions give the same draws for the same seed, whatever the number of
        cores and whether the program was compiled or found in the cache.
    areas : AreaSet
        Needed with a bundle.
    pause_years : collection of int
        With a bundle: years in which registration of primaries was interrupted.
    chains, draws, tune : int
        Chains, and per chain the draws kept and those for tuning.
    target_accept : float
        Raised towards 0.99 by an extension when there are divergences.
    cores : int, optional
        Chains that run at a time; by default as many as the machine offers.
    max_extensions : int
        How often a fit that a longer run may mend is run again, each time with twice the draws and tuning.
    limits : GateLimits, optional
    progress : bool or callable
        A bar on the terminal, a function that is given a `FitProgress`, or False.
    compiled : Compiled, optional
        From `compile_model`, of the same form and shapes: its data and priors are swapped.

    Returns
    -------
    Fitted

    Raises
    ------
    FitRefused
        If the fit fails its gate, is interrupted or cannot start; names each failed quantity and what to try.
    ConfigError
        If a setting makes no sense.
    ModelError
        If the compiled model is another one, or does not agree with the description.
    """
    _check_settings(seed, chains, draws, tune, target_accept, max_extensions)
    limits = limits or GateLimits()
    inputs = _inputs(evidence, areas, pause_years, model.ages)
    check_start(model, inputs)
    if not informed_by_counts(inputs):
        warnings.warn("the evidence holds no count of deaths, registrations or the living: totals of this fit are "
                      "those of the prior", SbcPrevalenceWarning, stacklevel=2)
    with watching(progress) as watch:
        ready = _ready(model, inputs, compiled, watch)
        settings = RunSettings(chains, draws, tune, target_accept, seed, cores)
        history: list[dict[str, Any]] = []
        for extension in range(max_extensions + 1):
            stage = "Sampling" if extension == 0 else f"{EXTENDED} ({extension} of {max_extensions})"
            run = run_sampler(ready, settings, watch, stage)
            if extension == 0:
                check_agreement(model, inputs, run)
            fitted = _judge(model, inputs, run, settings, seed, limits, ready)
            history.append(_entry(settings, run, fitted.gate))
            if fitted.gate.passed or not fitted.gate.worth_extending:
                break
            if extension < max_extensions:
                settings = longer(settings, fitted.gate, seed, extension + 1)
    fitted = replace(fitted, sampler={**fitted.sampler, "extensions": len(history) - 1, "runs": history,
                                      "seconds": sum(h["seconds"] for h in history),
                                      "cpu_seconds": sum(h["cpu_seconds"] for h in history)})
    if not fitted.gate.passed:
        raise refusal(fitted.gate, len(history) - 1,
                      {"draws": draws, "tune": tune, "target_accept": target_accept, "max_extensions": max_extensions})
    return fitted


def refusal(gate: GateReport, extensions: int, asked: Mapping[str, float] | None = None) -> FitRefused:
    """The error that says which quantities failed, by how much, and what to try.

    Parameters
    ----------
    gate : GateReport
    extensions : int
        How often the fit was run for longer.
    asked : mapping, optional
        Settings of the sampler that a reader can change, as they were.
    """
    runs = "" if extensions == 0 else f" after {extensions} longer {'run' if extensions == 1 else 'runs'}"
    listed = "\n".join(f"  {i}. {text}." for i, text in enumerate(gate.failures, 1))
    mend = ""
    if asked and any(gate.mendable):
        keys = ", ".join(f"{key} = {value:g}" for key, value in asked.items())
        mend = f"\nThese keys are in the table [sampler] of the configuration file; this fit had {keys}."
    return FitRefused(f"the fit is refused{runs}: {len(gate.failures)} "
                      f"{'requirement is' if len(gate.failures) == 1 else 'requirements are'} not met\n{listed}{mend}")


def longer(settings: RunSettings, gate: GateReport, seed: int, extension: int) -> RunSettings:
    """Settings of the next run: twice the draws and tuning, smaller steps after divergences, a seed of its own."""
    accept = settings.target_accept
    if gate.divergences > gate.limits.divergences:
        accept = max(accept, (accept + HIGHEST_ACCEPT) / 2 if extension == 1 else HIGHEST_ACCEPT)
    own = int(np.random.SeedSequence([seed, extension]).generate_state(1, np.uint32)[0])
    return replace(settings, draws=2 * settings.draws, tune=2 * settings.tune, target_accept=accept, seed=own)


def _check_settings(seed: int, chains: int, draws: int, tune: int, target_accept: float, max_extensions: int) -> None:
    whole = {"seed": (seed, 0), "chains": (chains, 1), "draws": (draws, 10), "tune": (tune, 10),
             "max_extensions": (max_extensions, 0)}
    wrong = [f"'{name}' must be a whole number of at least {least}" for name, (value, least) in whole.items()
             if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least]
    if not 0.5 <= target_accept < 1.0:
        wrong.append("'target_accept' must be at least 0.5 and below 1")
    if wrong:
        raise ConfigError(f"{'; '.join(wrong)}. Correct the settings of the sampler.")


def _inputs(
    evidence: ModelInputs | EvidenceBundle, areas: AreaSet | None, pause_years: Collection[int], ages: AgeStructure | None
) -> ModelInputs:
    if isinstance(evidence, ModelInputs):
        return evidence
    if not isinstance(evidence, EvidenceBundle):
        raise ModelError("evidence must be an EvidenceBundle, or ModelInputs from lay_out. Build one of them.")
    if areas is None:
        raise ModelError("a bundle needs 'areas': the areas of the study. Give an AreaSet.")
    evidence.validate(areas)
    return lay_out(evidence, evidence.align(areas), pause_years=pause_years, ages=ages)


def _ready(model: PrevalenceModel, inputs: ModelInputs, compiled: Compiled | None, watch: Watcher | None) -> Compiled:
    if compiled is not None:
        return compiled.with_inputs(model, inputs)
    if watch is not None:
        watch(FitProgress("Compiling", 0, 0, 0))
    ready = compile_model(model, inputs)
    if watch is not None:
        watch(FitProgress("Compiling", 1, 1, 0))
    return ready


def _judge(model: PrevalenceModel, inputs: ModelInputs, run: Run, settings: RunSettings, seed: int,
           limits: GateLimits, compiled: Compiled) -> Fitted:
    shape = next(iter(run.blocks.values())).shape[:2]
    parameters = natural_parameters(model, inputs, run.blocks, seed)
    about = {"name": "nutpie", "version": version("nutpie"), "method": "NUTS, low-rank mass matrix", "seed": seed,
             "chains": settings.chains, "draws": settings.draws, "tune": settings.tune,
             "target_accept": settings.target_accept, "cores": settings.cores,
             "compile_seconds": round(compiled.seconds, 3), "structure": compiled.key,
             "versions": {name: version(name) for name in STACK}}
    gate = GateReport.empty(limits)
    fitted = Fitted(model, inputs, parameters, run.stats, gate, about)
    with np.errstate(all="ignore"):
        reported = reported_quantities(fitted.latent(CHUNK), inputs.grid, (int(shape[0]), int(shape[1])))
    gate = diagnose(reported, run.stats, asked_draws=settings.draws, asked_chains=settings.chains, limits=limits,
                    ceilings=women_alive(inputs), parameters=parameters)
    return replace(fitted, gate=gate)


def natural_parameters(model: PrevalenceModel, inputs: ModelInputs, blocks: Mapping[str, NDArray[np.float64]],
                       seed: int) -> dict[str, NDArray[np.float64]]:
    """Natural values of all parameters from the sampler's noise, in the order of the model.

    Parameters that no evidence reaches are drawn from their priors, independently of all else.
    """
    shape = next(iter(blocks.values())).shape[:2]
    chance = np.random.default_rng(np.random.SeedSequence([seed, 0x5E77]))
    moved = model.completeness.settled(
        model.values(model.sampled(inputs).noise_by_name(blocks), inputs), inputs, chance)
    everything = model.parameters(inputs)
    rng = np.random.default_rng(np.random.SeedSequence([seed, 0x5BC]))
    alone = everything.only(model.prior_only(inputs)).draw(rng, int(np.prod(shape)))
    found = {**moved, **{name: values.reshape(*shape, *values.shape[1:]) for name, values in alone.items()}}
    return {name: np.asarray(found[name], dtype=float) + np.zeros((*shape, *everything[name].shape))
            for name in everything.names}


def _entry(settings: RunSettings, run: Run, gate: GateReport) -> dict[str, Any]:
    return {"seed": settings.seed, "draws": settings.draws, "tune": settings.tune,
            "target_accept": settings.target_accept, "seconds": round(run.seconds, 3),
            "cpu_seconds": round(run.cpu_seconds, 3),
            "divergences": gate.divergences, "passed": gate.passed, "failures": list(gate.failures)}
