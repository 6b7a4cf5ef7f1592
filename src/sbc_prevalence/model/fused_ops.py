"""Compiled kernels with hand-written gradients as PyTensor operations, so that the model compiles and runs faster."""

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

from sbc_prevalence.kernels import fused
from sbc_prevalence.kernels import generalised_gamma as gamma_kernel

CACHE_VERSION = 2
N_PARAMETERS = 5


def _outputs(n_dims: tuple[int, ...]) -> list[Any]:
    return [pt.tensor(dtype="float64", shape=(None,) * n) for n in n_dims]


class Convolve(Op):
    """Deaths, living and the terms of their gradient; see `kernels.fused.forward`."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """Eleven inputs: five that carry a gradient, six constants."""
        return Apply(self, [pt.as_tensor_variable(x) for x in inputs], _outputs((3, 3, 3, 3, 4)))

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        """Run the compiled kernel from Python."""
        kernel: Any = fused.forward
        for store, value in zip(outputs, kernel(*inputs[:4], float(inputs[4]), *inputs[5:]), strict=True):
            store[0] = value

    def pullback(
        self, inputs: list[Variable], outputs: list[Variable], cotangents: list[Variable]
    ) -> list[Any]:
        """Gradient in cases, hazard, ratios, slopes and floor factor."""
        return self.L_op(inputs, outputs, cotangents)

    def L_op(self, inputs: Any, outputs: Any, output_grads: Any) -> list[Any]:
        """Gradient in cases, hazard, ratios, slopes and floor factor."""
        to_deaths, to_living = (
            pt.zeros_like(out) if isinstance(grad.type, pt.TensorType) is False else grad
            for grad, out in zip(output_grads[:2], outputs[:2], strict=True)
        )
        found = _CONVOLVE_GRADIENT(to_deaths, to_living, *inputs, *outputs[2:])
        return [*found, *(pt.zeros_like(x) for x in inputs[N_PARAMETERS:])]


class ConvolveGradient(Op):
    """Gradient of `Convolve`; see `kernels.fused.backward`."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """Two cotangents, the inputs of `Convolve`, and its three last outputs."""
        return Apply(self, [pt.as_tensor_variable(x) for x in inputs], _outputs((3, 1, 1, 1, 0)))

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        """Run the compiled kernel from Python."""
        kernel: Any = fused.backward
        found = kernel(*inputs[:6], float(inputs[6]), *inputs[7:])
        for store, value in zip(outputs, found, strict=True):
            store[0] = np.asarray(value)


_CONVOLVE, _CONVOLVE_GRADIENT = Convolve(), ConvolveGradient()


@register_funcify_default_op_cache_key(Convolve)
def _funcify_convolve(op: Convolve, node: Apply, **kwargs: Any) -> Any:
    kernel = fused.forward

    @numba_njit
    def convolve(  # type: ignore[no-untyped-def]
        cases,
        hazard,
        ratios,
        slopes,
        floor_factor,
        decades,
        floor,
        dying_at,
        living_at,
        first_weights,
        later_weights,
    ):
        return kernel(
            cases,
            hazard,
            ratios,
            slopes,
            floor_factor.item(),
            decades,
            floor,
            dying_at,
            living_at,
            first_weights,
            later_weights,
        )

    return convolve, CACHE_VERSION


@register_funcify_default_op_cache_key(ConvolveGradient)
def _funcify_convolve_gradient(op: ConvolveGradient, node: Apply, **kwargs: Any) -> Any:
    kernel = fused.backward

    @numba_njit
    def convolve_gradient(  # type: ignore[no-untyped-def]
        to_deaths,
        to_living,
        cases,
        hazard,
        ratios,
        slopes,
        floor_factor,
        decades,
        floor,
        dying_at,
        living_at,
        first_weights,
        later_weights,
        alive,
        first_terms,
        later_terms,
    ):
        to_cases, to_hazard, to_ratios, to_slopes, to_floor = kernel(
            to_deaths,
            to_living,
            cases,
            hazard,
            ratios,
            slopes,
            floor_factor.item(),
            decades,
            floor,
            dying_at,
            living_at,
            first_weights,
            later_weights,
            alive,
            first_terms,
            later_terms,
        )
        return to_cases, to_hazard, to_ratios, to_slopes, np.asarray(to_floor)

    return convolve_gradient, CACHE_VERSION


def deaths_and_living(*arguments: Any) -> tuple[Any, Any]:
    """Symbolic deaths and living, each of shape (n_classes, n_levels, n_years); see `kernels.fused.forward`."""
    deaths, living, *_ = _CONVOLVE(*arguments)
    return deaths, living


class GeneralisedGamma(Op):
    """Cumulative hazard of the generalised gamma and its two derivatives; see `kernels.generalised_gamma`."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """Standardised log times, a vector, and the shape Q, a scalar."""
        z, q = (pt.as_tensor_variable(x) for x in inputs)
        return Apply(self, [z, q], [pt.tensor(dtype="float64", shape=z.type.shape) for _ in range(3)])

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        """Run the compiled kernel from Python."""
        for store, value in zip(outputs, gamma_kernel.standard_hazard(inputs[0], float(inputs[1])), strict=True):
            store[0] = value

    def pullback(
        self, inputs: list[Variable], outputs: list[Variable], cotangents: list[Variable]
    ) -> list[Any]:
        """Gradient of the first output: the derivatives are the other two."""
        return self.L_op(inputs, outputs, cotangents)

    def L_op(self, inputs: Any, outputs: Any, output_grads: Any) -> list[Any]:
        """Gradient of the first output: the derivatives are the other two."""
        return [output_grads[0] * outputs[1], (output_grads[0] * outputs[2]).sum()]


_GENERALISED_GAMMA = GeneralisedGamma()


@register_funcify_default_op_cache_key(GeneralisedGamma)
def _funcify_generalised_gamma(op: GeneralisedGamma, node: Apply, **kwargs: Any) -> Any:
    kernel = gamma_kernel.standard_hazard

    @numba_njit
    def standard_hazard(z, q):  # type: ignore[no-untyped-def]
        return kernel(z, q.item())

    return standard_hazard, CACHE_VERSION


def generalised_gamma(z: Any, q: Any) -> Any:
    """Symbolic cumulative hazard, shape (n,), of standardised log times and the shape Q."""
    return _GENERALISED_GAMMA(z, q)[0]
