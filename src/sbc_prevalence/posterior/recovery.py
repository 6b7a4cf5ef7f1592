"""Recovery: a world is simulated, fitted and compared with its truth; many such worlds give coverage."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.defaults import CHAINS, MAX_EXTENSIONS, TARGET_ACCEPT
from sbc_prevalence.errors import FitRefused, ModelError
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.model.simulate import World, simulate_world
from sbc_prevalence.model.suppression import Suppression, suppressed_world
from sbc_prevalence.posterior.compiled import Compiled
from sbc_prevalence.posterior.fit import fit
from sbc_prevalence.posterior.fitted import Fitted
from sbc_prevalence.posterior.gate import GateLimits
from sbc_prevalence.posterior.reported import quantity_name

Floats = NDArray[np.float64]

LEVELS = (50, 80, 95)
QUANTITIES = {"living": "living", "newly_diagnosed": "newly diagnosed", "implied_duration": "implied duration"}


@dataclass(frozen=True)
class StudySettings:
    """What a recovery study asks of the sampler.

    Parameters
    ----------
    year : int
        Living at the end of it and newly diagnosed in it are compared with the truth.
    seed : int
        World k uses the streams of (seed, k).
    chains, draws, tune, max_extensions : int
    target_accept : float
    cores : int, optional
    limits : GateLimits
        What a fit must satisfy: those of a release, or wider ones where many worlds matter more than each of them.
    suppress : float, optional
        Share of the cells that is hidden, in sources whose tables leave room for it; see `model.suppression`.
    """

    year: int
    seed: int
    chains: int = CHAINS
    draws: int = 500
    tune: int = 500
    target_accept: float = TARGET_ACCEPT
    max_extensions: int = MAX_EXTENSIONS
    cores: int | None = None
    limits: GateLimits = field(default_factory=GateLimits)
    suppress: float | None = None


def place_of_truth(truth: float, draws: Floats) -> dict[str, Any]:
    """Where a true value lies among draws: interval hits, rank, and the 95 % interval itself.

    Parameters
    ----------
    truth : float
    draws : array, shape (n_draws,)

    Returns
    -------
    dict
        ``truth``, ``median``, ``lower95``, ``upper95``, ``rank`` (share of draws below the truth) and
        ``hit50``, ``hit80``, ``hit95`` of equal-tailed intervals.
    """
    found: dict[str, Any] = {"truth": float(truth), "median": float(np.median(draws)),
                             "rank": float(np.mean(draws < truth))}
    for level in LEVELS:
        tail = (1 - level / 100) / 2
        low, high = np.quantile(draws, [tail, 1 - tail])
        found[f"hit{level}"] = bool(low <= truth <= high)
    found["lower95"], found["upper95"] = float(low), float(high)
    return found


def compare(world: World, fitted: Fitted, year: int) -> dict[str, Any]:
    """Truth of a world against the draws of its fit, for the nation and for every area.

    Returns
    -------
    dict
        ``living``, ``newly_diagnosed``, ``implied_duration``: see `place_of_truth`; ``areas``: the living by code; with
        age bands ``ages``: the nation's newly diagnosed by age at diagnosis.
    """
    t = year - world.inputs.grid.first_year
    parts: dict[str, list[Floats]] = {"living": [], "incidence": [], "deaths": []}
    by_age: list[Floats] = []
    for chunk in fitted.latent():
        for name, found in parts.items():
            found.append(chunk[name][..., t].sum(1))
        if "age_mix" in chunk:
            by_age.append(_newly_by_age(chunk, t))
    draws = {name: np.concatenate(found) for name, found in parts.items()}
    truth = {name: world.latent[name][..., t].sum(0) for name in parts}
    nation, true_nation = ({name: value.sum(-1) for name, value in of.items()} for of in (draws, truth))
    with np.errstate(divide="ignore", invalid="ignore"):
        duration, true_duration = (of["living"] / of["deaths"] for of in (nation, true_nation))
    return {
        "living": place_of_truth(float(true_nation["living"]), nation["living"]),
        "newly_diagnosed": place_of_truth(float(true_nation["incidence"]), nation["incidence"]),
        "implied_duration": place_of_truth(float(true_duration), duration),
        "areas": {code: place_of_truth(float(truth["living"][i]), draws["living"][:, i])
                  for i, code in enumerate(world.inputs.grid.areas.codes)},
        **({} if fitted.model.ages is None else {"ages": {
            band: place_of_truth(float(_newly_by_age(world.latent, t)[i]), np.concatenate(by_age)[:, i])
            for i, band in enumerate(fitted.model.ages.bands)}})}


def _newly_by_age(latent: Mapping[str, Floats], t: int) -> Floats:
    """Newly diagnosed of the whole by age band, shape (..., n_bands)."""
    return np.asarray((latent["incidence"][..., t].sum(-1)[..., None] * latent["age_mix"][..., t]).sum(-2))


@dataclass(frozen=True)
class Truth:
    """Another model than the one that is fitted, from which worlds are simulated: a named mis-specification.

    Parameters
    ----------
    model : PrevalenceModel
    inputs : ModelInputs
        The same evidence laid out for it.
    """

    model: PrevalenceModel
    inputs: ModelInputs

    def world(self, inputs: ModelInputs, seed: tuple[int, int]) -> World:
        """A world of this model, its evidence in the inputs of the model that is fitted.

        Raises
        ------
        ModelError
            If the two models do not read the same evidence in the same shapes.
        """
        world = simulate_world(self.model, self.inputs, seed)
        simulated = world.inputs.arrays
        other = [name for name, value in inputs.arrays.items()
                 if name not in simulated or np.shape(simulated[name]) != np.shape(value)]
        if other:
            raise ModelError(f"the two models read other evidence ({', '.join(other[:5])}). Give both the same tables.")
        shared = inputs.with_arrays({name: simulated[name] for name in inputs.arrays})
        return replace(world, inputs=replace(shared, deaths_frame=world.inputs.deaths_frame))


def try_world(
    model: PrevalenceModel,
    inputs: ModelInputs,
    number: int,
    settings: StudySettings,
    compiled: Compiled | None = None,
    truth: Truth | None = None,
) -> dict[str, Any]:
    """Simulate world `number`, fit it, and say how its truth was recovered.

    Parameters
    ----------
    model, inputs
        What is fitted.
    number : int
    settings : StudySettings
    compiled : Compiled, optional
    truth : Truth, optional
        What worlds are simulated from, where it is another model.

    Returns
    -------
    dict
        One line of the result file. A fit that was refused is a line too, with ``refused`` true and the reason.
    """
    started = time.perf_counter()
    seed = (settings.seed, number)
    world = _world(model, inputs, seed, settings, truth)
    total = world.latent["living"][..., settings.year - inputs.grid.first_year].sum()
    line: dict[str, Any] = {"world": number, "seed": settings.seed, "year": settings.year,
                            "true_living": float(total)}
    try:
        fitted = fit(
            model, world.inputs, seed=_fit_seed(settings.seed, number), chains=settings.chains, draws=settings.draws,
            tune=settings.tune, target_accept=settings.target_accept, cores=settings.cores,
            max_extensions=settings.max_extensions, limits=settings.limits, progress=False, compiled=compiled)
    except FitRefused as refused:
        return {**line, "refused": True, "reason": str(refused), "seconds": _since(started)}
    table = fitted.gate.table.set_index("quantity")
    area = inputs.grid.areas.total_code
    headline: Any = table.loc[quantity_name("living", area, settings.year)]
    return {
        **line, "refused": False, **compare(world, fitted, settings.year),
        "diagnostics": {
            "rhat": float(headline["rhat"]), "ess_bulk": float(headline["ess_bulk"]),
            "ess_tail": float(headline["ess_tail"]), **{f"worst_{k}": v for k, v in fitted.gate.worst().items()},
            "e_bfmi": min(fitted.gate.e_bfmi, default=float("nan")), "divergences": fitted.gate.divergences,
            "extensions": fitted.sampler["extensions"], "draws": fitted.n_draws},
        "seconds": _since(started), "versions": dict(fitted.sampler["versions"])}


def _world(
    model: PrevalenceModel, inputs: ModelInputs, seed: tuple[int, int], settings: StudySettings, truth: Truth | None
) -> World:
    if truth is not None:
        return truth.world(inputs, seed)
    if settings.suppress is not None:
        return suppressed_world(model, inputs, seed, Suppression(settings.suppress))
    return simulate_world(model, inputs, seed)


def _fit_seed(seed: int, number: int) -> int:
    return int(np.random.SeedSequence([seed, number, 0xF17]).generate_state(1, np.uint32)[0])


def _since(started: float) -> float:
    return round(time.perf_counter() - started, 2)
