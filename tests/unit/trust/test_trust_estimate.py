"""From people to the living: each part where its answer is known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from sbc_prevalence.config.trust import TrustCompleteness
from sbc_prevalence.trust import estimate_trust, simulate_trust
from sbc_prevalence.trust.estimate import completeness_draws

FULL = TrustCompleteness(median=0.9995, lower95=0.9993, upper95=0.9997, source="by law")
HALF = TrustCompleteness(median=0.5, lower95=0.49, upper95=0.51, source="assumed")


@pytest.fixture(scope="module")
def people():
    return simulate_trust(3, per_year=30.0).people


def draws_of(people, completeness=FULL, **more):
    return estimate_trust(people, completeness, **{"draws": 1000, "seed": 5, **more})


def test_an_audit_alone_gives_the_posterior_of_jeffreys():
    found = completeness_draws(TrustCompleteness(known=60, found=51, source="audit"), 40_000, np.random.default_rng(1))
    exact = stats.beta(51.5, 9.5)
    assert np.quantile(found, [0.025, 0.5, 0.975]) == pytest.approx(exact.ppf([0.025, 0.5, 0.975]), abs=0.004)


def test_a_belief_has_the_quantiles_that_were_stated_and_an_audit_moves_it():
    stated = TrustCompleteness(median=0.8, lower95=0.6, upper95=0.9142857, source="judgement")
    found = completeness_draws(stated, 40_000, np.random.default_rng(1))
    assert np.quantile(found, [0.025, 0.5, 0.975]) == pytest.approx([0.6, 0.8, 0.914], abs=0.01)
    both = completeness_draws(TrustCompleteness(**{**stated.model_dump(), "known": 100, "found": 60}), 40_000,
                              np.random.default_rng(1))
    assert np.median(both) < np.median(found)
    assert both.std() < found.std()


def test_the_known_are_counted_as_they_are_and_the_whole_is_the_sum_of_its_parts(people):
    found = draws_of(people)
    assert (found.parts["known"] == people.known_living.sum()).all()
    assert (found.living == sum(found.parts.values())).all()


def test_a_complete_sheet_misses_nobody_since_it_began(people):
    assert np.quantile(draws_of(people).parts["not_recorded"], 0.975) <= 1


def test_half_complete_means_about_as_many_missed_as_are_living_of_those_since(people):
    found = draws_of(people, HALF)
    since = people.since_began
    recent = replace(people, dead=people.dead | ~since, known_living=people.known_living & since)
    alive = recent.known_living.sum() + draws_of(recent).parts["lost"].mean()
    assert found.parts["not_recorded"].mean() == pytest.approx(alive, rel=0.2)


def test_nobody_lost_lives_if_they_die_at_once_and_all_do_if_nobody_dies(people):
    at_once = draws_of(people, lost_hazard_ratio=1e4).parts["lost"]
    assert at_once.max() <= (people.contact == people.years_since).sum() + 2
    assert (draws_of(people, lost_hazard_ratio=1e-9).parts["lost"] == people.lost.sum()).all()


def test_lower_completeness_means_more_people(people):
    assert np.median(draws_of(people, HALF).living) > np.median(draws_of(people).living)


def test_people_entered_when_the_sheet_began_narrow_the_past(people):
    free, entered = (draws_of(people, entered_at_start=flag).parts["before_sheet"] for flag in (False, True))
    assert entered.std() < free.std()
    assert np.median(entered) <= 1


def test_newly_diagnosed_are_those_recorded_and_some_more(people):
    found = draws_of(people, HALF, years=(2019, 2020))
    recorded = [(people.year == y).sum() for y in (2019, 2020)]
    assert (found.diagnosed >= recorded).all()
    assert found.diagnosed.mean(axis=0) == pytest.approx(2 * np.array(recorded) + 1, rel=0.1)


def test_the_same_seed_gives_the_same_draws(people):
    assert (draws_of(people).living == draws_of(people).living).all()
    assert (draws_of(people).living != draws_of(people, seed=6).living).any()
