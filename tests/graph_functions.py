"""The log density of a built model and its gradient, compiled for a test."""

from collections.abc import Callable

import numpy as np
import pytensor
import pytest
from scipy import stats

from sbc_prevalence.model.build import build
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.parameters import HALF, NORMAL
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


def check_against_numpy(graph: Graph, model: PrevalenceModel, inputs: ModelInputs, values: Values) -> None:
    """Log-likelihood, level coordinate and noise of a graph are those of the NumPy formulas at one point."""
    blocks, potentials = graph.noise_and_potentials(values)
    natural, change = model.log_density_change(model.sampled(inputs).noise_by_name(blocks), inputs)
    terms = model.loglik_terms(natural, inputs)
    assert potentials["log_likelihood"] == pytest.approx(float(sum(terms.values())), rel=1e-10)
    assert potentials.get("coordinates", 0.0) == pytest.approx(float(change), rel=1e-9, abs=1e-9)
    logp, _ = graph.logp_and_gradient(values)
    assert logp == pytest.approx(sum(potentials.values()) + _noise_log_density(blocks), rel=1e-9)


def _noise_log_density(blocks: dict[str, np.ndarray]) -> float:
    """Log density of the sampler's noise by SciPy; half-normal noise is sampled by its logarithm."""
    found = stats.norm.logpdf(blocks[NORMAL]).sum()
    found += stats.halfnorm.logpdf(blocks[HALF]).sum() + np.log(blocks[HALF]).sum()
    for name, block in blocks.items():
        if name not in (NORMAL, HALF):
            rows = block.reshape(-1, block.shape[-1])
            np.testing.assert_allclose(rows.sum(-1), 0.0, atol=1e-10)
            found += stats.norm.logpdf(rows).sum() + rows.shape[0] * 0.5 * np.log(2 * np.pi)
    return float(found)
