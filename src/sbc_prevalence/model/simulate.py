"""Worlds in which the truth is known: parameters from the priors, evidence from the model, on a study's own grid."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.grid import COUNT, COUNT_LOWER, COUNT_UPPER
from sbc_prevalence.model.inputs import Accuracy, CompletenessSource, LivingCount, ModelInputs
from sbc_prevalence.model.likelihood import dispersion_size
from sbc_prevalence.model.observation import (
    completeness_name,
    expected_deaths,
    expected_flagged,
    expected_registered,
)
from sbc_prevalence.model.prevalence_model import PrevalenceModel
from sbc_prevalence.model.survival import SYSTEM_SHARE

Floats = NDArray[np.float64]
Parameters = Mapping[str, Floats]
Seen = Mapping[str, Floats]
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False, repr=False)
class World:
    """One simulated world.

    Parameters
    ----------
    parameters : mapping of name to array, shape (*prior.shape)
        The true values, drawn from the priors of the model.
    latent : mapping of name to array
        What they imply: ``incidence``, ``living``, ``deaths`` (presentation, area, year), ``alive``, ``kappa``.
    inputs : ModelInputs
        The study's inputs with simulated evidence in place of the observed; primaries, population and the times
        and standard errors of published points are the study's own.
    seed : tuple of int
    """

    parameters: Parameters
    latent: Mapping[str, Floats]
    inputs: ModelInputs
    seed: tuple[int, ...]

    def __repr__(self) -> str:
        return f"World(seed={self.seed}, {len(self.parameters)} parameters, {self.inputs.n_areas} areas)"


def simulate_world(
    model: PrevalenceModel, inputs: ModelInputs, seed: int | tuple[int, ...], *, parameters: Parameters | None = None
) -> World:
    """Draw a world from the model and let it be observed as the study is.

    Parameters
    ----------
    model : PrevalenceModel
    inputs : ModelInputs
        Says which areas, years, counts and published points there are.
    seed : int or tuple of int
        Every kind of evidence has a stream of its own, so that one more piece changes none of the others.
    parameters : mapping of name to array, optional
        Natural values to use instead of a draw from the priors.

    Returns
    -------
    World
    """
    entropy = (seed,) if isinstance(seed, int) else tuple(seed)
    if parameters is None:
        draw = model.parameters(inputs).draw(_stream(entropy, "parameters"), 1)
        parameters = {name: np.asarray(value)[0] for name, value in draw.items()}
    p = {name: np.asarray(value, dtype=float) for name, value in parameters.items()}
    seen = model.observed(p, inputs)
    arrays = simulate_points(p, seen, inputs, _stream(entropy, "survival"))
    if "deaths_values" in inputs.arrays:
        arrays |= simulate_deaths(p, seen, inputs, _stream(entropy, "deaths"))
    for source in inputs.completeness_sources:
        arrays |= simulate_registrations(p, seen, inputs, source, _stream(entropy, source.name))
        arrays |= simulate_audit(p, inputs, source, _stream(entropy, f"{source.name} audit"))
    for count in inputs.living_counts:
        arrays |= simulate_living_count(p, seen, inputs, count, _stream(entropy, count.name))
    counts = tuple(simulate_validation(p, count, _stream(entropy, f"{count.name} validation"))
                   for count in inputs.living_counts)
    simulated = replace(
        inputs.with_arrays(arrays), living_counts=counts, deaths_frame=_deaths_frame(inputs.deaths_frame, arrays))
    return World(p, model.latent(p, inputs), simulated, entropy)


def simulate_deaths(p: Parameters, seen: Seen, inputs: ModelInputs, rng: np.random.Generator) -> Arrays:
    """Certified deaths: negative binomial around their expectation, in every row of the evidence."""
    return _counts("deaths", expected_deaths(seen, inputs), p["deaths_extra_sd"], inputs, rng)


def simulate_points(p: Parameters, seen: Seen, inputs: ModelInputs, rng: np.random.Generator) -> Arrays:
    """Published survival: the model's value, one error for each study, one for each point."""
    a = inputs.arrays
    share = 1.0 - SYSTEM_SHARE * a["study_own"]
    between = p["between_study_sd"] * np.sqrt(share) * rng.standard_normal(share.size)
    within = rng.standard_normal(inputs.points.size) / np.sqrt(a["point_precision"])
    return {"point_value": np.asarray(seen["points"] + a["point_study"] @ between + within)}


def simulate_registrations(
    p: Parameters, seen: Seen, inputs: ModelInputs, source: CompletenessSource, rng: np.random.Generator
) -> Arrays:
    """Registrations of one source: true cases thinned by completeness, unevenly recorded."""
    mean = expected_registered(p, seen, inputs, source)
    return _counts(source.name, mean, p["registrations_extra_sd"], inputs, rng)


def simulate_audit(
    p: Parameters, inputs: ModelInputs, source: CompletenessSource, rng: np.random.Generator
) -> Arrays:
    """Known cases that an audited source had found; nothing where the source was not audited."""
    known = inputs.arrays.get(f"{source.name}_audit_known")
    if known is None:
        return {}
    found = rng.binomial(np.asarray(known, dtype=np.int64), np.clip(p[completeness_name(source)], 0.0, 1.0))
    return {f"{source.name}_audit_found": found.astype(float)}


def simulate_living_count(
    p: Parameters, seen: Seen, inputs: ModelInputs, count: LivingCount, rng: np.random.Generator
) -> Arrays:
    """People flagged as living: those truly living who are found, and others flagged in error."""
    mean = np.atleast_1d(expected_flagged(p, seen, count))
    return _counts(count.name, mean, p["snapshot_error_sd"], inputs, rng)


def simulate_validation(p: Parameters, count: LivingCount, rng: np.random.Generator) -> LivingCount:
    """The same count with simulated validation of its sensitivity and specificity."""
    def validated(word: str, accuracy: Accuracy) -> Accuracy:
        if accuracy.known is not None:
            return accuracy
        return replace(accuracy, found=float(rng.binomial(int(accuracy.of), float(p[f"{word}_{count.name}"]))))

    return replace(count, sensitivity=validated("sensitivity", count.sensitivity),
                   specificity=validated("specificity", count.specificity))


def _stream(entropy: tuple[int, ...], name: str) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([*entropy, crc32(name.encode())]))


def _counts(name: str, mean: Floats, extra_sd: Floats, inputs: ModelInputs, rng: np.random.Generator) -> Arrays:
    """Counts of one source in the form in which it publishes them.

    A count that the study knows only as an interval of some width is published so again: the numbers are parted
    into intervals of that width, starting at 0, and the one that holds the count is given.
    """
    size = dispersion_size(extra_sd)
    mean = np.maximum(mean, 0.0)
    counts = rng.negative_binomial(size, size / (size + mean))
    inside = np.asarray(inputs.arrays[f"{name}_log_mask"]) == 0.0
    width = inside.sum(-1)
    lower = counts // width * width
    return {f"{name}_values": np.where(inside, lower[:, None] + np.arange(inside.shape[1]), lower[:, None]).astype(float)}


def _deaths_frame(frame: pd.DataFrame, arrays: Arrays) -> pd.DataFrame:
    if frame.empty or "deaths_values" not in arrays:
        return frame
    values = arrays["deaths_values"][:len(frame)]
    lower, upper = values.min(-1).astype(np.int64), values.max(-1).astype(np.int64)
    changed = {COUNT_LOWER: lower, COUNT_UPPER: upper}
    if COUNT in frame:
        changed[COUNT] = lower
    return frame.assign(**changed)
