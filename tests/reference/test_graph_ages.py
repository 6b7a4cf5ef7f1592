"""A model with age bands three ways: the fused kernel, the plain graph and NumPy, with their gradients."""

import numpy as np
import pytest

from graph_functions import Graph, check_against_numpy
from sbc_prevalence.model.prevalence_model import COMPILED
from small_study import BY_AGE, a_model, prior_draws, scotland_inputs, small_inputs_by_age

CASES = [("natural_history", False), ("natural_history", True), ("smooth", True)]


@pytest.mark.parametrize(("incidence", "area_evidence"), CASES)
def test_fused_and_plain_graph_agree_in_log_density_and_gradient(incidence, area_evidence):
    model, inputs = a_model(incidence=incidence, ages=BY_AGE), small_inputs_by_age(area_evidence=area_evidence)
    one, other = (Graph(model, inputs, fused=f) for f in (True, False))
    for values in one.points(5, seed=7):
        (logp, gradient), (logp_plain, gradient_plain) = (g.logp_and_gradient(values) for g in (one, other))
        assert np.isfinite(logp)
        assert logp == pytest.approx(logp_plain, rel=1e-9)
        np.testing.assert_allclose(gradient, gradient_plain, rtol=1e-7, atol=1e-9 * np.abs(gradient).max())


@pytest.mark.parametrize(("incidence", "area_evidence"), CASES)
def test_the_graph_and_numpy_agree_by_age(incidence, area_evidence):
    model, inputs = a_model(incidence=incidence, ages=BY_AGE), small_inputs_by_age(area_evidence=area_evidence)
    graph = Graph(model, inputs, fused=True)
    for values in graph.points(3, seed=3):
        check_against_numpy(graph, model, inputs, values)


@pytest.mark.parametrize(("incidence", "area_evidence"), CASES)
def test_draws_through_the_compiled_kernel_see_what_the_formula_sees(incidence, area_evidence):
    model, inputs = a_model(incidence=incidence, ages=BY_AGE), small_inputs_by_age(area_evidence=area_evidence)
    p = prior_draws(model, inputs, 4)
    plain, compiled = model.observed(p, inputs), model.observed(p, inputs, COMPILED)
    for name in ("deaths", "living", "deaths_by_age", "kappa", "points"):
        np.testing.assert_allclose(compiled[name], plain[name], rtol=1e-10)


@pytest.mark.slow
def test_the_compiled_fused_model_of_scotland_by_age_agrees_with_the_plain_graph():
    model, inputs = a_model(ages=BY_AGE), scotland_inputs(BY_AGE)
    compiled, plain = Graph(model, inputs, fused=True, mode="NUMBA"), Graph(model, inputs, fused=False)
    for values in compiled.points(10, seed=11):
        (logp, gradient), (logp_plain, gradient_plain) = (g.logp_and_gradient(values) for g in (compiled, plain))
        assert logp == pytest.approx(logp_plain, rel=1e-8)
        np.testing.assert_allclose(gradient, gradient_plain, rtol=1e-7, atol=1e-8 * np.abs(gradient).max())
