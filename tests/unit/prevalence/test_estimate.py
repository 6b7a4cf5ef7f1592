"""Estimates: sums, axes, tables, dates and refusals."""

import subprocess
import sys

import numpy as np
import pytest
from estimates_factory import estimates, fitted_from_priors, with_areas

from sbc_prevalence.errors import EvidenceError
from sbc_prevalence.grid import DURATION_BANDS, AreaSet
from sbc_prevalence.prevalence import estimate
from sbc_prevalence.prevalence.draws import compute, flattened
from small_study import small_inputs

BASES = ("expected", "realised")


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("date", [None, "2016-02-29"])
def test_every_split_sums_to_the_nation_in_every_draw(basis, date):
    est = estimates(date)
    whole = est.point_prevalence(basis=basis).draws
    for by, dim in (("area", "area"), ("presentation", "presentation"), ("duration", "duration")):
        np.testing.assert_allclose(est.point_prevalence(by, basis=basis).draws.sum(dim), whole, rtol=1e-12)
    every = est.point_prevalence(("area", "presentation", "duration"), basis=basis).draws
    assert every.dims == ("chain", "draw", "area", "presentation", "duration")
    np.testing.assert_allclose(every.sum(("area", "presentation", "duration")), whole, rtol=1e-12)
    new = est.newly_diagnosed(("year", "area"), basis=basis).draws
    np.testing.assert_allclose(new.sum("area"), est.newly_diagnosed("year", basis=basis).draws, rtol=1e-12)


def test_a_group_is_the_sum_of_its_members():
    est = estimates()
    areas = est.point_prevalence(("area", "year")).draws
    group = est.point_prevalence(("group", "year")).draws
    assert np.array_equal(group.sel(area="G"), areas.sel(area=["A", "C"]).sum("area"))
    table = est.point_prevalence("group").table()
    assert table["area_name"].tolist() == ["A and C"]
    assert table["area_level"].tolist() == ["group"]


def test_realised_counts_balance_and_scatter_around_the_expected():
    est = estimates()
    living = est.point_prevalence("year").draws.values
    new = est.newly_diagnosed("year").draws.values
    deaths = est.draws.deaths_rep.sum((1, 2)).reshape(living.shape)
    np.testing.assert_array_equal(living[..., 1:], living[..., :-1] + new[..., 1:] - deaths[..., 1:])
    assert living.dtype.kind == "i"
    expected = est.point_prevalence("year", basis="expected").draws.values
    z = (living - expected) / np.sqrt(expected)
    assert abs(float(z.mean())) < 0.15
    assert 0.7 < float(z.std()) < 1.3


def test_realised_counts_on_a_day_scatter_around_the_expected_in_every_band():
    est = estimates("2016-02-29")
    expected = est.point_prevalence(("area", "duration"), basis="expected").draws.values
    found = est.point_prevalence(("area", "duration")).draws.values
    z = (found - expected) / np.sqrt(np.maximum(expected, 1.0))
    assert np.abs(z.mean((0, 1, 2))).max() < 0.3
    assert 0.8 < z[..., :3].std() < 1.2


def test_expected_living_balance_in_every_draw():
    est = estimates()
    living = est.draws.living.sum(-1)
    expected = living[..., :-1] + est.draws.incidence[..., 1:] - est.draws.deaths[..., 1:]
    np.testing.assert_allclose(living[..., 1:], expected, rtol=1e-9)


def test_tables_hold_equal_tailed_intervals_and_say_so():
    est = estimates()
    quantity = est.point_prevalence(("area", "year"), basis="expected")
    table = quantity.table(ci_prob=0.8)
    draws = quantity.draws.sel(area="B", year=2014).values.ravel()
    row = table[(table["area_code"] == "B") & (table["year"] == 2014)].iloc[0]
    np.testing.assert_allclose(row[["lower", "median", "upper"]].astype(float), np.quantile(draws, [0.1, 0.5, 0.9]))
    assert set(table["ci_prob"]) == {0.8}
    assert set(table["ci_kind"]) == {"equal-tailed"}
    assert table.loc[table["projected"], "year"].min() == est.grid.last_data_year + 1
    assert row["index_date"] == "2014-12-31"
    assert table["rests_on"].str.len().min() > 40


def test_durations_are_in_order_and_only_the_living_have_them():
    est = estimates()
    assert est.point_prevalence("duration").table()["duration_band"].tolist() == list(DURATION_BANDS)
    with pytest.raises(EvidenceError, match="duration"):
        est.newly_diagnosed("duration")


def test_rates_use_the_women_of_the_year():
    est = estimates()
    rate = est.point_prevalence(("area", "year"), basis="expected", per_100k=True)
    persons = est.point_prevalence(("area", "year"), basis="expected").draws.sel(area="B", year=2012)
    women = small_inputs().population[1, 2012 - est.grid.first_year]
    np.testing.assert_allclose(rate.draws.sel(area="B", year=2012), persons / women * 1e5)
    assert set(rate.table()["unit"]) == {"persons per 100,000 women"}
    assert set(rate.table()["quantity"]) == {"living_per_100k"}
    whole = est.newly_diagnosed(per_100k=True, basis="expected").draws * small_inputs().population.sum(0)[
        est.index_date.year - est.grid.first_year] / 1e5
    np.testing.assert_allclose(whole, est.newly_diagnosed(basis="expected").draws)


def test_rates_without_population_are_refused_and_everything_else_works():
    from dataclasses import replace

    arrays = {k: v for k, v in small_inputs().arrays.items() if k != "population"}
    est = estimate(fitted_from_priors(12, inputs=replace(small_inputs(), population=None, arrays=arrays)))
    assert not est.has_population
    assert len(est.point_prevalence("area").table()) == 3
    with pytest.raises(EvidenceError, match="population"):
        est.point_prevalence(per_100k=True).table()


def test_one_area_alone_is_its_own_nation():
    inputs = small_inputs()
    one = AreaSet(("A", "B", "C"), ("a", "b", "c"), "T", "All")
    est = estimate(fitted_from_priors(12, inputs=with_areas(one, inputs)))
    assert est.point_prevalence("group").table().empty
    assert est.point_prevalence().table()["area_name"].tolist() == ["All"]


def test_the_default_date_is_the_end_of_the_last_year_with_data():
    assert estimates().index_date.isoformat() == "2018-12-31"
    assert estimates("2016-02-29").point_prevalence().table()["index_date"].tolist() == ["2016-02-29"]


@pytest.mark.parametrize("bad", ["2015-02-29", "2015", "31/12/2015", "1999-12-31", "2030-12-31"])
def test_dates_that_do_not_exist_or_lie_outside_are_refused(bad):
    with pytest.raises(EvidenceError, match="index_date"):
        estimate(fitted_from_priors(8), index_date=bad)


@pytest.mark.parametrize(("by", "basis"), [("board", "realised"), (("nation", "area"), "realised"), ("area", "median")])
def test_unknown_splits_and_bases_are_refused(by, basis):
    with pytest.raises(EvidenceError):
        estimates().point_prevalence(by, basis=basis)


def test_an_impossible_level_is_refused():
    with pytest.raises(EvidenceError, match="ci_prob"):
        estimates().point_prevalence().table(ci_prob=95)


@pytest.mark.parametrize("chunk", [7, 80])
def test_the_size_of_the_chunks_changes_nothing(chunk):
    fitted = fitted_from_priors()
    parameters, _, _ = flattened(fitted.parameters)
    options = {"years": (2010, 2018), "index_year": 2016, "fraction": 0.3, "seed": 4}
    one = compute(fitted.model, fitted.inputs, parameters, chunk=33, **options)
    other = compute(fitted.model, fitted.inputs, parameters, chunk=chunk, **options)
    for name in ("living_rep", "newly_diagnosed", "deaths_rep", "living_at_rep", "certified_rep"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_allclose(one.living, other.living, rtol=1e-12)


def test_the_same_seed_gives_the_same_counts_and_another_does_not():
    fitted = fitted_from_priors(40)
    a, b, c = (estimate(fitted, seed=s).point_prevalence("area").draws for s in (1, 1, 2))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_the_index_year_alone_gives_the_same_expected_numbers():
    fitted = fitted_from_priors(40)
    full, short = estimate(fitted), estimate(fitted, index_year_only=True)
    for by in ("area", "duration"):
        np.testing.assert_allclose(short.point_prevalence(by, basis="expected").draws,
                                   full.point_prevalence(by, basis="expected").draws)
    assert short.draws.years.tolist() == [2018]


def test_reprs_show_scope_and_numbers():
    est = estimates()
    assert "Women" in repr(est)
    assert "Ayton" in repr(est.point_prevalence("area"))
    assert "<table" in est.point_prevalence("area")._repr_html_()
    assert "<table" in est._repr_html_()


@pytest.mark.parametrize("by", ["nation", "area", "duration", "year", ("area", "year"), ("presentation", "duration")])
def test_every_split_has_a_picture(by):
    figure = estimates().point_prevalence(by).plot()
    (axes,) = figure.axes
    assert "Women" in figure.get_supxlabel()
    assert "95 %" in " ".join(figure.get_supxlabel().split())
    assert axes.get_title(loc="left").startswith("Living")
    labels = {text.get_text() for legend in (axes.get_legend(), *figure.legends) if legend for text in legend.get_texts()}
    assert ("projected" in labels) == ("year" in by)


@pytest.mark.parametrize("by", ["nation", "area", ("area", "presentation", "year")])
def test_a_picture_saved_without_arguments_keeps_its_footnote(by):
    figure = estimates().point_prevalence(by).plot()
    figure.canvas.draw()
    footnote = next(text for text in figure.texts if "Women" in text.get_text())
    inside, box = footnote.get_window_extent(), figure.bbox
    assert inside.x0 >= box.x0
    assert inside.x1 <= box.x1
    assert inside.y0 >= box.y0


def test_no_sampler_is_loaded():
    code = ("import sys, sbc_prevalence.prevalence.content; "
            "print([m for m in ('pymc', 'pytensor', 'nutpie', 'matplotlib') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
