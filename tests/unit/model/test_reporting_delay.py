"""Reporting delay in the model: a triangle gives the delay back, registrations are corrected by it, late is not never."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from statsmodels.tools.numdiff import approx_hess

from sbc_prevalence.evidence import CompletenessPrior, Registrations, ReportingTriangle
from sbc_prevalence.evidence.bundle import EvidenceBundle
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.model.simulate import simulate_world
from small_study import a_model, bundle, grid_of, prior_draws, small_inputs

YEARS = range(2010, 2019)
CUTS = (0.0, 1.0, 2.0)
TRUE = {"hazards": np.array([1.6, 1.2, 1.5]), "wrong": 0.12, "found_out": 0.6}
ORIGIN = {"source": "the registry", "as_of": "2018-12-31"}


def held_persons(level: int, rng: np.random.Generator) -> pd.DataFrame:
    """A register simulated person by person: who is in it at the end of each year."""
    found = []
    for year in YEARS:
        for wrong in (False, True):
            n = rng.poisson(level * (TRUE["wrong"] if wrong else 1.0))
            diagnosed = year + rng.uniform(size=n)
            steps = rng.exponential(size=n)
            arrives = diagnosed + waiting(steps)
            leaves = diagnosed + (rng.exponential(1 / TRUE["found_out"], n) if wrong else np.inf)
            for report in range(year, YEARS[-1] + 1):
                found.append((year, report, int(((arrives <= report + 1) & (leaves > report + 1)).sum())))
    rows = pd.DataFrame(found, columns=["year", "report_year", "count"])
    return rows.groupby(["year", "report_year"]).sum().reset_index().assign(area_code="T", presentation="all")


def waiting(steps: np.ndarray) -> np.ndarray:
    """Time at which the cumulative hazard reaches each step."""
    h, edges = TRUE["hazards"], np.cumsum([0.0, TRUE["hazards"][0], TRUE["hazards"][1]])
    at = np.searchsorted(edges, steps, side="right") - 1
    return np.array(CUTS)[at] + (steps - edges[at]) / h[at]


def inputs_with(frame: pd.DataFrame, *, register_as_of: str = "2018-12-31", form: Any = "cumulative") -> Any:
    counts = pd.DataFrame([("T", y, "all", 900) for y in YEARS], columns=["area_code", "year", "presentation", "count"])
    register = Registrations.from_frame(
        counts, name="register", window_days=120, source="the registry", as_of=register_as_of,
        completeness=CompletenessPrior("logit_normal", median=0.6, lower95=0.3, upper95=0.85))
    triangle = ReportingTriangle.from_frame(frame, name="triangle", form=form, delay_cuts=CUTS, **ORIGIN)
    evidence = EvidenceBundle(*bundle().pieces, register, triangle)
    return lay_out(evidence, grid_of(evidence))


@pytest.fixture(scope="module")
def inputs() -> Any:
    return inputs_with(held_persons(1500, np.random.default_rng(5)))


def triangle_of(inputs: Any) -> Any:
    return next(o for o in inputs.observations if o.name == "triangle_all")


def parameters(theta: np.ndarray) -> dict[str, np.ndarray]:
    return {"delay_hazard_triangle_all": np.exp(theta[:3]), "wrong_entries_triangle_all": np.exp(theta[3]),
            "found_out_hazard_triangle_all": np.exp(theta[4]), "reporting_extra_sd": np.exp(theta[5])}


def test_a_register_made_person_by_person_gives_its_delay_back(inputs):
    piece, delay = triangle_of(inputs), inputs.delays[0]
    assert (inputs.arrays["triangle_all_net"] < 0).any()

    def loss(theta):
        prior = (theta[:3] ** 2).sum() + (theta[3] - np.log(0.01)) ** 2 + ((theta[4] - np.log(0.7)) / 0.6) ** 2
        spread = (np.exp(theta[5]) / 0.1) ** 2 / 2 - theta[5]
        return prior / 2 + spread - piece.terms(parameters(theta), {}, inputs)["triangle_all"]

    best = optimize.minimize(loss, [0.0, 0.0, 0.0, -4.0, -0.3, -3.5], method="L-BFGS-B", bounds=[(-7, 3)] * 6)
    found, sd = best.x[:5], np.sqrt(np.diag(np.linalg.inv(approx_hess(best.x, loss))))[:5]
    truth = np.log([*TRUE["hazards"], TRUE["wrong"], TRUE["found_out"]])
    assert (np.abs(found - truth) < 4 * sd).all()
    assert (sd[:4] < 0.5).all()
    at = inputs.arrays["register_all_exposed"]
    share = delay.in_register(parameters(best.x), at)
    exact = delay.in_register(parameters(np.append(truth, -9.0)), at)
    np.testing.assert_allclose(share, exact, rtol=0.02)


def test_registrations_are_expected_to_be_as_many_as_have_arrived(inputs):
    model = a_model()
    p = prior_draws(model, inputs, 4)
    seen = model.observed(p, inputs)
    register = next(o for o in inputs.observations if o.name == "register_all")
    late = inputs_with(held_persons(50, np.random.default_rng(1)), register_as_of="2060-12-31")
    whole = next(o for o in late.observations if o.name == "register_all").expected(model.observed(p, late), late)
    np.testing.assert_allclose(register.expected(seen, inputs), whole * seen["arrived"]["register_all"], rtol=1e-3)
    np.testing.assert_allclose(model.observed(p, late)["arrived"]["register_all"], 1.0, rtol=1e-3)
    assert (seen["arrived"]["register_all"][:, :len(YEARS)][:, -1] < 1.0).all()


def test_without_a_triangle_nothing_of_it_is_in_the_model():
    inputs = small_inputs(area_evidence=True)
    assert inputs.delays == ()
    assert a_model().observed(prior_draws(a_model(), inputs, 2), inputs)["arrived"] == {}
    assert not [name for name in inputs.arrays if "exposed" in name or "as_of" in name]


def test_leaving_the_triangle_out_leaves_the_delay_to_its_prior(inputs):
    without = inputs.without("triangle_all")
    names = a_model().parameters(without).names
    assert "delay_hazard_triangle_all" in names
    p = prior_draws(a_model(), without, 3)
    assert "register_all" in a_model().observed(p, without)["arrived"]
    gone = inputs.without("register_all")
    assert a_model().observed(prior_draws(a_model(), gone, 3), gone)["arrived"] == {}


def test_increments_give_the_same_likelihood_as_cumulative_counts(inputs):
    held = held_persons(1500, np.random.default_rng(5)).sort_values(["year", "report_year"])
    net = held.assign(count=held.groupby("year")["count"].diff().fillna(held["count"]).astype(int))
    other = inputs_with(net, form="increments")
    theta = np.array([0.1, -0.2, 0.0, -3.5, -0.4, -3.0])
    one, two = (triangle_of(i).terms(parameters(theta), {}, i)["triangle_all"] for i in (inputs, other))
    assert one == pytest.approx(two)


def test_simulated_triangles_scatter_around_what_the_model_expects(inputs):
    model, piece = a_model(), triangle_of(inputs)
    p = {k: v[0] for k, v in prior_draws(model, inputs, 1).items()} | parameters(
        np.log([*TRUE["hazards"], TRUE["wrong"], TRUE["found_out"], 0.02]))
    first = np.asarray(inputs.arrays["triangle_all_step"]) == 0
    added, removed = piece.changes(p, inputs)
    expected = (np.asarray(inputs.arrays["triangle_all_before"]) * (added - removed))[first]
    drawn = np.array([simulate_world(model, inputs, k, parameters=p).inputs.arrays["triangle_all_net"][first]
                      for k in range(150)])
    assert (np.abs(drawn.mean(0) - expected) < 4.5 * drawn.std(0) / np.sqrt(150)).all()


def test_a_diagnosis_year_without_anybody_says_nothing_and_breaks_nothing():
    empty = held_persons(40, np.random.default_rng(2))
    empty.loc[empty["year"] == 2012, "count"] = 0
    inputs = inputs_with(empty)
    p = prior_draws(a_model(), inputs, 5)
    assert np.isfinite(triangle_of(inputs).terms(p, {}, inputs)["triangle_all"]).all()
    world = simulate_world(a_model(), inputs, 3)
    assert np.isfinite(triangle_of(inputs).terms(world.parameters, {}, world.inputs)["triangle_all"])
