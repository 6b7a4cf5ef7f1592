"""Lists and grouped codes: the compiled model and NumPy give the same numbers."""

import pytest

from graph_functions import Graph
from lists_study import lists_inputs
from small_study import a_model


@pytest.mark.parametrize("kinds", [("2", "4", "grouped"), ("3", "grouped unvalidated")])
def test_the_graph_and_numpy_agree(kinds):
    model, inputs = a_model(), lists_inputs(*kinds)
    graph = Graph(model, inputs, fused=True)
    sampled = model.sampled(inputs)
    for values in graph.points(4, seed=3):
        blocks, potentials = graph.noise_and_potentials(values)
        natural, _ = model.log_density_change(sampled.noise_by_name(blocks), inputs)
        terms = model.loglik_terms(natural, inputs)
        assert potentials["log_likelihood"] == pytest.approx(float(sum(terms.values())), rel=1e-10)
