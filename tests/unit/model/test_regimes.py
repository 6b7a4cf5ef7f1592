"""Regimes of areas: as answered, or summed over; the sum is that over every possible assignment."""

from itertools import product

import numpy as np
import pytest
from scipy import special, stats

from completeness_study import audit, inputs_of, model_with, one, registrations, survey
from graph_functions import Graph, check_against_numpy
from sbc_prevalence.model.completeness.regime import (
    LOGIT_SCALE,
    REGIMES,
    TYPICAL_LOGITS,
    at_regime,
    silent_and_told,
    told_by_counts,
)
from sbc_prevalence.model.observing.regimes import regime_probabilities
from sbc_prevalence.model.simulate import simulate_world

MODEL = model_with("regime")
OPEN = {"A": "full", "B": "no_answer", "C": "no_answer"}


def inputs(answers=OPEN, **options):
    return inputs_of(registrations(completeness=None, **options), survey(answers), audit(("C", "all", "register", 40, 9)))


def shares(p):
    return special.softmax([0.0, *p["regime_log_odds"]])


def draws(p):
    return {name: value[None] for name, value in p.items()}


def same_stream(word):
    return np.random.default_rng(len(word))


def weights_of_silent(p):
    return special.softmax(np.log(shares(p)) + p["regime_silent_tilt"] * np.arange(3))


def test_the_sum_over_regimes_is_that_over_every_assignment_of_the_areas():
    laid_out, total = inputs(), []
    p = one(MODEL, laid_out, 4)
    seen = MODEL.observed(p, laid_out)
    observed = [o for o in laid_out.observations if getattr(o, "source_names", ())]
    for b, c in product(range(3), repeat=2):
        known = at_regime(seen["regimes"], np.array([0, b, c]))
        there = {**seen, "completeness": {**seen["completeness"], **known}}
        likelihood = sum(float(o.rows(p, there, laid_out).sum()) for o in observed)
        prior = np.log(shares(p)[0]) + np.log(weights_of_silent(p)[[b, c]]).sum()
        total.append(prior + likelihood)
    assert float(MODEL.loglik_terms(p, laid_out)["regimes"]) == pytest.approx(special.logsumexp(total), rel=1e-12)


def test_with_every_answer_given_nothing_is_left_to_sum_over():
    laid_out = inputs({"A": "none", "B": "full", "C": "partial"})
    p = one(MODEL, laid_out, 2)
    probability = regime_probabilities(MODEL, p, laid_out)
    np.testing.assert_array_equal(probability, np.eye(3)[[2, 0, 1]])
    seen = MODEL.observed(p, laid_out)
    for name, c in seen["completeness"].items():
        np.testing.assert_allclose(c, at_regime(seen["regimes"], np.array([2, 0, 1]))[name])


def test_those_who_did_not_answer_stand_lower_by_the_tilt():
    laid_out = inputs()
    p = one(MODEL, laid_out, regime_log_odds=[0.0, 0.0], regime_silent_tilt=np.log(2.0))
    weights = np.exp(MODEL.completeness.regimes(p, laid_out).log_weights)
    np.testing.assert_allclose(weights[1], np.array([1, 2, 4]) / 7)
    np.testing.assert_allclose(weights[0], [1 / 3, 0, 0], atol=1e-300)


def test_registrations_tell_the_regime_of_a_silent_area():
    """An area that registers as the full ones do is most likely full."""
    laid_out = inputs()
    p = one(MODEL, laid_out, 3, regime_log_odds=[0.0, 0.0], regime_silent_tilt=0.0, registrations_extra_sd=0.05)
    p |= {name: np.zeros_like(v) for name, v in p.items() if name.startswith(("completeness_area_", "area_"))}
    world = simulate_world(MODEL, laid_out, 1, parameters=p)
    seen = MODEL.observed(p, laid_out)
    for g in range(3):
        known = {**seen["completeness"], **at_regime(seen["regimes"], np.full(3, g))}
        arrays = {}
        for o in laid_out.observations:
            if getattr(o, "source_names", ()):
                arrays |= o.simulate(p, {**seen, "completeness": known}, laid_out, same_stream)
        probability = regime_probabilities(MODEL, p, world.inputs.with_arrays(arrays))
        assert np.all(probability[1:, g] > 0.99)


def test_realised_completeness_follows_the_probability_of_each_regime():
    laid_out = inputs()
    p = {name: np.repeat(value[None], 4000, 0) for name, value in one(MODEL, laid_out, 7).items()}
    found = MODEL.completeness_of(p, laid_out)["register_recurrent"][:, 2, 0]
    expected = regime_probabilities(MODEL, {k: v[0] for k, v in p.items()}, laid_out)[2]
    by_regime = [c["register_recurrent"][0, 2, 0] for c in MODEL.completeness.regimes(p, laid_out).completeness]
    shares_found = [np.mean(np.isclose(found, c)) for c in by_regime]
    np.testing.assert_allclose(shares_found, expected, atol=0.03)


def test_where_nothing_is_summed_over_realised_completeness_is_completeness():
    laid_out = inputs_of(registrations())
    model = model_with("hierarchical")
    p = draws(one(model, laid_out))
    found = model.completeness_of(p, laid_out)
    for name, value in model.completeness.completeness(p, laid_out).items():
        np.testing.assert_array_equal(found[name], value)


def test_where_the_regimes_are_drawn_every_piece_is_judged_by_itself():
    laid_out = inputs()
    p = draws(one(MODEL, laid_out, 2))
    seen = MODEL.resolved(p, laid_out, seed=1)
    assert "regimes" not in seen
    assert seen["regime_of_area"][0, 0] == 0
    for piece in laid_out.observations:
        assert set(piece.terms(p, seen, laid_out)) == {piece.name}
        assert np.isfinite(piece.level(laid_out.arrays)) or piece.name == "survival"


def test_a_simulated_survey_is_answered_by_the_same_areas_and_tells_what_they_do():
    laid_out = inputs()
    p = one(MODEL, laid_out, regime_log_odds=[-30.0, 30.0])
    world = simulate_world(MODEL, laid_out, 5, parameters=p)
    np.testing.assert_array_equal(world.inputs.arrays["regime_survey_answers"], [[0, 0, 1], [0, 0, 0], [0, 0, 0]])
    others = [simulate_world(MODEL, laid_out, seed, parameters=one(MODEL, laid_out, regime_log_odds=[0.0, 0.0]))
              .inputs.arrays["regime_survey_answers"][0] for seed in range(60)]
    assert np.all(np.mean(others, 0) > 0.15)


def test_answers_inform_the_shares_of_those_who_gave_none():
    full, none = (inputs({"A": word, "B": word, "C": "no_answer"}) for word in ("full", "none"))
    p = one(MODEL, full, regime_log_odds=[0.0, -2.0])
    likelihood = [float(MODEL.loglik_by_evidence(draws(p), x)["regime_survey"][0]) for x in (full, none)]
    assert likelihood[0] > likelihood[1]


def test_left_out_the_survey_says_nothing_of_any_area():
    laid_out = inputs({"A": "full", "B": "partial", "C": "none"})
    p = one(MODEL, laid_out, 6)
    without = laid_out.without("regime_survey")
    powerless = laid_out.with_power({"regime_survey": 0.0})
    a, b = (float(MODEL.loglik_terms(p, other)["regimes"]) for other in (without, powerless))
    assert a == pytest.approx(b, rel=1e-12)
    weights = MODEL.completeness.regimes(p, powerless).log_weights
    np.testing.assert_allclose(np.exp(weights), np.broadcast_to(shares(p), (3, 3)))


def test_a_source_to_the_power_zero_leaves_the_regimes_to_the_others():
    laid_out = inputs()
    p = one(MODEL, laid_out, 8)
    names = [o.name for o in laid_out.observations if getattr(o, "source_names", ())]
    nothing = laid_out.with_power(dict.fromkeys(names, 0.0))
    np.testing.assert_allclose(regime_probabilities(MODEL, p, nothing)[1], weights_of_silent(p))
    assert float(MODEL.loglik_terms(p, nothing)["regimes"]) == pytest.approx(np.log(shares(p)[0]))


def test_the_log_likelihood_of_a_source_is_the_slope_of_the_whole_in_its_power():
    laid_out, step = inputs(), 1e-5
    p = one(MODEL, laid_out, 9)
    found = MODEL.loglik_by_evidence(draws(p), laid_out)
    up, down = (float(MODEL.loglik_terms(p, laid_out.with_power({"register_recurrent": 1 + h}))["regimes"])
                for h in (step, -step))
    assert float(found["register_recurrent"][0]) == pytest.approx((up - down) / (2 * step), rel=1e-5)


ANSWERED = {"A": "partial", "B": "none", "C": "full"}
PLACE, SPREAD = "completeness_area_register_recurrent", "completeness_regime_sd_register_recurrent"


def coordinates(laid_out, n=60):
    """Noise of the sampler for a model without another coordinate than that of completeness."""
    rng = np.random.default_rng(3)
    return {q.name: q.draw(rng, n) for q in MODEL_WITHOUT_LEVEL.sampled(laid_out).priors}


def a_to_b_told_by_counts():
    """Inputs of three areas of which the first two are told by their counts."""
    return inputs(ANSWERED).with_arrays({f"register_{kind}_centred": np.array([1.0, 1.0, 0.0])
                                         for kind in ("de_novo", "recurrent")})


MODEL_WITHOUT_LEVEL = model_with("regime", incidence="smooth")


def test_counts_tell_the_completeness_of_areas_that_miss_many_and_of_none_that_is_silent():
    answers = np.vstack([np.eye(3), np.zeros(3)])
    np.testing.assert_array_equal(told_by_counts(np.full(4, 100.0), answers), [0, 1, 1, 0])
    np.testing.assert_array_equal(told_by_counts(np.full(4, 1e6), answers), [0, 1, 1, 0])
    np.testing.assert_array_equal(told_by_counts(np.full(4, 1.0), answers), np.zeros(4))


def test_where_counts_tell_it_the_sampler_moves_the_completeness_of_the_area_itself():
    laid_out = a_to_b_told_by_counts()
    noise = coordinates(laid_out)
    natural, _ = MODEL_WITHOUT_LEVEL.log_density_change(noise, laid_out)
    c = MODEL_WITHOUT_LEVEL.completeness.completeness(natural, laid_out)["register_recurrent"][..., 0]
    typical = np.array([TYPICAL_LOGITS[1], TYPICAL_LOGITS[2]])
    np.testing.assert_allclose(special.logit(c[:, :2]), typical + 0.5 * noise[PLACE][:, :2], rtol=1e-9)
    np.testing.assert_array_equal(natural[PLACE][:, 2], noise[PLACE][:, 2])


def test_the_coordinate_of_completeness_leaves_the_prior_as_it_is():
    """log density of the coordinate = log prior of the place at its value + log of the numerical Jacobian."""
    laid_out = a_to_b_told_by_counts()
    noise, step = coordinates(laid_out), 1e-5
    natural, change = MODEL_WITHOUT_LEVEL.log_density_change(noise, laid_out)

    def places(move):
        found, _ = MODEL_WITHOUT_LEVEL.log_density_change({**noise, PLACE: noise[PLACE] + move}, laid_out)
        return found[PLACE]

    slope = (places(step) - places(-step)) / (2 * step)
    expected = (stats.norm.logpdf(natural[PLACE]) + np.log(slope)).sum(-1)
    others = coordinates_of_the_other_source(noise, natural)
    found = change + stats.norm.logpdf(noise[PLACE]).sum(-1) - others
    np.testing.assert_allclose(found - expected, (found - expected)[0], atol=1e-6)


def coordinates_of_the_other_source(noise, natural):
    """Change of log density by the other source's coordinate, up to a constant."""
    name = PLACE.replace("recurrent", "de_novo")
    spread = natural[SPREAD.replace("recurrent", "de_novo")][:, [1, 2]]
    return (0.5 * (noise[name]**2 - natural[name]**2)[:, :2] - np.log(spread)).sum(-1)


def silent(told):
    """Inputs with a silent area whose counts tell, or do not tell, how complete it is."""
    return inputs({"A": "partial", "B": "none", "C": "no_answer"}).with_arrays(
        {**{f"register_{kind}_centred": np.zeros(3) for kind in ("de_novo", "recurrent")},
         "regime_survey_silent_told": np.array([0.0, 0.0, float(told)])})


def test_an_area_is_silent_and_told_by_enough_people():
    answers = np.array([[1.0, 0, 0], [0, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(silent_and_told(np.array([100.0, 100, 3]), answers), [0, 1, 0])


def test_the_sum_over_the_regimes_of_a_silent_area_is_the_same_by_its_place_and_by_its_completeness():
    """Likelihood integrated over what the sampler moves of a silent area, in both sources."""
    others = {name: value[:1] for name, value in coordinates(silent(told=True)).items()}
    others |= {name: np.ones_like(value) for name, value in others.items() if name.startswith(SPREAD[:22])}
    points = np.linspace(-7, 7, 113)
    x, y = (axis.ravel() for axis in np.meshgrid(points, points))
    noise = {name: np.repeat(value, x.size, 0) for name, value in others.items()}
    noise[PLACE][:, 2], noise[PLACE.replace("recurrent", "de_novo")][:, 2] = x, y
    integrals = []
    for told in (True, False):
        laid_out = silent(told)
        observed = [piece.name for piece in laid_out.observations if getattr(piece, "source_names", ())]
        milder = laid_out.with_power(dict.fromkeys(observed, 0.02))  # far from the world, places would be extreme
        natural, change = MODEL_WITHOUT_LEVEL.log_density_change(noise, milder)
        likelihood = MODEL_WITHOUT_LEVEL.loglik_terms(natural, milder)["regimes"]
        scale = LOGIT_SCALE**2 if told else 1.0
        integrals.append(special.logsumexp(change + likelihood - 0.5 * (x**2 + y**2), b=scale))
    assert integrals[0] == pytest.approx(integrals[1], abs=1e-6)


def test_the_place_of_a_silent_area_is_settled_in_a_regime_that_its_completeness_allows():
    laid_out = silent(told=True)
    noise = {name: np.repeat(value[:1], 4000, 0) for name, value in coordinates(laid_out).items()}
    moved = MODEL_WITHOUT_LEVEL.values(noise, laid_out)
    before = MODEL_WITHOUT_LEVEL.completeness.regimes(moved, laid_out)
    settled = MODEL_WITHOUT_LEVEL.completeness.settled(moved, laid_out, np.random.default_rng(1))
    assert set(settled) == {q.name for q in MODEL_WITHOUT_LEVEL.sampled(laid_out).priors}
    after = MODEL_WITHOUT_LEVEL.completeness.regimes(settled, laid_out)
    true = before.completeness[0]["register_recurrent"][:, 2, 0]
    under = np.stack([c["register_recurrent"][:, 2, 0] for c in after.completeness])
    which = np.isclose(under, true, rtol=1e-9)
    assert np.all(which.sum(0) == 1)
    np.testing.assert_allclose(which.mean(1), np.exp(before.log_weights[0, 2]), atol=0.03)


@pytest.mark.parametrize("is_fused", [True, False])
def test_the_graph_moves_the_same_coordinates(is_fused):
    laid_out = inputs({**ANSWERED, "C": "no_answer"})
    graph = Graph(MODEL, laid_out, fused=is_fused)
    for values in graph.points(3, seed=4):
        check_against_numpy(graph, MODEL, laid_out, values)


def test_regimes_are_named_in_the_order_of_the_answers():
    assert REGIMES == ("full", "partial", "none")
