"""Both compiled passes after each other, as the model has them: survivorship, then convolution; and their gradient."""

from typing import Any

from sbc_prevalence.kernels import fused


def forward(cases: Any, *arguments: Any) -> tuple[Any, ...]:
    """Deaths, living, and what `fused.survive` returns; arguments as `fused_ops.deaths_and_living` takes them."""
    *of_survival, dying_at, living_at, first_weights, later_weights = arguments
    alive, *terms = fused.survive(*of_survival, first_weights, later_weights)
    return (*fused.convolve(cases, alive, dying_at, living_at), alive, *terms)


def backward(to_deaths: Any, to_living: Any, cases: Any, *arguments: Any) -> tuple[Any, ...]:
    """Gradient in cases, hazard, ratios, slopes and floor factor."""
    *of_survival, dying_at, living_at, first_weights, later_weights = arguments
    kept = fused.survive(*of_survival, first_weights, later_weights)
    to_cases, to_alive = fused.convolve_gradient(to_deaths, to_living, cases, kept[0], dying_at, living_at)
    return (to_cases, *fused.survive_gradient(to_alive, *of_survival, first_weights, later_weights, *kept))
