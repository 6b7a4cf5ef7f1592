"""Compiled kernels with hand-written gradients as PyTensor operations, so that the model compiles and runs faster."""

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

from sbc_prevalence.kernels import fused
from sbc_prevalence.kernels import generalised_gamma as gamma_kernel

CACHE_VERSION = 3


def _outputs(n_dims: tuple[int, ...]) -> list[Any]:
    return [pt.tensor(dtype="float64", shape=(None,) * n) for n in n_dims]


def _or_zeros(gradient: Variable, output: Variable) -> Any:
    return gradient if isinstance(gradient.type, pt.TensorType) else pt.zeros_like(output)


class Survive(Op):
    """Survivorship and the terms of its gradient; see `kernels.fused.survive`.

    Two convolutions of one population have one survivorship: the graph holds it, and its gradient, once.
    """

    __props__ = ()
    n_parameters = 4

    def make_node(self, *inputs: Any) -> Apply:
        """Eight inputs: four that carry a gradient, four constants."""
        return Apply(self, [pt.as_tensor_variable(x) for x in inputs], _outputs((3, 3, 4)))

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        """Run the compiled kernel from Python."""
        kernel: Any = fused.survive
        for store, value in zip(outputs, kernel(*inputs[:3], float(inputs[3]), *inputs[4:]), strict=True):
            store[0] = value

    def pullback(
        self, inputs: list[Variable], outputs: list[Variable], cotangents: list[Variable]
    ) -> list[Any]:
        """Gradient in hazard, ratios, slopes and floor factor."""
        return self.L_op(inputs, outputs, cotangents)

    def L_op(self, inputs: Any, outputs: Any, output_grads: Any) -> list[Any]:
        """Gradient in hazard, ratios, slopes and floor factor."""
        found = _SURVIVE_GRADIENT(_or_zeros(output_grads[0], outputs[0]), *inputs, *outputs)
        return [*found, *(pt.zeros_like(x) for x in inputs[self.n_parameters:])]


class SurviveGradient(Op):
    """Gradient of `Survive`; see `kernels.fused.survive_gradient`."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """The cotangent, the inputs of `Survive`, and its outputs."""
        return Apply(self, [pt.as_tensor_variable(x) for x in inputs], _outputs((1, 1, 1, 0)))

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        """Run the compiled kernel from Python."""
        kernel: Any = fused.survive_gradient
        for store, value in zip(outputs, kernel(*inputs[:4], float(inputs[4]), *inputs[5:]), strict=True):
            store[0] = np.asarray(value)


class Convolve(Op):
    """Deaths and living from incidence and survivorship; see `kernels.fused.convolve`."""

    __props__ = ()
    n_parameters = 2

    def make_node(self, *inputs: Any) -> Apply:
        """Cases and survivorship, which carry a gradient, and two constants."""
        return Apply(self, [pt.as_tensor_variable(x) for x in inputs], _outputs((3, 3)))

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        """Run the compiled kernel from Python."""
        for store, value in zip(outputs, fused.convolve(*inputs), strict=True):
            store[0] = value

    def pullback(
        self, inputs: list[Variable], outputs: list[Variable], cotangents: list[Variable]
    ) -> list[Any]:
        """Gradient in cases and survivorship."""
        return self.L_op(inputs, outputs, cotangents)

    def L_op(self, inputs: Any, outputs: Any, output_grads: Any) -> list[Any]:
        """Gradient in cases and survivorship."""
        given = (_or_zeros(grad, out) for grad, out in zip(output_grads, outputs, strict=True))
        return [*_CONVOLVE_GRADIENT(*given, *inputs), *(pt.zeros_like(x) for x in inputs[self.n_parameters:])]


class ConvolveGradient(Op):
    """Gradient of `Convolve`; see `kernels.fused.convolve_gradient`."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        """Two cotangents, and the inputs of `Convolve`."""
        return Apply(self, [pt.as_tensor_variable(x) for x in inputs], _outputs((3, 3)))

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        """Run the compiled kernel from Python."""
        for store, value in zip(outputs, fused.convolve_gradient(*inputs), strict=True):
            store[0] = value


_SURVIVE, _SURVIVE_GRADIENT = Survive(), SurviveGradient()
_CONVOLVE, _CONVOLVE_GRADIENT = Convolve(), ConvolveGradient()


@register_funcify_default_op_cache_key(Survive)
def _funcify_survive(op: Survive, node: Apply, **kwargs: Any) -> Any:
    kernel = fused.survive

    @numba_njit
    def survive(  # type: ignore[no-untyped-def]
        hazard, ratios, slopes, floor_factor, decades, floor, first_weights, later_weights
    ):
        return kernel(hazard, ratios, slopes, floor_factor.item(), decades, floor, first_weights, later_weights)

    return survive, CACHE_VERSION


@register_funcify_default_op_cache_key(SurviveGradient)
def _funcify_survive_gradient(op: SurviveGradient, node: Apply, **kwargs: Any) -> Any:
    kernel = fused.survive_gradient

    @numba_njit
    def survive_gradient(  # type: ignore[no-untyped-def]
        to_alive, hazard, ratios, slopes, floor_factor, decades, floor, first_weights, later_weights, alive, first_terms,
        later_terms,
    ):
        to_hazard, to_ratios, to_slopes, to_floor = kernel(
            to_alive, hazard, ratios, slopes, floor_factor.item(), decades, floor, first_weights, later_weights, alive,
            first_terms, later_terms,
        )
        return to_hazard, to_ratios, to_slopes, np.asarray(to_floor)

    return survive_gradient, CACHE_VERSION


@register_funcify_default_op_cache_key(Convolve)
def _funcify_convolve(op: Convolve, node: Apply, **kwargs: Any) -> Any:
    kernel = fused.convolve

    @numba_njit
    def convolve(cases, alive, dying_at, living_at):  # type: ignore[no-untyped-def]
        return kernel(cases, alive, dying_at, living_at)

    return convolve, CACHE_VERSION


@register_funcify_default_op_cache_key(ConvolveGradient)
def _funcify_convolve_gradient(op: ConvolveGradient, node: Apply, **kwargs: Any) -> Any:
    kernel = fused.convolve_gradient

    @numba_njit
    def convolve_gradient(  # type: ignore[no-untyped-def]
        to_deaths, to_living, cases, alive, dying_at, living_at
    ):
        return kernel(to_deaths, to_living, cases, alive, dying_at, living_at)

    return convolve_gradient, CACHE_VERSION


def deaths_and_living(
    cases: Any, hazard: Any, ratios: Any, slopes: Any, floor_factor: Any, decades: Any, floor: Any, dying_at: Any,
    living_at: Any, first_weights: Any, later_weights: Any,
) -> tuple[Any, Any]:
    """Symbolic deaths and living, each of shape (n_classes, n_levels, n_years).

    Parameters
    ----------
    cases, dying_at, living_at
        As in `kernels.fused.convolve`.
    hazard, ratios, slopes, floor_factor, decades, floor, first_weights, later_weights
        As in `kernels.fused.survive`.
    """
    alive, *_ = _SURVIVE(hazard, ratios, slopes, floor_factor, decades, floor, first_weights, later_weights)
    deaths, living = _CONVOLVE(cases, alive, dying_at, living_at)
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
