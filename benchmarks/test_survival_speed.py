"""What survival records and the generalised gamma cost: one gradient of the small study with and without them."""

import numpy as np
import pytensor
import pytest
from timing import best_seconds

from patient_worlds import register
from sbc_prevalence.evidence import EvidenceBundle, PatientSurvival
from sbc_prevalence.kernels.generalised_gamma import standard_hazard
from sbc_prevalence.model.build import build
from sbc_prevalence.model.lay_out import lay_out
from small_study import AREAS, a_model, bundle, small_inputs

CALLS = 50


def gradient(model, inputs):
    built = build(model, inputs)
    density = built.logp()
    program = pytensor.function(built.value_vars, [density, *pytensor.grad(density, built.value_vars)], mode="NUMBA")
    program.trust_input = True
    start = built.initial_point()
    rng = np.random.default_rng(1)
    values = [0.3 * rng.standard_normal(np.shape(start[v.name])) for v in built.value_vars]
    return lambda: [program(*values) for _ in range(CALLS)][-1]


@pytest.mark.timeout(1200)
def test_records_of_ten_thousand_people_cost_little_more_than_none(benchmark):
    people = register(10_000, 1, recurrent=0.6, followed=8.0)
    records = PatientSurvival.from_frame(people, population="described", source="x", as_of="2035-12-31")
    evidence = EvidenceBundle(*bundle().pieces, records)
    given = lay_out(evidence, evidence.align(AREAS, last_year=2020, backcast_years=8, recurrence_lag_years=8))
    without = best_seconds(gradient(a_model(), small_inputs()))
    gamma = best_seconds(gradient(a_model("generalised_gamma"), small_inputs()))
    ratios = {"with records / without": best_seconds(gradient(a_model(), given)) / without,
              "generalised gamma / Weibull": gamma / without}
    benchmark.extra_info.update({**ratios, "microseconds without": 1e6 * without / CALLS})
    z = np.linspace(-6.0, 3.0, 200)
    benchmark(lambda: standard_hazard(z, 0.4))
    assert ratios["with records / without"] < 3.0
