"""Worlds in which the truth is known: parameters from the priors, evidence from the model, on a study's own grid."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sbc_prevalence.grid import COUNT, COUNT_LOWER, COUNT_UPPER
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.prevalence_model import PrevalenceModel

Floats = NDArray[np.float64]
Parameters = Mapping[str, Floats]
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
    seen = model.completeness.realised(model.observed(p, inputs), inputs, _stream(entropy, "regimes"))
    arrays: Arrays = {}
    for observation in inputs.observations:
        arrays |= observation.simulate(p, seen, inputs, lambda word: _stream(entropy, word))
    simulated = replace(inputs.with_arrays(arrays), deaths_frame=deaths_as_simulated(inputs.deaths_frame, arrays))
    return World(p, model.latent(p, inputs), simulated, entropy)


def _stream(entropy: tuple[int, ...], name: str) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([*entropy, crc32(name.encode())]))


def deaths_as_simulated(frame: pd.DataFrame, arrays: Arrays) -> pd.DataFrame:
    """The frame of certified deaths with the bounds of simulated counts."""
    if frame.empty or "deaths_values" not in arrays:
        return frame
    values = arrays["deaths_values"][:len(frame)]
    lower, upper = values.min(-1).astype(np.int64), values.max(-1).astype(np.int64)
    changed = {COUNT_LOWER: lower, COUNT_UPPER: upper}
    if COUNT in frame:
        changed[COUNT] = lower
    return frame.assign(**changed)
