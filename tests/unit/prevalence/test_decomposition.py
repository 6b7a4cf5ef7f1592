"""Parts of the living exclude each other, sum exactly in every draw, and hold what they are named after."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from estimates_factory import fitted_from_priors

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.evidence import (
    CompletenessPrior,
    DeathCertificateCases,
    EvidenceBundle,
    LossPrior,
    Registrations,
)
from sbc_prevalence.kernels.reporting import year_exposure
from sbc_prevalence.model.delay import ReportingDelay
from sbc_prevalence.model.flow import unregistered_living
from sbc_prevalence.model.lay_out import lay_out
from sbc_prevalence.model.observing.registrations import loss_of
from sbc_prevalence.prevalence import decomposition as parts_of
from sbc_prevalence.prevalence import estimate
from sbc_prevalence.prevalence.decomposition import BEFORE, FOLLOWED, LOST, NEVER, NOT_YET, PARTS
from small_study import BY_AGE, a_model, bundle, grid_of, small_inputs, small_inputs_by_age

DATES = ("2017-12-31", "2016-02-29", "2020-12-31")


def full(lost=None):
    inputs = small_inputs(area_evidence=True)
    return replace(inputs, completeness_sources=tuple(
        replace(s, **loss_of(lost)) for s in inputs.completeness_sources))


@cache
def est(day="2017-12-31", lost=None):
    return estimate(fitted_from_priors(60, inputs=full(lost)), index_date=day, index_year_only=True)


def part(found, name):
    return found.expected[..., PARTS.index(name)]


@pytest.mark.parametrize("day", DATES)
def test_parts_sum_exactly_to_the_expected_and_to_the_realised_living_in_every_draw_and_area(day):
    found = est(day).decomposition()
    expected = est(day).point_prevalence("area", basis="expected").values()[0].sum((2, 3, 4, 5))
    realised = est(day).point_prevalence("area", basis="realised").values()[0].sum((2, 3, 4, 5))
    np.testing.assert_allclose(found.expected.sum(-1), expected, rtol=1e-9)
    np.testing.assert_array_equal(found.realised.sum(-1), realised)
    assert (found.expected >= 0).all()
    assert found.realised.dtype.kind == "i"


def test_shares_of_the_realised_parts_are_those_of_the_expected_ones():
    found = est().decomposition()
    np.testing.assert_allclose(found.realised.sum((0, 1)), found.expected.sum((0, 1)), rtol=0.03, atol=40)


def test_those_diagnosed_before_the_data_come_first_whatever_is_registered_later():
    fitted, inputs = est().fitted, full()
    latent = fitted.model.latent(fitted.flat(), inputs)
    t, first = 2017 - inputs.grid.first_year, 2008 - inputs.grid.first_year
    by_hand = (latent["incidence"][..., :first] * latent["alive"][:, :, None, :first, t]).sum((1, 3))
    np.testing.assert_allclose(part(est().decomposition(), BEFORE), by_hand, rtol=1e-9)


def test_the_rest_is_registered_with_the_completeness_of_its_presentation():
    fitted, inputs = est().fitted, full()
    flat = fitted.flat()
    latent = fitted.model.latent(flat, inputs)
    t, first = 2017 - inputs.grid.first_year, 2008 - inputs.grid.first_year
    since = (latent["incidence"][..., first:] * latent["alive"][:, :, None, first:, t]).sum(-1)
    c = np.stack([flat["completeness_register_de_novo"], flat["completeness_register_recurrent"]], axis=1)
    found = est().decomposition()
    np.testing.assert_allclose(part(found, FOLLOWED), (c[..., None] * since).sum(1), rtol=1e-9)
    np.testing.assert_allclose(part(found, NEVER), ((1 - c)[..., None] * since).sum(1), rtol=1e-9)
    assert (part(found, LOST) == 0).all()
    assert (part(found, NOT_YET) == 0).all()


def test_years_after_the_last_of_the_source_are_not_yet_reported():
    found = est("2020-12-31").decomposition()
    fitted, inputs = est("2020-12-31").fitted, full()
    flat = fitted.flat()
    latent = fitted.model.latent(flat, inputs)
    t, after = 2020 - inputs.grid.first_year, 2019 - inputs.grid.first_year
    late = (latent["incidence"][..., after:] * latent["alive"][:, :, None, after:, t]).sum(-1)
    c = np.stack([flat["completeness_register_de_novo"], flat["completeness_register_recurrent"]], axis=1)
    np.testing.assert_allclose(part(found, NOT_YET), (c[..., None] * late).sum(1), rtol=1e-9)


def test_late_is_not_never():
    """With a delay of one hazard the share arrived is a closed form; what has not arrived is not yet reported."""
    inputs, name = full(), "register_recurrent"
    since = 2024.5 - (inputs.grid.first_year + np.asarray(inputs.arrays[f"{name}_year"]))
    delayed = replace(inputs.with_arrays({f"{name}_exposed": year_exposure(since, (0.0,))}),
                      delays=(ReportingDelay("slow", (0.0,), (name,)),))
    slow = estimate(fitted_from_priors(60, inputs=delayed), index_date="2017-12-31", index_year_only=True)
    hazard = slow.fitted.flat()["delay_hazard_slow"][:, 0]
    arrived = parts_of.arrived_by_year(delayed, slow.fitted.flat(), name)
    elapsed = 2024.5 - 2017.0
    exact = 1 - (np.exp(-hazard * (elapsed - 1)) - np.exp(-hazard * elapsed)) / hazard
    np.testing.assert_allclose(arrived[:, 2017 - inputs.grid.first_year], exact, rtol=1e-9)
    found, prompt = slow.decomposition(), replace(slow, fitted=replace(slow.fitted, inputs=inputs)).decomposition()
    np.testing.assert_allclose(part(found, NEVER), part(prompt, NEVER), rtol=1e-9)
    np.testing.assert_allclose(part(found, FOLLOWED) + part(found, NOT_YET), part(prompt, FOLLOWED), rtol=1e-9)
    assert (part(found, NOT_YET)[hazard < 1] > 0).all()


@cache
def with_flow():
    """A register of 2010 to 2018 whose completeness follows from registration and death in competition."""
    rows = [(a, y, "all", 40) for a in "ABC" for y in range(2010, 2019)]
    origin = {"source": "the registry", "as_of": "2018-12-31"}
    register = Registrations.from_frame(
        pd.DataFrame(rows, columns=["area_code", "year", "presentation", "count"]), name="register", window_days=120,
        **origin)
    found = pd.DataFrame([(*row[:3], 40, 6, 4) for row in rows], columns=[
        "area_code", "year", "presentation", "registered_in_life", "death_initiated", "certificate_only"])
    mention = CompletenessPrior("logit_normal", median=0.8, lower95=0.65, upper95=0.9)
    certificates = DeathCertificateCases.from_frame(
        found, name="certificates", mention=mention, registrations_hold="in_life", **origin)
    evidence = EvidenceBundle(*bundle().pieces, register, certificates)
    return lay_out(evidence, grid_of(evidence, backcast_years=20))


def test_where_registration_takes_time_the_living_are_parted_by_what_has_happened_to_them():
    inputs = with_flow()
    found = estimate(fitted_from_priors(40, inputs=inputs), index_date="2017-12-31", index_year_only=True)
    flat, model = found.fitted.flat(), found.fitted.model
    first, later = model.survival.at_nodes(flat, inputs, model.survival.own_hazards(
        flat, model.survival.baseline_with_tail(flat, inputs)))
    cases = model.incidence.incidence(flat, inputs)
    start, t = 2010 - inputs.grid.first_year, 2017 - inputs.grid.first_year
    cases[..., :start] = 0.0
    unknown = unregistered_living(inputs.flows[0], flat, cases, first, later)[..., t]
    parted = found.decomposition()
    np.testing.assert_allclose(part(parted, NOT_YET) + part(parted, NEVER), unknown, rtol=1e-6)
    assert (part(parted, NOT_YET) > 0).all()
    assert (part(parted, NEVER) > 0).all()
    inside = estimate(found.fitted, index_date="2017-06-30", index_year_only=True)
    assert (inside.decomposition().expected >= 0).all()
    np.testing.assert_allclose(
        inside.decomposition().expected.sum(-1),
        inside.point_prevalence("area", basis="expected").values()[0].sum((2, 3, 4, 5)), rtol=1e-9)


@pytest.mark.parametrize("day", ["2017-12-31", "2017-06-30"])
def test_with_age_bands_the_parts_sum_to_the_living_of_all_ages_where_registration_takes_time(day):
    inputs, model = small_inputs_by_age(area_evidence=True, source_evidence=True), a_model(ages=BY_AGE)
    found = estimate(fitted_from_priors(40, model=model, inputs=inputs), index_date=day, index_year_only=True)
    by_age = found.point_prevalence(("area", "age_band"), basis="expected").values()[0].sum((2, 3, 4, 5))
    realised = found.point_prevalence(("area", "age_band"), basis="realised").values()[0].sum((2, 3, 4, 5))
    for source in ("register", "second"):
        parted = found.decomposition(source)
        np.testing.assert_allclose(parted.expected.sum(-1), by_age, rtol=1e-9)
        np.testing.assert_array_equal(parted.realised.sum(-1), realised)
        assert (parted.expected >= 0).all()


def test_a_stated_share_of_the_registered_is_lost():
    lost = est(lost=LossPrior("share", value=0.25)).decomposition()
    kept = est().decomposition()
    np.testing.assert_allclose(part(lost, LOST), 0.25 * part(kept, FOLLOWED), rtol=1e-9)
    np.testing.assert_allclose(part(lost, FOLLOWED) + part(lost, LOST), part(kept, FOLLOWED), rtol=1e-9)


def test_a_yearly_loss_grows_with_the_time_since_diagnosis():
    inputs = full(LossPrior("per_year", value=0.1))
    kept = parts_of.still_followed(inputs, "register_de_novo", np.array([0.1]), est().index_date)
    at = {int(y): v for y, v in zip(inputs.grid.years, kept[0], strict=True)}
    assert at[2017] == pytest.approx(np.exp(-0.05))
    assert at[2012] == pytest.approx(np.exp(-0.55))


def test_an_uncertain_loss_is_drawn_from_its_prior():
    uncertain = LossPrior("share", median=0.2, lower95=0.1, upper95=0.35)
    center, sd = uncertain.on_normal_scale
    assert center == pytest.approx(np.log(0.2 / 0.8))
    found = est(lost=uncertain).decomposition()
    share = (part(found, LOST) / (part(found, LOST) + part(found, FOLLOWED)))[:, 0]
    assert np.median(share) == pytest.approx(0.2, abs=0.04)
    assert 0.5 * sd < np.log(share / (1 - share)).std() < 1.5 * sd
    assert np.ptp(share) > 0.1


def test_the_interval_of_the_living_starts_at_the_known():
    known = {"A": 900, "B": 5, "C": 0}
    found = est().decomposition(known_living=known)
    followed = found.realised[..., PARTS.index(FOLLOWED)]
    np.testing.assert_array_equal(followed, np.broadcast_to([900, 5, 0], followed.shape))
    assert found.realised.sum(-1)[:, 0].min() >= 900
    table = parts_of.decomposition_table(est(), found, 0.95)
    row = table.query("part == 'registered_and_followed' and basis == 'realised' and area_code == 'A'").iloc[0]
    assert (row["lower"], row["median"], row["upper"]) == (900, 900, 900)
    assert table.query("part == 'all' and basis == 'realised' and area_code == 'T'").iloc[0]["lower"] >= 905


def test_the_table_holds_every_part_of_every_area_on_both_bases():
    table = parts_of.decomposition_table(est(), est().decomposition(), 0.9)
    assert len(table) == 2 * 4 * (len(PARTS) + 1)
    shares = table.query("part != 'all' and basis == 'expected'").groupby("area_code")["share"].sum()
    np.testing.assert_allclose(shares, 1.0, atol=0.05)
    assert list(table.columns) == list(parts_of.COLUMNS)


@pytest.mark.parametrize("known", [{"A": 1}, {"A": 1, "B": 1, "C": -1}, {"A": 1, "B": 1, "C": 0.5},
                                   {"A": 1, "B": 1, "C": 1, "D": 1}])
def test_known_people_are_whole_numbers_for_every_area(known):
    with pytest.raises(EvidenceError, match="E-KNOWN-LIVING"):
        est().decomposition(known_living=known)


def test_an_unknown_source_or_none_at_all_is_refused():
    with pytest.raises(EvidenceError, match="Name one of register"):
        est().decomposition("hospital")
    lonely = estimate(fitted_from_priors(20), index_date="2017-12-31", index_year_only=True)
    with pytest.raises(EvidenceError, match="Add registrations"):
        lonely.decomposition()


@pytest.mark.parametrize("wrong", [
    {"kind": "share", "value": 20.0}, {"kind": "share", "value": 0.0}, {"kind": "per_year", "value": -0.1},
    {"kind": "share", "median": 0.2}, {"kind": "share", "value": 0.1, "median": 0.2, "lower95": 0.1, "upper95": 0.3},
    {"kind": "share", "median": 0.2, "lower95": 0.3, "upper95": 0.4}, {"kind": "weekly", "value": 0.1}])
def test_a_loss_that_means_nothing_is_refused(wrong):
    with pytest.raises(EvidenceError):
        LossPrior(**wrong)
