"""Log density with its gradient, Scotland: four age bands against none, both fused and compiled with numba."""

import numpy as np
import pytensor
from timing import best_seconds

from sbc_prevalence.model.build import build
from small_study import BY_AGE, a_model, scotland_inputs

CALLS = 50
LIMIT = 5.0


def compiled(ages):
    built = build(a_model(ages=ages), scotland_inputs(ages))
    density = built.logp()
    program = pytensor.function(built.value_vars, [density, *pytensor.grad(density, built.value_vars)], mode="NUMBA")
    program.trust_input = True
    start = built.initial_point()
    rng = np.random.default_rng(1)
    values = [0.3 * rng.standard_normal(np.shape(start[v.name])) for v in built.value_vars]
    return lambda: [program(*values) for _ in range(CALLS)][-1]


def test_four_age_bands_cost_less_than_five_times_as_much(benchmark):
    without, with_ages = compiled(None), compiled(BY_AGE)
    benchmark.pedantic(with_ages, rounds=20, warmup_rounds=1)
    slow, fast = best_seconds(with_ages), best_seconds(without)
    benchmark.extra_info.update({"with ages / without": slow / fast, "calls": CALLS,
                                 "microseconds a call with ages": 1e6 * slow / CALLS,
                                 "microseconds a call without": 1e6 * fast / CALLS})
    assert slow < LIMIT * fast
