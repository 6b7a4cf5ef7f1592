"""Log density with its gradient, Scotland: the fused kernel against the plain graph, both compiled with numba."""

import numpy as np
import pytensor
from timing import best_seconds

from sbc_prevalence.model.build import build
from small_study import a_model, scotland_inputs

CALLS = 50


def compiled(*, fused):
    built = build(a_model(), scotland_inputs(), fused=fused)
    density = built.logp()
    program = pytensor.function(built.value_vars, [density, *pytensor.grad(density, built.value_vars)], mode="NUMBA")
    program.trust_input = True
    start = built.initial_point()
    rng = np.random.default_rng(1)
    values = [0.3 * rng.standard_normal(np.shape(start[v.name])) for v in built.value_vars]
    return lambda: [program(*values) for _ in range(CALLS)][-1]


def test_the_fused_gradient_is_faster_than_the_plain_graph(benchmark):
    fused, plain = compiled(fused=True), compiled(fused=False)
    for one, other in zip(fused(), plain(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-7)
    benchmark.pedantic(fused, rounds=20, warmup_rounds=1)
    ratio = best_seconds(plain) / best_seconds(fused)
    benchmark.extra_info.update({"plain / fused": ratio, "calls": CALLS,
                                 "fused microseconds a call": 1e6 * best_seconds(fused) / CALLS})
    assert ratio > 1.2
