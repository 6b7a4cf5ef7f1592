"""The same numbers three ways: the fused kernel, the plain graph and NumPy, with their gradients."""

import numpy as np
import pytest
from scipy import stats

from fused_passes import backward, forward
from graph_functions import Graph, check_against_numpy
from sbc_prevalence.kernels.convolution import alive_on_grid, deaths, dying_on_grid, living
from sbc_prevalence.kernels.survivorship import FIRST_WEIGHTS, LATER_WEIGHTS
from sbc_prevalence.model.level import SCALE
from sbc_prevalence.model.survival import FAMILIES
from small_study import a_model, prior_draws, scotland_inputs, small_inputs

TRENDS = ("diagnosis_year", "calendar_year")
N_POINTS = 20


def close(found, expected, relative=1e-8):
    """Equal relative to each entry, or to the largest of them where an entry is a small difference."""
    np.testing.assert_allclose(found, expected, rtol=relative, atol=relative * np.abs(expected).max())


@pytest.mark.parametrize("trend", TRENDS)
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_fused_and_plain_graph_agree_in_log_density_and_gradient(family, trend):
    model, inputs = a_model(family, trend), small_inputs()
    one, other = (Graph(model, inputs, fused=f) for f in (True, False))
    for values in one.points(N_POINTS, seed=7):
        (logp, gradient), (logp_plain, gradient_plain) = (g.logp_and_gradient(values) for g in (one, other))
        assert np.isfinite(logp)
        assert np.all(np.isfinite(gradient))
        assert logp == pytest.approx(logp_plain, rel=1e-8)
        close(gradient, gradient_plain)


@pytest.mark.parametrize("incidence", ["natural_history", "smooth"])
@pytest.mark.parametrize("area_evidence", [False, True])
@pytest.mark.parametrize("is_fused", [True, False])
def test_the_graph_and_numpy_agree_for_every_kind_of_evidence(incidence, area_evidence, is_fused):
    model, inputs = a_model(incidence=incidence), small_inputs(area_evidence=area_evidence)
    graph = Graph(model, inputs, fused=is_fused)
    for values in graph.points(5, seed=3):
        check_against_numpy(graph, model, inputs, values)


def test_the_gradient_is_the_slope_of_the_log_density():
    graph = Graph(a_model(), small_inputs(area_evidence=True), fused=True)
    (values,) = graph.points(1, seed=5, spread=0.3)
    _, gradient = graph.logp_and_gradient(values)
    flat = np.concatenate([np.ravel(v) for v in values])
    step = 1e-5

    def at(x):
        pieces = np.split(x, np.cumsum([v.size for v in values])[:-1])
        return graph.logp_and_gradient([p.reshape(v.shape) for p, v in zip(pieces, values, strict=True)])[0]

    slopes = [(at(flat + step * e) - at(flat - step * e)) / (2 * step) for e in np.eye(flat.size)]
    np.testing.assert_allclose(gradient, slopes, rtol=1e-4, atol=1e-5 * np.abs(gradient).max())


@pytest.mark.slow
def test_the_compiled_fused_model_of_scotland_agrees_with_the_plain_graph():
    model, inputs = a_model(), scotland_inputs()
    compiled, plain = Graph(model, inputs, fused=True, mode="NUMBA"), Graph(model, inputs, fused=False)
    for values in compiled.points(N_POINTS, seed=11):
        (logp, gradient), (logp_plain, gradient_plain) = (
            g.logp_and_gradient(values) for g in (compiled, plain))
        assert logp == pytest.approx(logp_plain, rel=1e-8)
        close(gradient, gradient_plain)


def test_the_level_coordinate_leaves_the_prior_as_it_is():
    """log density of zeta = log prior of the error at its implied value + log of the numerical Jacobian."""
    model, inputs = a_model(), small_inputs()
    name = model.level_parameter(inputs)
    sampled = model.sampled(inputs)
    prior = sampled[name]
    rng = np.random.default_rng(2)
    noise = {p.name: p.draw(rng, 40) for p in sampled.priors}
    natural, change = model.log_density_change(noise, inputs)
    step = 1e-4
    up, down = (model.values({**noise, name: noise[name] + d}, inputs)[name] for d in (step, -step))
    log = np.log if prior.distribution == "log_normal" else (lambda x: x)
    slope = (log(up) - log(down)) / (2 * step)
    expected = stats.norm.logpdf(log(natural[name]), prior.center, prior.sd) + np.log(slope)
    found = change + stats.norm.logpdf(noise[name])
    good = np.abs(slope) > 1e-6
    assert good.sum() > 20
    difference = (found - expected)[good]
    np.testing.assert_allclose(difference, difference[0], atol=1e-4)


def test_the_level_coordinate_sets_the_expected_certified_deaths():
    model, inputs = a_model(), small_inputs()
    sampled = model.sampled(inputs)
    noise = {p.name: p.draw(np.random.default_rng(4), 10) for p in sampled.priors}
    p = model.values(noise, inputs)
    alone = {q.name: q.draw(np.random.default_rng(5), 10) for q in model.parameters(inputs).priors}
    latent = model.latent({**alone, **p}, inputs)
    certified = latent["deaths"].sum((-3, -2)) * latent["kappa"]
    grid = inputs.grid
    chosen = (grid.years >= grid.first_data_year) & (grid.years <= grid.last_data_year)
    level = np.exp(inputs.arrays["level_reference"] + SCALE * noise[model.level_parameter(inputs)])
    np.testing.assert_allclose(certified[:, chosen].mean(-1), level, rtol=1e-10)


def _kernel_arguments(family, trend, seed):
    model, inputs = a_model(family, trend), small_inputs(area_evidence=True)
    p = {k: v[0] for k, v in prior_draws(model, inputs, 1, seed).items()}
    p["ratio_transfer_error"] = np.array(1.0)
    hazards = model.survival.baseline_with_tail(p, inputs)
    cases = inputs.levels @ model.incidence.incidence(p, inputs)
    ratios = np.array([1.0, float(p["hazard_ratio_recurrent"])])
    slopes = np.repeat(float(p["hazard_trend"]), 2)
    everybody = np.ones((2, 1, inputs.n_years))
    constants = (model.survival.decades(inputs), inputs.floor, everybody, everybody, FIRST_WEIGHTS, LATER_WEIGHTS)
    return model, inputs, p, hazards, (
        np.ascontiguousarray(cases), hazards, ratios, slopes, float(p["other_cause_multiplier"]), *constants)


@pytest.mark.parametrize("trend", TRENDS)
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_fused_kernel_counts_what_the_matrix_product_counts(family, trend):
    for seed in range(10):
        model, inputs, p, hazards, arguments = _kernel_arguments(family, trend, seed)
        dead, alive_people, alive, *_ = forward(*arguments)
        share = model.survival.survivorship(p, inputs, hazards)
        on_grid = alive_on_grid(share, inputs.n_years)
        np.testing.assert_allclose(alive_people[0], living(arguments[0], on_grid).sum(0), rtol=1e-10)
        np.testing.assert_allclose(
            dead[0], deaths(arguments[0], dying_on_grid(on_grid, inputs.n_years)).sum(0), rtol=1e-10)
        durations = np.arange(inputs.n_years)
        on_diagonals = np.where(durations[None, :] < inputs.n_years - durations[:, None], share, 0.0)
        np.testing.assert_allclose(alive, on_diagonals, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_fused_gradient_is_the_slope_of_the_fused_kernel(family):
    *_, arguments = _kernel_arguments(family, "diagnosis_year", 3)
    rng = np.random.default_rng(1)
    dead, alive_people, *_ = forward(*arguments)
    to_dead, to_alive = rng.standard_normal(dead.shape), rng.standard_normal(dead.shape)
    found = backward(to_dead, to_alive, *arguments)

    def value(changed):
        d, n, *_ = forward(*changed)
        return (to_dead * d).sum() + (to_alive * n).sum()

    for position in range(5):
        base = np.asarray(arguments[position], dtype=float)
        for _ in range(4):
            direction = rng.standard_normal(base.shape) * np.maximum(np.abs(base), 1e-3)
            step = 1e-6

            def moved(sign, base=base, direction=direction, step=step, position=position):
                new = base + sign * step * direction
                return (*arguments[:position], new if new.ndim else float(new), *arguments[position + 1:])

            slope = (value(moved(1)) - value(moved(-1))) / (2 * step)
            assert float((np.asarray(found[position]) * direction).sum()) == pytest.approx(slope, rel=2e-5, abs=1e-4)
    assert alive_people.shape == dead.shape
