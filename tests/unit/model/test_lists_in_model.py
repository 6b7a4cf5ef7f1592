"""Overlapping lists and grouped codes inside the model: likelihoods, simulators, and the pilot of two lists."""

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from lists_study import SIZES, lists_inputs, overlapping
from sbc_prevalence.estimators.dependent_lists import lists_with_dependence
from sbc_prevalence.evidence import DependencePrior, EvidenceBundle, OverlappingLists
from sbc_prevalence.model import simulate
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.model.likelihood import dispersion_size
from sbc_prevalence.model.observing import GroupedCounts, ListedHistories
from sbc_prevalence.posterior.codec import decode, encode
from small_study import a_model, bundle, grid_of, prior_draws, small_inputs

MODEL = a_model()
PILOT = pd.DataFrame({"history": ["10", "01", "11"], "count": [78, 54, 430]})
TRUTH = 598
BELIEFS = [DependencePrior(1.0, 0.14, 7.1), DependencePrior(2.0, 0.5, 8.0), DependencePrior(2.7, 0.6, 12.0)]


def piece(inputs, cls):
    return next(o for o in inputs.observations if isinstance(o, cls))


def a_point(inputs, seed=4):
    p = {name: value[0] for name, value in prior_draws(MODEL, inputs, 1, seed).items()}
    return p, MODEL.observed(p, inputs)


def always(seed):
    rng = np.random.default_rng(seed)
    return lambda word: rng


@pytest.mark.parametrize("n_lists", [2, 3, 4, 5])
def test_histories_share_out_everybody(n_lists):
    inputs = lists_inputs(str(n_lists))
    listed = piece(inputs, ListedHistories)
    pi = listed.history_probabilities(prior_draws(MODEL, inputs, 50))
    assert pi.shape == (50, 2**n_lists)
    np.testing.assert_allclose(pi.sum(-1), 1.0)
    found = listed.completeness(prior_draws(MODEL, inputs, 50))
    assert found.shape == (50, n_lists + 1)
    assert np.all(found[:, -1:] >= found[:, :-1])


def test_the_pilot_as_evidence_holds_the_truth_where_the_helper_does():
    """The model's own likelihood on a grid of incidence, lists and dependence, with a flat prior of log incidence."""
    log_people, logits = np.linspace(np.log(500), np.log(1300), 60), np.linspace(-2.0, 5.0, 33)
    for belief in BELIEFS:
        frame = PILOT.assign(area_code="A", year=2011)
        evidence = OverlappingLists.from_frame(
            frame, name="pilot", lists=("registry", "waits"), dependence=belief, source="NCIN", as_of="2012-12-31")
        whole = EvidenceBundle(*bundle().pieces, evidence)
        inputs = lay_out(whole, grid_of(whole))
        listed = piece(inputs, ListedHistories)
        ratio = belief.center + belief.sd * np.linspace(-3.5, 3.5, 25)
        people, first, second, dependence = np.meshgrid(log_people, logits, logits, ratio, indexing="ij")
        p = {"list_logits_pilot_all": np.stack([first, second], -1), "lists_extra_sd": np.zeros(people.shape),
             "list_dependence_pilot_all": dependence[..., None]}
        cases = np.zeros((*people.shape, 2, 1, 1))
        cases[..., 0, 0, 0] = np.exp(people)
        level, year = inputs.arrays["pilot_all_level"][0], inputs.arrays["pilot_all_year"][0]
        three = {name: value[:3] for name, value in inputs.arrays.items()
                 if name.startswith("pilot_all_") and np.ndim(value)}
        first_place = {name: np.zeros(3, dtype=int) for name in
                       ("pilot_all_level", "pilot_all_year", "pilot_all_year_to")}
        arrays = {**inputs.arrays, **three, **first_place}
        assert inputs.level_codes[level] == "A"
        assert inputs.grid.years[year] == 2011
        log_density = listed.terms(p, {"incidence": cases}, inputs.with_arrays(arrays))["pilot_all"]
        priors = {q.name: q for q in listed.priors(inputs)}
        for name, value in (("list_logits_pilot_all", first), ("list_logits_pilot_all", second),
                            ("list_dependence_pilot_all", dependence)):
            log_density = log_density + stats.norm.logpdf(value, priors[name].center, priors[name].sd)
        weight = special.softmax(log_density.ravel())
        rng = np.random.default_rng(1)
        chosen = rng.choice(weight.size, 40_000, p=weight)
        nobody = (np.exp(people) * listed.history_probabilities(p)[..., 0]).ravel()[chosen]
        totals = 562 + rng.poisson(nobody)
        low, middle, high = np.quantile(totals, [0.025, 0.5, 0.975])
        helper = lists_with_dependence(PILOT, dependence=belief)
        assert low <= TRUTH <= high
        assert helper.lower <= TRUTH <= helper.upper
        np.testing.assert_allclose([low, middle], [helper.lower, helper.median], rtol=0.01)
        np.testing.assert_allclose(high, helper.upper, rtol=0.05)


def test_the_dependence_of_two_lists_is_what_was_stated_and_nothing_else():
    listed = piece(lists_inputs("2"), ListedHistories)
    prior = next(q for q in listed.priors(lists_inputs("2")) if q.name.startswith("list_dependence"))
    assert (prior.distribution, prior.center) == ("normal", pytest.approx(np.log(2.0)))
    assert prior.sd == pytest.approx((np.log(8.0) - np.log(0.5)) / 3.92)
    p = prior_draws(MODEL, lists_inputs("2"), 20)
    pi = listed.history_probabilities(p)
    ratio = pi[:, 3] * pi[:, 0] / (pi[:, 1] * pi[:, 2])
    np.testing.assert_allclose(np.log(ratio), p["list_dependence_pilot_2_all"][:, 0])


def test_counts_by_history_have_the_mean_and_variance_of_their_likelihood():
    inputs = lists_inputs("3")
    p, seen = a_point(inputs)
    p = {**p, "lists_extra_sd": np.array(0.1)}
    listed, stream, n = piece(inputs, ListedHistories), always(1), 3000
    draws = np.array([listed.simulate(p, seen, inputs, stream)["pilot_3_all_values"][:, 0] for _ in range(n)])
    mean = listed.expected(p, seen, inputs)
    spread = np.sqrt(mean + mean**2 / dispersion_size(0.1))
    assert np.all(np.abs(draws.mean(0) - mean) < 5 * spread / np.sqrt(n) + 1e-3)
    np.testing.assert_allclose(draws.std(0)[mean > 1], spread[mean > 1], rtol=0.12)


def test_the_cells_of_an_area_and_year_are_its_incidence_but_for_people_on_no_list():
    inputs = lists_inputs("4")
    p, seen = a_point(inputs)
    listed, a = piece(inputs, ListedHistories), inputs.arrays
    mean = listed.expected(p, seen, inputs) * a["pilot_4_all_weight"]
    level, year = a["pilot_4_all_level"][0], a["pilot_4_all_year"][0]
    rows = (a["pilot_4_all_level"] == level) & (a["pilot_4_all_year"] == year)
    nobody = listed.history_probabilities(p)[0]
    assert mean[rows].sum() == pytest.approx(seen["incidence"][:, level, year].sum() * (1 - nobody))


def test_a_period_counts_the_cases_of_all_its_years():
    rows = [("T", first, last, h, 300) for first, last in ((2010, 2012), (2014, 2014)) for h in ("01", "10", "11")]
    frame = pd.DataFrame(rows, columns=["area_code", "year", "year_to", "history", "count"])
    lists = OverlappingLists.from_frame(frame, name="period", lists=("a", "b"), dependence=BELIEFS[0],
                                        source="s", as_of="2024-12-31")
    whole = EvidenceBundle(*bundle().pieces, lists)
    inputs = lay_out(whole, grid_of(whole))
    p, seen = a_point(inputs)
    listed = piece(inputs, ListedHistories)
    mean, pi = listed.expected(p, seen, inputs), listed.history_probabilities(p)
    at = 2010 - inputs.grid.first_year
    cases = seen["incidence"].sum(0)[0]
    np.testing.assert_allclose(mean[:3], cases[at:at + 3].sum() * pi[1:])
    np.testing.assert_allclose(mean[3:6], cases[at + 4] * pi[1:])


def test_lists_by_presentation_see_that_presentation_only():
    frame = overlapping(2).frame.drop(columns=["source", "as_of"]).assign(presentation="de_novo")
    lists = OverlappingLists.from_frame(frame, name="first", lists=("a", "b"), dependence=BELIEFS[0], window_days=120,
                                        source="s", as_of="2024-12-31")
    whole = EvidenceBundle(*bundle().pieces, lists)
    inputs = lay_out(whole, grid_of(whole))
    p, seen = a_point(inputs)
    listed = piece(inputs, ListedHistories)
    other = {**seen, "incidence": seen["incidence"] * np.array([1.0, 3.0])[:, None, None]}
    assert listed.name == "first_de_novo"
    np.testing.assert_array_equal(listed.expected(p, seen, inputs), listed.expected(p, other, inputs))


def test_a_grouped_count_is_the_cases_of_the_source_over_their_share():
    inputs = lists_inputs("grouped")
    p, seen = a_point(inputs)
    counted, a = piece(inputs, GroupedCounts), inputs.arrays
    q = counted.share(p)
    assert counted.places == ("A", "B", "C")
    assert q.shape == (3,)
    level, year = a["codes_recurrent_level"], a["codes_recurrent_year"]
    cases = p["completeness_codes_recurrent"] * seen["incidence"][1, level, year]
    np.testing.assert_allclose(counted.expected(p, seen, inputs), cases / q[a["codes_recurrent_place"]])


def test_the_validated_sample_is_binomial_and_rows_without_one_say_nothing():
    inputs = lists_inputs("grouped")
    p, seen = a_point(inputs)
    counted, stream = piece(inputs, GroupedCounts), always(2)
    found = np.array([counted.simulate(p, seen, inputs, stream)["codes_recurrent_metastatic"] for _ in range(3000)])
    of = inputs.arrays["codes_recurrent_validated"]
    assert of.sum() == 60
    q = counted.share(p)[inputs.arrays["codes_recurrent_place"]]
    np.testing.assert_allclose(found.mean(0), of * q, atol=0.3)
    assert np.all(found[:, of == 0] == 0)
    np.testing.assert_allclose(found.var(0)[of > 0], (of * q * (1 - q))[of > 0], rtol=0.15)


def test_without_a_validated_sample_the_share_rests_on_what_was_stated():
    inputs = lists_inputs("grouped unvalidated")
    counted = piece(inputs, GroupedCounts)
    terms = counted.terms(*a_point(inputs), inputs)
    assert list(terms) == ["codes_recurrent"]
    share = next(q for q in counted.priors(inputs) if q.name == "metastatic_share_codes_recurrent")
    assert special.expit(share.center) == pytest.approx(0.7)


def test_a_study_without_lists_is_as_it_was():
    names = set(MODEL.parameters(small_inputs()).names)
    more = set(MODEL.parameters(lists_inputs("3")).names)
    assert more - names == {"list_logits_pilot_3_all", "list_dependence_center_pilot_3_all",
                            "list_dependence_scale_pilot_3_all", "list_dependence_pilot_3_all", "lists_extra_sd"}
    assert names <= more
    p, _ = a_point(small_inputs())
    few = simulate.simulate_world(MODEL, small_inputs(), 5, parameters=p)
    inputs = lists_inputs("3")
    extra = {q.name: np.zeros(q.shape) + 0.1 for q in piece(inputs, ListedHistories).priors(inputs)}
    many = simulate.simulate_world(MODEL, inputs, 5, parameters={**p, **extra})
    np.testing.assert_array_equal(few.inputs.arrays["point_value"], many.inputs.arrays["point_value"])


def test_observations_are_stored_and_read_again():
    for kind in ("3", "grouped"):
        inputs = lists_inputs(kind)
        arrays: dict[str, np.ndarray] = {}
        for observation in inputs.observations:
            assert decode(encode(observation, arrays), arrays) == observation


def test_areas_of_other_sizes_have_their_own_incidence():
    inputs = lists_inputs("2")
    values = inputs.arrays["pilot_2_all_values"][:, 0] * inputs.arrays["pilot_2_all_weight"]
    by_level = [values[inputs.arrays["pilot_2_all_level"] == i].sum() for i in range(3)]
    np.testing.assert_allclose(np.array(by_level) / by_level[0], SIZES, rtol=0.05)
