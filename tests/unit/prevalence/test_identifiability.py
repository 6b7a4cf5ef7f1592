"""What the data narrowed and which part did it: tables of the small study, whose draws are those of the priors."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from estimates_factory import GROUPED, fitted_from_priors, with_areas

from sbc_prevalence.model.observing.sources import source_titles, sources_of
from sbc_prevalence.prevalence import estimate
from sbc_prevalence.prevalence import identifiability as ident
from sbc_prevalence.prevalence.power_scaling import Influence
from sbc_prevalence.prevalence.totals import COMPLETENESS, totals, totals_of
from small_study import a_model, small_inputs


@cache
def full():
    return with_areas(GROUPED, small_inputs(area_evidence=True))


@cache
def est(area_evidence=True, n=400):
    inputs = full() if area_evidence else with_areas(GROUPED)
    return estimate(fitted_from_priors(n, inputs=inputs), index_date="2017-06-30", index_year_only=True)


@cache
def table():
    return est().identifiability(n_prior=1200)


@cache
def influences():
    return est().influences()


def test_presentations_of_one_registry_are_one_source():
    assert sources_of(full()) == {
        "deaths": ("deaths",), "survival": ("survival",), "register": ("register_de_novo", "register_recurrent"),
        "register_audit": ("register_recurrent_audit",), "snapshot": ("snapshot",)}
    assert source_titles(full())["register"] == "registrations of metastatic disease (register)"


def test_every_reported_figure_of_every_area_has_a_row():
    places = {"T", "G", "A", "B", "C"}
    for quantity in ("living", "newly_diagnosed"):
        assert set(table().loc[table()["quantity"] == quantity, "area_code"]) == places
    assert set(table().query("quantity == 'implied_duration'")["area_code"]) == {"T"}
    of = table().query("quantity == @COMPLETENESS", local_dict={"COMPLETENESS": COMPLETENESS})
    assert set(of["source"]) == {"register_de_novo", "register_recurrent"}
    assert set(of["area_code"]) == places


def test_draws_of_the_priors_show_no_contraction_and_no_correlation():
    assert table()["contraction"].abs().max() < 0.35
    assert table()["contraction"].abs().median() < 0.12
    assert table()["correlation_with_incidence"].abs().max() < 0.2


def test_contraction_is_one_minus_the_ratio_of_the_variances_of_the_logs():
    fitted = est().fitted
    narrow = {name: v.mean((0, 1)) + 0.5 * (v - v.mean((0, 1))) for name, v in fitted.parameters.items()}
    tight = replace(est(), fitted=replace(fitted, parameters=narrow))
    found = tight.identifiability(n_prior=600)
    before = totals(fitted, fitted.prior(600, tight.seed + 3), tight.index_date, completeness=True)
    after = totals_of(tight, completeness=True)
    living = after.keys.query("quantity == 'living' and area_code == 'T'").index[0]
    expected = 1 - np.log(after.values[:, living]).var() / np.log(before.values[:, living]).var()
    got = found.query("quantity == 'living' and area_code == 'T'")["contraction"].iloc[0]
    assert got == pytest.approx(expected)
    assert got > 0.5


def test_totals_are_those_of_the_estimates():
    found = totals_of(est())
    living = found.values[:, found.keys.query("quantity == 'living' and area_code == 'G'").index[0]]
    np.testing.assert_allclose(living, est().point_prevalence("group", basis="expected").values()[0].ravel(), rtol=1e-9)
    new = found.values[:, found.keys.query("quantity == 'newly_diagnosed' and area_code == 'B'").index[0]]
    rows = est().newly_diagnosed("area", basis="expected").values()[0][:, 1].ravel()
    np.testing.assert_allclose(new, rows, rtol=1e-9)


def test_the_parts_of_the_log_density_are_the_whole_log_density():
    fitted = est().fitted
    parts, values = ident.log_density_parts(fitted)
    assert list(parts["part"].unique()) == ["evidence", "prior"]
    flat = fitted.flat()
    terms = sum(a_model().loglik_terms(flat, full()).values())
    np.testing.assert_allclose(values[:, (parts["part"] == "evidence").to_numpy()].sum(-1), terms, rtol=1e-9)
    rng = np.random.default_rng(3)
    sampled = a_model().parameters(full())
    noise = {p.name: p.draw(rng, 5) for p in sampled.priors}
    natural = sampled.natural(noise, sampled.centers, sampled.sds)
    of_priors = sum(sampled.log_density_by_group(natural).values())
    exact = -0.5 * sum((z**2).reshape(5, -1).sum(-1) for n, z in noise.items() if sampled[n].sd > 0)
    np.testing.assert_allclose(of_priors, exact, rtol=1e-8)


@pytest.mark.parametrize(("part", "name"), [("evidence", "register"), ("prior", "survival")])
def test_a_part_raised_to_a_power_is_its_log_density_times_the_power(part, name):
    model, inputs = ident.powered(est().fitted, part, name, 0.4)
    before, values = ident.log_density_parts(est().fitted)
    after, changed = ident.log_density_parts(replace(est().fitted, model=model, inputs=inputs))
    assert after.equals(before)
    scaled = ((before["part"] == part) & (before["name"] == name)).to_numpy()
    assert scaled.sum() == 1
    np.testing.assert_allclose(changed, values * np.where(scaled, 0.4, 1.0), rtol=1e-8)


def test_a_power_of_priors_holds_whatever_the_width_of_judgements():
    fitted = est().fitted
    wide = replace(fitted, model=replace(fitted.model, judgement_width=2.0))
    model, inputs = ident.powered(wide, "prior", "survival", 0.25)
    for prior in wide.model.parameters(inputs).priors:
        factor = 2.0 if prior.group == "survival" else 1.0
        assert model.parameters(inputs)[prior.name].sd == pytest.approx(factor * prior.sd)


def test_a_source_that_is_left_out_is_no_part():
    fitted = est().fitted
    parts, _ = ident.log_density_parts(replace(fitted, inputs=full().with_power({"snapshot": 0.0})))
    assert "snapshot" not in set(parts["name"])


def test_every_part_answers_for_every_figure():
    assert len(influences()) == len(totals_of(est()).keys) * (5 + 5)
    assert influences()[["shift", "sensitivity", "k_hat"]].notna().all().all()
    assert set(influences()["method"]) == {"draws"}
    assert (influences().query("part == 'evidence'")["reading"].isin(["", ident.READ_APART])).all()


def test_area_priors_leave_the_whole_exactly_where_no_evidence_reaches_them():
    found = est(area_evidence=False).influences().query("name == 'areas'")
    whole = found[found["area_code"] == "T"]
    assert (whole["information_share"] == 0).all()
    assert (whole["sensitivity"] == 0).all()
    assert (found.query("area_code == 'A' and quantity == 'newly_diagnosed'")["sensitivity"] > 0).all()


def test_parts_that_the_draws_do_not_carry_are_fitted_again_at_two_powers():
    asked = []

    def refit(model, inputs):
        asked.append((model, inputs))
        return replace(est().fitted, model=model, inputs=inputs)

    found = est().influences(refit=refit)
    again = found[found["method"] == "other fits"]
    assert (again["k_hat"] >= 0.7).all()
    assert (found.query("method == 'draws'")["k_hat"] < 0.7).all()
    assert len(asked) == 2 * again["name"].nunique()
    assert len(asked) > 0
    np.testing.assert_allclose(again["shift"], 0.0, atol=1e-9)  # both fits have the same draws
    assert again["information_share_mcse"].isna().all()


def test_words_on_a_prior_follow_from_the_share_that_is_printed_beside_them():
    found = influences()
    rows = found[(found["part"] == "prior") & (found["reading"] != ident.READ_APART)]
    printed = rows["relative_share"].map(lambda share: round(100 * share))
    assert ((printed < ident.HARDLY) == (rows["reading"] == ident.READ_DATA)).all()


def test_a_prior_of_44_percent_is_not_called_one_that_hardly_matters():
    share = np.array([[0.56], [0.44], [0.0449], [0.0451]])
    answers = replace_answers(share)
    read = [ident._reading(answers, share, j, "prior", np.array([0.30]))[0] for j in range(4)]
    assert read == [ident.READ_PRIOR, ident.READ_PRIOR, ident.READ_DATA, ident.READ_BOTH]
    assert ident._reading(answers, share, 1, "prior", np.array([0.56]))[0] == ident.READ_BOTH


def replace_answers(share: np.ndarray) -> Influence:
    """Answers that pull nothing apart; the sensitivity is below what was once called a part that matters."""
    return Influence(share, np.full_like(share, 0.01), np.zeros_like(share), np.full_like(share, 0.04),
                     np.zeros(len(share)))
