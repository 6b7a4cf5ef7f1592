"""Parts of a release: accepted by it, read back from it, honest in words."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from estimates_factory import estimates, fitted_from_priors

from sbc_prevalence.evidence import ComparisonFigures, EvidenceBundle
from sbc_prevalence.prevalence import estimate, wording
from sbc_prevalence.prevalence.comparisons import _deaths_of
from sbc_prevalence.prevalence.content import draws_dataset, headline, release_content_parts, sensitivity_rows
from sbc_prevalence.prevalence.headline_text import headline_text
from sbc_prevalence.prevalence.rounding import to_unit
from sbc_prevalence.prevalence.scenarios import Scenario
from sbc_prevalence.release import ReleaseContent, read_release, write_release
from sbc_prevalence.release.content import WORD_KEYS
from small_study import ORIGIN, a_model, bundle, small_inputs

FIGURES = pd.DataFrame([
    ("All", "prevalence", "2013", "2013-01-01", "2013-12-31", 700, "people", "identified, definition unknown", "list"),
    ("All", "prevalence", "2014-06", "2014-06-01", "2014-06-30", 40, "people (around)", "as quoted", "list"),
    ("All", "prevalence", "2015", "2015-04-01", "2016-03-31", 99_999, "people", "coded at any time in the year", "codes"),
    ("Elsewhere", "prevalence women", "2013-01-01", "2012-12-31", "2012-12-31", 1000, "women", "living", "model"),
    ("Elsewhere", "of which de novo", "2013-01-01", "2012-12-31", "2012-12-31", 280, "women", "living", "model"),
    ("Elsewhere", "deaths", "2013", "2013-01-01", "2013-12-31", 250, "deaths", "deaths", "statistics"),
    ("Nowhere", "prevalence", "2013", "2013-01-01", "2013-12-31", 5, "people", "as quoted", "none"),
    ("All", "prevalence", "1950", "1950-01-01", "1950-12-31", 5, "people", "as quoted", "none")],
    columns=["region", "measure", "date_or_period", "date_from", "date_to", "value", "unit", "counts", "method"])


def evidence() -> EvidenceBundle:
    return EvidenceBundle(*bundle().pieces, ComparisonFigures.from_frame(FIGURES, **ORIGIN))


def parts_of(est, **options):
    return release_content_parts(est, evidence(), title="Made up", **options)


def content_of(est, parts):
    rows = sensitivity_rows(est, Scenario("area spread", "as stated", est.fitted.model, True, True))
    return ReleaseContent(
        title="Made up", scope=parts.scope, headline=parts.headline, tables={**parts.tables, "sensitivity": rows},
        words=parts.words, config_text="version = 1", input_hashes={}, versions={}, seed=1,
        rounding_units=parts.rounding_units)


@pytest.mark.parametrize("date", [None, "2016-02-29", "2020-12-31"])
@pytest.mark.parametrize("ci_prob", [0.95, 0.5])
def test_a_release_accepts_the_content(date, ci_prob):
    est = estimates(date)
    content = content_of(est, parts_of(est, ci_prob=ci_prob))
    assert content.headline["index_date"] == est.index_date.isoformat()
    assert set(content.tables["estimates"]["ci_prob"]) == {ci_prob}


def test_a_release_is_written_and_its_draws_give_the_published_medians(tmp_path):
    est = estimates()
    parts = parts_of(est)
    content = content_of(est, parts)
    folder = write_release(tmp_path / "release", content, internal={"draws.nc": parts.write_draws})
    release = read_release(folder)
    for by in ("nation", "duration", "presentation", "year"):
        for quantity in ("point_prevalence", "newly_diagnosed"):
            if (quantity, by) == ("newly_diagnosed", "duration"):
                continue
            released = getattr(release, quantity)(by)
            unit = content.unit_of("T", {"point_prevalence": "living"}.get(quantity, quantity))
            medians = np.atleast_1d(released.draws.median(("chain", "draw")).values)
            np.testing.assert_allclose(released.table()["median"], medians, atol=unit / 2 + 0.001)


def test_a_released_quantity_has_a_picture_of_the_public_numbers(tmp_path):
    est = estimates()
    release = read_release(write_release(tmp_path / "release", content_of(est, parts_of(est)), internal={}))
    for by in ("nation", "area", "duration", "year"):
        figure = release.point_prevalence(by).plot()
        assert "Not for publication" in figure.get_supxlabel()
    (axes,) = release.newly_diagnosed("year").plot().axes
    drawn = axes.get_lines()[0].get_ydata()
    np.testing.assert_array_equal(drawn, release.newly_diagnosed("year").table()["median"])


def test_draws_have_the_axes_of_the_contract_and_the_sums_of_the_tables():
    est = estimates("2016-02-29")
    data = draws_dataset(est)
    assert data["prevalence_rep"].dims == ("chain", "draw", "area", "presentation", "year")
    assert data["area"].values.tolist() == ["A", "B", "C"]
    assert data["newly_diagnosed"].dtype.kind == "i"
    np.testing.assert_array_equal(data["prevalence_rep_by_duration"].sum("duration"), data["prevalence_rep"])
    np.testing.assert_array_equal(data["prevalence_rep_at_index_date"].sum(("area", "presentation", "duration")),
                                  est.point_prevalence().draws)


def test_the_headline_text_rounds_bounds_outwards_and_names_the_interval():
    est = estimates()
    parts = parts_of(est)
    head = parts.headline
    unit = parts.rounding_units["living"]["T"]
    span = f"{to_unit(head['living_lower'], unit, 'down'):,} to {to_unit(head['living_upper'], unit, 'up'):,}"
    assert span in parts.headline_text
    assert "95 % interval: credible interval, equal-tailed" in parts.headline_text
    assert "31 December 2018" in parts.headline_text
    assert "projected" not in parts.headline_text
    assert "projected" in parts_of(estimates("2020-12-31")).headline_text


def test_the_headline_text_is_a_title_headings_a_line_for_each_figure_and_what_interval_and_scope_are():
    est = estimates()
    parts = parts_of(est)
    title, _, headings, *figures = parts.headline_text.splitlines()
    figures, closing = figures[:7], figures[7:]
    assert title == "Made up"
    assert headings.split() == ["figure", "unit", "median", "95", "%", "interval"]
    assert [line.split(":")[0].strip() for line in figures] == [
        "All", "All", "All", "Ayton", "Beeton", "Ceeton", "A and C"]
    assert [unit for line in figures for unit in ("persons", "years") if f"  {unit}  " in line] == [
        "persons", "persons", "years", *["persons"] * 4]
    assert len({line.index(" to ", len(line) // 2) for line in figures}) == 1, "intervals stand one under the other"
    assert closing[0] == ""
    assert closing[2] == f"Scope: {parts.scope}."
    assert closing[3] == "Areas: by name, then groups of them, each the sum of its areas."
    national = parts.national_text.splitlines()
    firsts = [line.split(" ")[0] for line in national]
    assert firsts == ["Made", "", "figure", "All:", "All:", "All:", "", "95", "Scope:"]
    assert national[-1] == closing[2]


def test_figures_of_the_whole_year_say_so_beside_a_day_inside_it():
    inside = parts_of(estimates("2016-02-29")).headline_text
    assert "living on 29 February 2016" in inside
    assert "newly diagnosed in the whole of 2016" in inside
    assert "living / deaths from any cause, 31 December 2016" in inside
    assert "the whole of" not in parts_of(estimates()).headline_text


def test_repetitions_hold_the_numbers_of_the_estimates():
    est = estimates()
    rows = sensitivity_rows(est, Scenario("survival family", "Weibull", est.fitted.model, True))
    assert rows["area_code"].unique().tolist() == ["T"]
    head = parts_of(est).headline
    living = rows[rows["quantity"] == "living"].iloc[0]
    assert living["median"] == head["living_median"]
    ends = ("_lower", "", "_upper")
    duration = [living[f"implied_duration{end}"] for end in ends]
    assert duration == pytest.approx([head[f"implied_duration_{bound}"] for bound in ("lower", "median", "upper")])
    beyond = [living[f"beyond_follow_up_share{end}"] for end in ends]
    assert beyond == sorted(beyond)
    both = sensitivity_rows(est, Scenario("area spread", "halved", est.fitted.model, shows_areas=True))
    assert set(both["area_code"]) == {"T", "A", "B", "C"}


def test_published_figures_stand_beside_ours_on_their_date():
    est = estimates()
    parts = parts_of(est)
    table, unit = parts.tables["comparisons"], parts.rounding_units["living"]["T"]
    year = table.iloc[0]
    draws = est.point_prevalence("year").draws.sel(year=2013)
    assert year["ours_median"] == float(draws.median())
    assert "1 January 2013" in year["note"]
    earlier = to_unit(float(est.point_prevalence("year").draws.sel(year=2012).median()), unit)
    assert f"{earlier:,} (" in year["note"]
    around = table.iloc[1]
    assert around["published"] == "around 40"
    assert "1 January" not in around["note"]
    assert "below our interval" in around["note"]


def test_a_count_of_codes_in_a_year_is_set_beside_all_who_lived_in_it():
    est = estimates()
    row = parts_of(est).tables["comparisons"].iloc[2]
    everyone = (est.point_prevalence("year").draws.sel(year=2014, drop=True)
                + est.newly_diagnosed("year").draws.sel(year=2015, drop=True))
    assert row["ours_median"] == float(everyone.median())
    assert "above our interval" in row["note"]


def test_another_population_is_compared_by_living_per_death_only():
    est = estimates()
    table = parts_of(est).tables["comparisons"].set_index("region")
    row = table.loc["Elsewhere"]
    assert np.isnan(row["ours_median"])
    deaths = est.fitted.inputs.deaths_frame.set_index("year").loc[2013, "count_lower"]
    ratio = float(est.point_prevalence("year", basis="expected").draws.sel(year=2012).median()) / deaths
    assert "4.0 living per certified death (1,000 / 250 deaths" in row["note"]
    assert f"per certified death of 2013: {ratio:.1f} (" in row["note"]
    assert "theirs 28 %" in row["note"]
    assert "its deaths of 2013 are not carried" in table.loc["Nowhere", "note"]
    assert "Outside the years" in table.loc["All", "note"].iloc[-1]


def test_deaths_of_the_united_kingdom_are_those_of_its_four_nations():
    """They are carried by nation; a year that lacks one of them has none."""
    empty = FIGURES.iloc[:0]
    parts = [_deaths_of(name, 2016, empty) for name in ("England", "Wales", "Scotland", "Northern Ireland")]
    assert None not in parts
    assert _deaths_of("UK", 2016, empty) == sum(parts)
    assert _deaths_of("UK", 2021, empty) is None
    assert _deaths_of("Northern Ireland", 2021, empty) is not None
    assert _deaths_of("Nowhere", 2016, empty) is None


def test_the_printed_table_names_the_areas_that_rest_on_primaries_and_prior_alone(monkeypatch):
    est = estimates()
    assert "Areas rest on their primaries and on a prior" in parts_of(est).headline_text
    monkeypatch.setattr(type(est.fitted.model), "sees_areas", lambda model, inputs: True)
    monkeypatch.setattr(wording, "_own", lambda est: ["A", "G"])
    text = parts_of(est).headline_text
    assert text.splitlines()[-1].endswith("their primary registrations and on a prior alone: Beeton, Ceeton.")
    monkeypatch.setattr(wording, "_own", lambda est: ["A", "B", "C"])
    assert "prior alone" not in parts_of(est).headline_text


def test_the_whole_says_so_where_only_some_areas_have_counts(monkeypatch):
    est = estimates()
    assert "of 1 of 3 areas" not in est.rests_on("T", 2017, "living")
    monkeypatch.setattr(wording, "_own", lambda est: ["A"])
    assert "of 1 of 3 areas" not in est.rests_on("T", 2017, "living"), "the whole has deaths"
    alone = replace(est, fitted=replace(est.fitted, inputs=replace(est.fitted.inputs, level_codes=("A",))))
    assert "(of 1 of 3 areas), primary registrations" in alone.rests_on("T", 2017, "living")
    assert "(of 1 of 3 areas) inform how many" in alone.describe_words()["what_data_inform"]


def test_an_area_printed_as_0_persons_is_not_said_to_have_nobody(monkeypatch):
    est = estimates()
    assert "A median of 0" not in parts_of(est).headline_text
    coarse = {q: dict.fromkeys("TABCG", 10_000) for q in ("living", "newly_diagnosed")}
    tables = parts_of(est).tables
    text = headline_text(est, tables, headline(est, tables), title="x", units=coarse)
    assert "A median of 0 is one below 5000, not nobody." in text


def test_no_comparison_figures_make_an_empty_table():
    parts = release_content_parts(estimates(), bundle(), title="x")
    assert len(parts.tables["comparisons"]) == 0


def test_words_say_what_the_evidence_is():
    own = estimates().describe_words()
    assert set(WORD_KEYS) <= set(own)
    assert all(own.values())
    assert "within 120 days" in own["definition"]
    assert "2008 to 2018" in own["what_data_inform"]
    assert "No count of people living" in own["what_they_do_not"]
    assert "a whole only" in own["boards_rest_on"]
    assert "2019 to 2020 are projected" in own["projection"]
    assert "5 years" in own["tail"]
    with_counts = estimate(fitted_from_priors(8, inputs=small_inputs(area_evidence=True))).describe_words()
    assert "No count of people living" not in with_counts["what_they_do_not"]
    assert "counts of their own" in with_counts["boards_rest_on"] or "counts of its own" in with_counts["boards_rest_on"]


def test_words_of_the_family_and_of_smooth_incidence():
    est = estimate(fitted_from_priors(8, model=a_model("log_logistic", incidence="smooth")))
    words = est.describe_words()
    assert "primar" not in est.rests_on("B", 2020, "living")
    assert "by each area's own population" in words["boards_rest_on"]
    assert "log-logistic" in words["tail"]
    assert "at the first breast cancer diagnosis" in words["definition"]
    assert "Primary registrations" not in words["projection"]


def test_years_with_deaths_of_some_areas_only_are_called_so():
    fitted = fitted_from_priors(8)
    rows = fitted.inputs.deaths_frame
    more = pd.concat([rows, rows.iloc[[-1]].assign(area_code="A", year=2019)], ignore_index=True)
    est = estimate(replace(fitted, inputs=replace(fitted.inputs, deaths_frame=more)))
    assert "deaths for 2019 were available for some areas only" in est.rests_on("A", 2019, "living")
    assert "no deaths for 2020" in est.rests_on("A", 2020, "living")
    words = est.describe_words()
    assert "some areas only" in words["projection"]


def test_notes_replace_our_words_under_the_same_heading():
    parts = parts_of(estimates(), notes={"Recurrences": "Ours.", "Remark": "x"})
    assert parts.words["Recurrences"] == "Ours."
    assert "recurrences" not in parts.words
    assert parts.words["Remark"] == "x"


@pytest.mark.parametrize(("year", "projected"), [(2018, False), (2019, True), (2020, True)])
def test_every_number_says_what_it_rests_on_and_projections_say_why(year, projected):
    est = estimates()
    table = est.point_prevalence(("area", "year")).table()
    text = table.loc[(table["year"] == year) & (table["area_code"] == "B"), "rests_on"].iloc[0]
    assert "no deaths or registrations of metastatic disease of its own" in text
    assert ("Projected" in text) == projected
    assert ("held at the level of 2018" in text) == projected


def test_the_population_described_is_said_everywhere():
    parts = parts_of(estimates(), population="people")
    assert parts.scope.startswith("People;")
    assert "persons per 100,000 people" in set(parts.tables["estimates"]["unit"])
