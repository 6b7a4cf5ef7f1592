"""Registration and death in competition: completeness follows, cases found at death give it back, sums hold."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.evidence import CompletenessPrior, DeathCertificateCases, Registrations, ReportingTriangle
from sbc_prevalence.evidence.belonging import problems as belonging_problems
from sbc_prevalence.evidence.bundle import EvidenceBundle
from sbc_prevalence.evidence.consistency import problems
from sbc_prevalence.kernels.convolution import alive_on_grid
from sbc_prevalence.kernels.registration_flow import flows_by_year
from sbc_prevalence.kernels.survivorship import FIRST_NODES, LATER_NODES
from sbc_prevalence.model.flow import flows_of, unregistered_living
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.model.simulate import simulate_world
from small_study import AREAS, a_model, bundle, grid_of, prior_draws, triangle

YEARS = range(2010, 2019)
MENTION = CompletenessPrior("logit_normal", median=0.8, lower95=0.65, upper95=0.9)
SOURCE = {"source": "the registry"}
NAME = "certificates_all"


def register(as_of: str = "2018-12-31", **options: Any) -> Registrations:
    frame = pd.DataFrame([(a, y, "all", 40) for a in "ABC" for y in YEARS],
                         columns=["area_code", "year", "presentation", "count"])
    return Registrations.from_frame(
        frame, **{"name": "register", "window_days": 120, "as_of": as_of, **SOURCE, **options})


def certificates(hold: Any = "in_life", presentation: str = "all", **options: Any) -> DeathCertificateCases:
    frame = pd.DataFrame([(a, y, presentation, 40, 6, 4) for a in "ABC" for y in YEARS], columns=[
        "area_code", "year", "presentation", "registered_in_life", "death_initiated", "certificate_only"])
    return DeathCertificateCases.from_frame(
        frame, **{"name": "certificates", "mention": MENTION, "registrations_hold": hold, "as_of": "2018-12-31", **SOURCE,
                  **options})


def laid_out(*pieces: Any) -> Any:
    evidence = EvidenceBundle(*bundle().pieces, *pieces)
    return lay_out(evidence, grid_of(evidence, backcast_years=20))


@pytest.fixture(scope="module")
def inputs() -> Any:
    return laid_out(register(), certificates())


def values(inputs: Any, n: int = 4) -> dict[str, np.ndarray]:
    return prior_draws(a_model(), inputs, n)


def of(inputs: Any, name: str) -> Any:
    return next(o for o in inputs.observations if o.name == name)


def test_completeness_of_the_source_is_no_parameter_but_follows(inputs):
    names = a_model().parameters(inputs).names
    assert "completeness_register_all" not in names
    assert {f"registration_hazard_{NAME}", f"mention_{NAME}", f"trace_back_{NAME}"} <= set(names)
    p = values(inputs, 6)
    slow, fast = (dict(p, **{f"registration_hazard_{NAME}": np.full(6, r)}) for r in (0.2, 3.0))
    few, many = (a_model().observed(q, inputs)["completeness"]["register_all"] for q in (slow, fast))
    assert few.shape == (6, 1, 1)
    assert ((few > 0) & (few < many) & (many < 1)).all()


def test_completeness_for_reports_is_that_of_the_likelihood(inputs):
    p, model = values(inputs), a_model()
    seen = model.observed(p, inputs)["completeness"]
    told = model.completeness_of(p, inputs)
    assert told.keys() == seen.keys()
    np.testing.assert_allclose(told["register_all"], seen["register_all"], rtol=1e-9)


def test_a_prior_of_completeness_becomes_one_of_the_hazard():
    belief = CompletenessPrior("logit_normal", median=0.6, lower95=0.5, upper95=0.7)
    inputs = laid_out(register(completeness=belief), certificates())
    seen = a_model().observed(values(inputs, 400), inputs)["completeness"]["register_all"].ravel()
    assert np.median(seen) == pytest.approx(0.6, abs=0.06)
    flat = laid_out(register(), certificates())
    wide = a_model().observed(values(flat, 400), flat)["completeness"]["register_all"].ravel()
    assert wide.std() > 2 * seen.std()


def test_flows_of_a_year_add_up_over_the_calendar_years(inputs):
    p = values(inputs)
    model = a_model()
    alive = model.survival.alive_of_draws(p, inputs)
    first, later = model.survival.at_nodes(p, inputs, model.survival.own_hazards(
        p, model.survival.baseline_with_tail(p, inputs)))
    every = flows_of(inputs.flows[0], p, first, later, inputs.n_years)
    registered, dead = (alive_on_grid(x, inputs.n_years) for x in (every.registered, every.dead))
    cases = model.incidence.incidence(p, inputs)
    unknown = unregistered_living(inputs.flows[0], p, cases, first, later)
    t = -1
    known = (cases @ registered)[..., :].sum(1).cumsum(-1)[..., t]
    died = (cases @ dead).sum(1).cumsum(-1)[..., t]
    np.testing.assert_allclose(known + died + unknown[..., t], cases.sum((1, -1)), rtol=1e-9)
    assert (unknown < (cases @ alive).sum(1)).all()


@pytest.mark.parametrize("shape", [0.6, 0.8, 1.0])
def test_completeness_among_the_living_exceeds_that_at_diagnosis_where_hazards_fall(shape):
    n = 400
    times = np.arange(1, n, dtype=float)[:, None] + LATER_NODES
    first, later = (np.exp(-((u / 2.5) ** shape)) for u in (FIRST_NODES, times))
    registered, _, missing = flows_by_year(first, later, np.array(0.8), n)
    _, _, alive = flows_by_year(first, later, np.array(0.0), n)
    at_diagnosis, among_living = registered.sum(), 1.0 - missing.sum() / alive.sum()
    if shape == 1.0:
        assert among_living == pytest.approx(at_diagnosis, abs=1e-6)
    else:
        assert among_living > at_diagnosis + 0.01


@pytest.mark.parametrize("hold", ["in_life", "all"])
def test_registrations_are_those_registered_by_their_date(hold):
    expected = []
    for as_of in ("2018-12-31", "2019-06-30", "2035-12-31"):
        inputs = laid_out(register(as_of), certificates(hold))
        p = values(inputs)
        seen = a_model().observed(p, inputs)
        expected.append(of(inputs, "register_all").expected(seen, inputs)[:, :27])
        if as_of == "2018-12-31":
            last = inputs.grid.years.tolist().index(2018)
            registered, dead = (np.asarray(seen["flows"][NAME][i]) for i in (0, 1))
            by_year = np.einsum("dkas,dkst->das", seen["area_incidence"], registered[..., :last + 1])
            if hold == "all":
                found = np.einsum("dkas,dkst->das", seen["area_incidence"], dead[..., :last + 1])
                by_year = by_year + p[f"mention_{NAME}"][:, None, None] * found
            a = inputs.arrays
            exact = (inputs.levels @ by_year)[:, a["register_all_level"][:27], a["register_all_year"][:27]]
            np.testing.assert_allclose(expected[0], exact, rtol=1e-5)
    assert (expected[0] < expected[1]).all()
    assert (expected[1] < expected[2]).all()


def test_cases_found_at_death_prefer_the_true_hazard(inputs):
    model = a_model()
    truth = {k: v[0] for k, v in values(inputs, 1).items()}
    truth |= {f"registration_hazard_{NAME}": np.array(0.9), f"mention_{NAME}": np.array(0.8),
              f"trace_back_{NAME}": np.array(0.6), "certificate_extra_sd": np.array(0.02)}
    rates = np.exp(np.linspace(np.log(0.3), np.log(2.7), 15))
    best = []
    for world in range(12):
        drawn = simulate_world(model, inputs, world, parameters=truth).inputs
        logs = [float(of(drawn, NAME).terms(q, model.observed(q, drawn), drawn)[NAME])
                for q in ({**truth, f"registration_hazard_{NAME}": np.array(r)} for r in rates)]
        best.append(np.log(rates[int(np.argmax(logs))]))
    assert np.mean(best) == pytest.approx(np.log(0.9), abs=0.1)


def test_worlds_keep_how_many_became_known_and_scatter_around_the_shares(inputs):
    model = a_model()
    p = {k: v[0] for k, v in values(inputs, 1).items()}
    shares = of(inputs, NAME).shares(p, model.observed(p, inputs), inputs)
    drawn = np.array([simulate_world(model, inputs, k, parameters=p).inputs.arrays[f"{NAME}_counts"] for k in range(150)])
    given = np.asarray(inputs.arrays[f"{NAME}_counts"]).sum(-1)
    np.testing.assert_array_equal(drawn.sum(-1), np.broadcast_to(given, drawn.shape[:-1]))
    error = np.maximum(drawn.std(0) / np.sqrt(150), 0.05)
    assert (np.abs(drawn.mean(0) - shares * given[:, None]) < 4.5 * error)[:27].all()


def test_what_would_be_said_twice_is_refused():
    late = ReportingTriangle.from_frame(
        triangle(), name="triangle", form="cumulative", source="the registry", as_of="2018-12-31")
    assert [p.code for p in belonging_problems([register(), certificates(), late])] == ["E-DELAY-TWICE"]
    sure = register(completeness=CompletenessPrior("known", value=0.8))
    assert [p.code for p in belonging_problems([sure, certificates()])] == ["E-COMPLETENESS-TWICE"]
    assert [p.code for p in belonging_problems([certificates()])] == ["E-BELONGS-TO-NOTHING"]


def test_registrations_with_cases_found_at_death_need_no_other_completeness():
    pieces = [*bundle().pieces, register()]
    assert "E-COMPLETENESS-MISSING" in {p.code for p in problems(pieces, AREAS)}
    assert problems([*pieces, certificates()], AREAS) == []


@pytest.mark.parametrize("missing", ["mention", "registrations_hold"])
def test_what_has_no_default_must_be_said(missing):
    with pytest.raises(EvidenceError, match="E-OPTION-MISSING") as caught:
        certificates(**{missing: None} if missing == "mention" else {}, hold=None if missing != "mention" else "all")
    assert caught.value.problems[0].key == missing


def test_shares_found_at_death_are_those_of_the_table():
    found = certificates().shares_found_at_death()
    np.testing.assert_allclose(found["found_at_death"], 0.2)
    np.testing.assert_allclose(found["certificate_only"], 0.08)
