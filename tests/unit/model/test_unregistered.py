"""Another hazard of people who are not registered: a mixture, in every engine, with refusals where it says nothing."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from graph_functions import Graph
from patient_worlds import register
from sbc_prevalence.errors import ModelError
from sbc_prevalence.evidence import CompletenessPrior, EvidenceBundle, PatientSurvival, Registrations
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.model.survival.unregistered import RATIO, SHARE, registered_share, registering_sources
from sbc_prevalence.posterior.compiled import structure_key
from sbc_prevalence.prevalence.decomposition import registered_over_others
from sbc_prevalence.prevalence.index_date import part_of_year
from sbc_prevalence.prevalence.scenarios import UNREGISTERED, scenarios
from small_study import AREAS, ORIGIN, a_model, bundle, prior_draws, small_inputs


def model(stated=(0.47, 0.2), **how):
    base = a_model(**how)
    return replace(base, survival=replace(base.survival, unregistered=stated))


def full():
    return small_inputs(area_evidence=True)


@pytest.mark.parametrize("incidence", ["natural_history", "smooth"])
def test_with_a_ratio_of_one_nothing_changes(incidence):
    base, other = a_model(incidence=incidence), model(incidence=incidence)
    p = prior_draws(other, full(), 4)
    one = {**p, RATIO: np.ones(4)}
    for name, value in base.latent(p, full()).items():
        np.testing.assert_allclose(other.latent(one, full())[name], value, rtol=1e-11)
    terms = other.loglik_terms(one, full())
    for name, value in base.loglik_terms(p, full()).items():
        np.testing.assert_allclose(terms[name], value, rtol=1e-9)


def test_survivorship_is_the_mixture_by_completeness():
    other = model()
    p = prior_draws(other, full(), 3)
    plain = replace(other.survival, unregistered=None)
    hazards = plain.own_hazards(p, plain.baseline_with_tail(p, full()))
    registered, others = (plain.survivorship(p, full(), h) for h in (hazards, hazards * p[RATIO][:, None]))
    c = np.stack([p["completeness_register_de_novo"], p["completeness_register_recurrent"]], -1)[..., None, None]
    share = other.with_registered_share(p, full())
    np.testing.assert_allclose(share[SHARE], c[..., 0], rtol=1e-12)
    found = other.survival.survivorship(share, full(), hazards)
    np.testing.assert_allclose(found, c * registered + (1 - c) * others, rtol=1e-12)
    alive = other.latent(p, full())["alive"]
    np.testing.assert_allclose(alive[..., 0, :], found[..., 0, :], rtol=1e-9)


def test_the_faster_the_unregistered_die_the_fewer_are_living_and_deaths_follow_sooner():
    other = model()
    p = prior_draws(other, full(), 3)
    slow, fast = (other.latent({**p, RATIO: np.full(3, ratio)}, full()) for ratio in (1.0, 2.0))
    assert np.all(fast["living"] < slow["living"])
    np.testing.assert_allclose(fast["incidence"], slow["incidence"])


@pytest.mark.parametrize(("incidence", "is_fused"), [("natural_history", True), ("smooth", True), ("smooth", False)])
def test_the_graph_and_numpy_agree(incidence, is_fused):
    other = model(incidence=incidence)
    graph = Graph(other, full(), fused=is_fused)
    for values in graph.points(2, seed=3):
        blocks, potentials = graph.noise_and_potentials(values)
        natural, _ = other.log_density_change(other.sampled(full()).noise_by_name(blocks), full())
        expected = float(sum(other.loglik_terms(natural, full()).values()))
        assert potentials["log_likelihood"] == pytest.approx(expected, rel=1e-10)
        logp, gradient = graph.logp_and_gradient(values)
        assert np.isfinite(logp)
        assert np.all(np.isfinite(gradient))


def test_with_deaths_of_the_whole_the_level_coordinate_knows_of_it():
    """Expected certified deaths stand at the level that the sampler moves in, mixture included."""
    other = model()
    whole = [piece for piece in bundle(area_evidence=True).pieces if piece.kind not in ("living_counts", "registrations")]
    seen = bundle(area_evidence=True).registrations
    frame = seen.frame.groupby(["year", "presentation"], as_index=False)[["count_lower", "count_upper"]].sum()
    frame = frame.assign(area_code="T", count_status="rounded")
    national = Registrations.from_frame(
        frame, name="register", window_days=120, completeness=CompletenessPrior("known", value=0.7), **ORIGIN)
    evidence = EvidenceBundle(*(p for p in whole if p.kind != "completeness_audit"), national)
    given = lay_out(evidence, evidence.align(AREAS, last_year=2020, backcast_years=6, recurrence_lag_years=8))
    name = other.level_parameter(given)
    assert name is not None
    noise = {q.name: q.draw(np.random.default_rng(4), 5) for q in other.sampled(given).priors}
    p = other.values(noise, given)
    alone = {q.name: q.draw(np.random.default_rng(5), 5) for q in other.parameters(given).priors}
    latent = other.latent({**alone, **p}, given)
    certified = latent["deaths"].sum((-3, -2)) * latent["kappa"]
    grid = given.grid
    chosen = (grid.years >= grid.first_data_year) & (grid.years <= grid.last_data_year)
    level = np.exp(given.arrays["level_reference"] + 0.02 * noise[name])
    np.testing.assert_allclose(certified[:, chosen].mean(-1), level, rtol=1e-9)


def test_an_index_date_inside_a_year_knows_of_it():
    other = model()
    p = prior_draws(other, full(), 2)
    whole = part_of_year(other, p, full(), 1.0)
    np.testing.assert_allclose(whole[..., 0, :], other.latent(p, full())["alive"][..., 0, :], rtol=1e-6)


def test_among_the_living_more_are_registered_than_at_diagnosis():
    """Exponential survival: the share is c A / (c A + (1 - c) A_u), with A(m) = exp(-h m) (1 - exp(-h)) / h."""
    other, ratio, hazard = model(trend="none"), 1.8, 0.3
    p = prior_draws(other, full(), 1)
    p |= {name: np.ones(1) for name in ("survival_shape", "hazard_tail_ratio", "hazard_ratio_recurrent",
                                        "ratio_transfer_error")}
    p |= {"survival_median": np.full(1, np.log(2) / hazard), "between_study_sd": np.zeros(1), RATIO: np.full(1, ratio),
          "other_cause_multiplier": np.full(1, 1e-9)}
    found = registered_over_others(other, p, full(), date(2017, 12, 31))
    assert set(found) == {"register_de_novo", "register_recurrent"}
    t = 2017 - full().grid.first_year
    m = t - np.arange(t + 1)

    def alive(h):
        return np.exp(-h * m) * -np.expm1(-h) / h

    expected = alive(hazard) / alive(ratio * hazard)
    np.testing.assert_allclose(found["register_de_novo"][0, 0, : t + 1], expected, rtol=1e-7)
    inside = registered_over_others(other, p, full(), date(2017, 6, 30))["register_de_novo"][0, 0]
    assert np.all(np.diff(inside[: t + 1]) < 1e-9)
    assert registered_over_others(a_model(), p, full(), date(2017, 12, 31)) == {}


def test_records_are_of_registered_people():
    """What the records see does not move with the ratio, and the population's survivorship does."""
    people = register(300, 1)
    records = PatientSurvival.from_frame(people, population="described", name="register", source="x", as_of="2030-12-31")
    evidence = EvidenceBundle(*bundle(area_evidence=True).pieces, records)
    given = lay_out(evidence, evidence.align(AREAS, last_year=2020, backcast_years=6, recurrence_lag_years=8))
    other = model()
    p = prior_draws(other, given, 2)
    one, two = ({**p, RATIO: np.full(2, ratio)} for ratio in (1.0, 2.0))
    seen = [other.observed(q, given) for q in (one, two)]
    np.testing.assert_array_equal(seen[0]["cells"]["register"], seen[1]["cells"]["register"])
    assert np.all(seen[1]["living"][..., -1, :] < seen[0]["living"][..., -1, :])


def test_it_is_refused_where_nobody_is_known_to_be_registered():
    with pytest.raises(ModelError, match="no registrations of de novo disease"):
        model().parameters(small_inputs())
    with pytest.raises(ModelError, match=r"centre and sd of a log"):
        model((0.0, 3.0))


def test_of_several_sources_one_must_be_named():
    second = bundle(area_evidence=True).registrations
    twice = Registrations.from_frame(
        second.frame.assign(year=second.frame["year"] + 0), name="hospitals", window_days=120,
        completeness=CompletenessPrior("known", value=0.5), source="hospitals", as_of="2024-12-31")
    pieces = [*bundle(area_evidence=True).pieces, twice]

    def laid_out(**named):
        records = PatientSurvival.from_frame(
            register(200, 1), population="described", name="patients", source="x", as_of="2030-12-31", **named)
        evidence = EvidenceBundle(*pieces, records)
        return lay_out(evidence, evidence.align(AREAS, last_year=2020, backcast_years=6, recurrence_lag_years=8))

    with pytest.raises(ModelError, match="registered_in"):
        model().parameters(laid_out())
    given = laid_out(registered_in="hospitals")
    assert {source.name for source in registering_sources(given)} == {"hospitals_de_novo", "hospitals_recurrent"}
    seen = model().completeness.completeness(prior_draws(model(), given, 2), given)
    np.testing.assert_allclose(registered_share(seen, given), 0.5)


def test_repetitions_at_several_ratios_share_one_program():
    todo = scenarios(a_model(), survival_families=(), hazard_ratios=(), area_spread=(), judgement_width=(), n_areas=3,
                     unregistered_hazard_ratios=(1.5, 2.0))
    chosen = [s for s in todo if s.group == UNREGISTERED]
    assert [s.label for s in chosen] == ["as that of the registered", "fixed at 1.50", "fixed at 2.00"]
    assert chosen[0].is_headline
    assert structure_key(chosen[1].model, full()) == structure_key(chosen[2].model, full())
    for scenario, ratio in zip(chosen[1:], (1.5, 2.0), strict=True):
        np.testing.assert_allclose(prior_draws(scenario.model, full(), 2)[RATIO], ratio)
