"""Simulated worlds: drawn from the priors, observed as the study is, one stream for each kind of evidence."""

import numpy as np
import pytest
from scipy import stats

from sbc_prevalence.model import simulate
from sbc_prevalence.model.likelihood import dispersion_size
from sbc_prevalence.model.observing import AuditedSource, expected_deaths
from sbc_prevalence.model.survival import SYSTEM_SHARE
from small_study import a_model, scotland_inputs, small_inputs

MODEL = a_model()


def full():
    return small_inputs(area_evidence=True)


def piece(name):
    return next(o for o in full().observations if o.name == name)


def always(rng):
    """Every word gets the same generator, which moves on from draw to draw."""
    return lambda word: rng


def one_point(seed=1):
    p = simulate.simulate_world(MODEL, full(), seed).parameters
    return p, MODEL.observed(p, full())


def test_the_same_seed_gives_the_same_world_and_another_seed_another():
    first, again, other = (simulate.simulate_world(MODEL, full(), seed) for seed in ((1, 2), (1, 2), (1, 3)))
    for name, value in first.inputs.arrays.items():
        np.testing.assert_array_equal(value, again.inputs.arrays[name])
    assert not np.array_equal(first.inputs.arrays["deaths_values"], other.inputs.arrays["deaths_values"])


def test_one_more_piece_of_evidence_changes_no_other_stream():
    p, _ = one_point()
    few = simulate.simulate_world(MODEL, small_inputs(), 5, parameters=p)
    many = simulate.simulate_world(MODEL, full(), 5, parameters=p)
    np.testing.assert_array_equal(few.inputs.arrays["point_value"], many.inputs.arrays["point_value"])


def test_what_is_not_simulated_stays_as_it_was():
    before, after = full(), simulate.simulate_world(MODEL, full(), 4).inputs
    changed = {n for n in before.arrays if not np.array_equal(before.arrays[n], after.arrays[n])}
    assert changed == {"point_value", "deaths_values", "level_reference", "register_de_novo_values",
                       "register_recurrent_values", "register_recurrent_audit_found", "snapshot_values",
                       "snapshot_sensitivity"}
    assert {n: np.shape(v) for n, v in before.arrays.items()} == {n: np.shape(v) for n, v in after.arrays.items()}
    assert after.primaries is before.primaries


def test_the_latent_truth_is_that_of_the_parameters():
    world = simulate.simulate_world(MODEL, scotland_inputs(), 8)
    assert set(world.parameters) == set(MODEL.parameters(scotland_inputs()).names)
    for name, value in MODEL.latent(world.parameters, scotland_inputs()).items():
        np.testing.assert_array_equal(world.latent[name], value)


def test_the_frame_of_deaths_holds_the_simulated_deaths():
    inputs = simulate.simulate_world(MODEL, scotland_inputs(), 8).inputs
    rows = inputs.deaths_frame
    np.testing.assert_array_equal(rows["count_lower"], inputs.arrays["deaths_values"][:len(rows), 0])
    np.testing.assert_array_equal(rows["count_lower"], rows["count_upper"])


def test_deaths_have_the_mean_and_variance_of_their_likelihood():
    p, seen = one_point()
    p = {**p, "deaths_extra_sd": np.array(0.1)}
    stream = always(np.random.default_rng(1))
    draws = np.array([piece("deaths").simulate(p, seen, full(), stream)["deaths_values"][:, 0] for _ in range(4000)])
    mean = expected_deaths(seen, full())
    spread = np.sqrt(mean + mean**2 / dispersion_size(0.1))
    assert np.all(np.abs(draws.mean(0) - mean) < 5 * spread / np.sqrt(4000))
    np.testing.assert_allclose(draws.std(0), spread, rtol=0.08)


def test_points_have_the_covariance_of_their_likelihood():
    p, seen = one_point()
    p = {**p, "between_study_sd": np.array(0.3)}
    stream = always(np.random.default_rng(2))
    draws = np.array([piece("survival").simulate(p, seen, full(), stream)["point_value"] for _ in range(20_000)])
    a = full().arrays
    share = 1 - SYSTEM_SHARE * a["study_own"]
    assert sorted(set(share)) == [0.5, 1.0]
    expected = np.diag(1 / a["point_precision"]) + 0.09 * (a["point_study"] * share) @ a["point_study"].T
    np.testing.assert_allclose(np.cov(draws.T), expected, atol=0.006)
    np.testing.assert_allclose(draws.mean(0), seen["points"], atol=0.02)


def test_a_count_known_as_an_interval_is_published_as_the_interval_that_holds_it():
    world = simulate.simulate_world(MODEL, full(), 3)
    values = world.inputs.arrays["register_recurrent_values"]
    assert np.all(values[:, 0] % 5 == 0)
    np.testing.assert_array_equal(values - values[:, :1], np.broadcast_to(np.arange(5.0), values.shape))


def test_registrations_follow_completeness():
    p, seen = one_point()
    p = {**p, "registrations_extra_sd": np.array(0.0)}
    counted, stream = piece("register_recurrent"), always(np.random.default_rng(3))
    middles = np.array([counted.simulate(p, seen, full(), stream)["register_recurrent_values"].mean(-1)
                        for _ in range(2000)])
    mean = counted.expected(seen, full())
    assert np.all(np.abs(middles.mean(0) - mean) < 5 * np.sqrt(mean / 2000) + 0.3)


def test_audits_are_binomial_and_an_unaudited_source_has_none():
    audited = [o for o in full().observations if isinstance(o, AuditedSource)]
    assert [o.sources for o in audited] == [("register_recurrent",)]
    seen = {**one_point()[1], "completeness": {"register_recurrent": np.array([[0.7]])}}
    stream = always(np.random.default_rng(4))
    found = np.array([audited[0].simulate({}, seen, full(), stream)["register_recurrent_audit_found"][0]
                      for _ in range(4000)])
    assert found.mean() == pytest.approx(84, abs=0.5)
    assert found.var() == pytest.approx(120 * 0.7 * 0.3, rel=0.1)


def test_validation_is_simulated_only_where_it_is_not_known():
    p, seen = one_point()
    p = {**p, "sensitivity_snapshot": np.array(0.4)}
    found = piece("snapshot").simulate(p, seen, full(), always(np.random.default_rng(1)))
    assert "snapshot_specificity" not in found
    right, of = found["snapshot_sensitivity"]
    assert of == 100
    assert stats.binom.cdf(right, 100, 0.4) > 1e-6


def test_true_parameters_fit_simulated_evidence_better_than_wrong_ones():
    """Mean log likelihood is highest at the truth: deaths and points are simulated as they are judged."""
    truth, moved = 0.0, 0.0
    for seed in range(12):
        world = simulate.simulate_world(MODEL, full(), seed)
        p = world.parameters
        wrong = {**p, "survival_median": p["survival_median"] * 1.4, "de_novo_share": p["de_novo_share"] * 1.3}
        truth += float(sum(MODEL.loglik_terms(p, world.inputs).values()))
        moved += float(sum(MODEL.loglik_terms(wrong, world.inputs).values()))
    assert truth > moved + 10
