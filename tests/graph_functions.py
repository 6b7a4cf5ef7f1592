"""The log density of a built model and its gradient, compiled for a test."""

from collections.abc import Callable

import numpy as np
import pytensor

from sbc_prevalence.model.build import build
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.prevalence_model import PrevalenceModel

Values = list[np.ndarray]


class Graph:
    """Log density, gradient, noise and potentials of a model as functions of the sampler's values."""

    def __init__(self, model: PrevalenceModel, inputs: ModelInputs, *, fused: bool, mode: str = "FAST_COMPILE"):
        built = build(model, inputs, fused=fused)
        logp = built.logp()
        self.names = [rv.name for rv in built.free_RVs]
        self.shapes = [built.initial_point()[v.name].shape for v in built.value_vars]
        self.density: Callable[..., list[np.ndarray]] = pytensor.function(
            built.value_vars, [logp, *pytensor.grad(logp, built.value_vars)], mode=mode)
        parts = built.replace_rvs_by_values([*built.free_RVs, *built.potentials])
        self._potentials = [potential.name for potential in built.potentials]
        self._parts = pytensor.function(built.value_vars, parts, mode=mode, on_unused_input="ignore")

    def points(self, n: int, seed: int, spread: float = 0.5) -> list[Values]:
        """Random places of the sampler."""
        rng = np.random.default_rng(seed)
        return [[spread * rng.standard_normal(shape) for shape in self.shapes] for _ in range(n)]

    def logp_and_gradient(self, values: Values) -> tuple[float, np.ndarray]:
        """Log density and its gradient, flat."""
        logp, *gradient = self.density(*values)
        return float(logp), np.concatenate([np.ravel(g) for g in gradient])

    def noise_and_potentials(self, values: Values) -> tuple[dict[str, np.ndarray], dict[str, float]]:
        """Noise blocks by name and the model's potentials by name."""
        found = self._parts(*values)
        n = len(self.names)
        return (dict(zip(self.names, found[:n], strict=True)),
                {name: float(v) for name, v in zip(self._potentials, found[n:], strict=True)})
