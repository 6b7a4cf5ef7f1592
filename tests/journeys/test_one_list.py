"""Everything that is wrong comes in one list: the file, its tables, its priors; and nothing that merely follows."""

from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from sbc_prevalence.cli import app
from sbc_prevalence.config import load_config
from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.errors import ConfigError, InputError, Problem
from sbc_prevalence.model import describe
from sbc_prevalence.study import FROM_EVIDENCE, prepare, with_tables
from small_study import a_model, small_inputs

EXAMPLE = resources.files("sbc_prevalence.data").joinpath("examples", "scotland.toml").read_text("utf-8")
CARRIED = {"deaths": "scotland_deaths", "primary_registrations": "scotland_primary_registrations"}
UNKNOWN_PRIOR = '[model.priors.hazard_trnd]\ncenter = 0.0\nsd = 0.1\nreason = "r"\n'

Project = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Scotland with deaths and primaries in files; `changes` replace text of the configuration."""
    def make(*changes: tuple[str, str], **tables: pd.DataFrame | str) -> Path:
        text = EXAMPLE
        for kind, name in CARRIED.items():
            table = tables.get(kind, load_carried(name).copy())
            content = table if isinstance(table, str) else table.drop(
                columns=["source", "as_of"], errors="ignore").to_csv(index=False)
            (tmp_path / f"{kind}.csv").write_text(content, encoding="utf-8")
            given = f'file = "{kind}.csv"\nsource = "a registry"\nas_of = "2025-12-31"'
            text = text.replace(f'table = "carried:{name}"', given)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        (tmp_path / "config.toml").write_text(text, encoding="utf-8")
        return tmp_path
    return make


def refused(folder: Path) -> InputError:
    """What the command line would print."""
    try:
        prepare(load_config(folder))
    except ConfigError as error:
        return with_tables(error)
    except InputError as error:
        return error
    raise AssertionError("nothing was refused")


def told(folder: Path) -> list[tuple[str, str]]:
    return [(p.where, p.code) for p in refused(folder).problems]


def carried(kind: str) -> pd.DataFrame:
    return load_carried(CARRIED[kind]).copy()


def spoilt(kind: str, column: str, *cells: tuple[int, str]) -> pd.DataFrame:
    frame = carried(kind)
    for row, text in cells:
        frame.loc[row, column] = text
    return frame


def test_faults_of_the_file_of_its_priors_and_of_two_tables_come_together(project):
    folder = project(
        ("seed = 20261123", "sead = 20261123"), ("[report]", f"{UNKNOWN_PRIOR}[report]"),
        ('survival = "weibull"', 'survival = "weibul"'),
        deaths=spoilt("deaths", "count", (3, "40.5")), primary_registrations=spoilt(
            "primary_registrations", "count", (3, "*"), (9, "")))
    assert set(told(folder)) == {
        ("config.toml", "E-CONFIG-KEY"), ("config.toml", "E-CONFIG-MISSING"), ("config.toml", "E-CONFIG-CHOICE"),
        ("config.toml", "E-PRIOR"), ("deaths.csv", "E-FRACTION"), ("primary_registrations.csv", "E-SUPPRESSED"),
        ("primary_registrations.csv", "E-MISSING")}


def test_sound_tables_are_checked_against_each_other_although_a_key_is_mistyped(project):
    deaths = spoilt("deaths", "count", (3, "3000000"))
    found = told(project(("seed =", "sead ="), deaths=deaths))
    assert found[-2:] == [("deaths.csv", "E-EXCEEDS-POPULATION"), ("deaths.csv", "W-JUMP")]


def test_unknown_priors_are_found_with_faulty_tables_and_with_sound_ones(project):
    change = ("[report]", f"{UNKNOWN_PRIOR}[report]")
    assert told(project(change)) == [("config.toml", "E-PRIOR")]
    error = refused(project(change, deaths=spoilt("deaths", "count", (3, "-1"))))
    assert {(p.where, p.code) for p in error.problems} == {("deaths.csv", "E-NEGATIVE"), ("config.toml", "E-PRIOR")}
    (prior,) = [p for p in error.problems if p.code == "E-PRIOR"]
    assert prior.key == "model.priors.hazard_trnd"
    assert "Did you mean 'hazard_trend'?" in str(prior)


def test_priors_the_index_date_and_the_years_of_the_grid_come_together(project):
    folder = project(("[report]", f"{UNKNOWN_PRIOR}[report]"),
                     ('# index_date = "2020-12-31"', 'index_date = "1996-12-31" #'),
                     ("first_reported_year = 1997", "# first_reported_year = 1997"))
    assert told(folder) == [("config.toml", "E-INDEX-DATE"), ("config.toml", "E-PRIOR")]


@pytest.mark.parametrize("content", ["", "area_code,year,count\n", "area_code,year,count\nS92000003,2000,5,6\n"])
def test_a_table_that_is_empty_or_ragged_is_not_also_called_missing(project, content):
    found = told(project(deaths=content))
    assert len(found) == 1
    assert found[0][0] == "deaths.csv"


def test_a_kind_is_not_called_missing_when_its_entry_is_mistyped_or_its_file_is_not_there(project):
    assert told(project(('kind = "deaths"', 'kind = "death"'))) == [("config.toml", "E-CONFIG-KIND")]
    assert told(project(('file = "deaths.csv"', 'file = "death.csv"'))) == [("config.toml", "E-CONFIG-FILE")]


def test_a_mistyped_source_is_not_followed_by_a_missing_one(project):
    folder = project(('file = "deaths.csv"\nsource', 'file = "deaths.csv"\nsorce'))
    assert told(folder) == [("config.toml", "E-CONFIG-KEY")]


def test_a_mistyped_option_is_told_at_its_key_with_the_nearest_name(project):
    (problem,) = refused(project(('"England and Wales audit"', '"England and Wales audt"'))).problems
    assert (problem.where, problem.key, problem.column) == ("config.toml", "evidence[5].own_studies", None)
    assert "Did you mean 'England and Wales audit'?" in problem.remedy


def test_dates_of_a_copied_configuration_that_newer_figures_have_overtaken_are_pointed_at(project):
    assert prepare(load_config(project())).warnings == ()
    folder = project(('# index_date = "2020-12-31"', 'index_date = "2016-12-31" #'))
    assert [(p.code, p.key) for p in prepare(load_config(folder)).warnings] == [("W-INDEX-DATE", "grid.index_date")]
    later = carried("deaths")
    folder = project(deaths=later[later["year"].astype(int) >= 2000])
    assert [(p.code, p.key) for p in prepare(load_config(folder)).warnings] == [
        ("W-FIRST-YEAR", "grid.first_reported_year")]
    folder = project(("last_year = 2025", "last_year = 2019"), ("pause_years = [2020, 2021]", "pause_years = []"))
    (problem,) = refused(folder).problems
    assert (problem.code, problem.key) == ("E-GRID", "grid.last_year")


def test_one_mistyped_area_code_is_one_problem_and_what_had_to_wait_is_said(project):
    error = refused(project(primary_registrations=spoilt("primary_registrations", "area_code", (7, "S08000051"))))
    assert [(p.code, p.rows) for p in error.problems] == [("E-AREA-UNKNOWN", (9,))]
    assert "years that areas lack in primary_registrations.csv" in error.not_checked


def test_an_old_area_code_is_not_followed_by_years_that_the_new_one_lacks(project):
    frame = carried("primary_registrations")
    early = (frame["area_code"] == "S08000029") & (frame["year"].astype(int) < 2010)
    frame.loc[early, "area_code"] = "S08000018"
    found = {code for _, code in told(project(primary_registrations=frame))}
    assert found == {"E-AREA-SUPERSEDED", "E-AREA-MIXED"}


def test_what_the_model_cannot_do_without_is_listed_with_the_rest(project):
    entry = '[[evidence]]                            # all causes but breast cancer, Scottish women by age\n' \
            'kind = "other_cause_mortality"\ntable = "carried:other_cause_mortality_scotland"\n'
    assert told(project((entry, ""), deaths=spoilt("deaths", "count", (3, "-1")))) == [
        ("deaths.csv", "E-NEGATIVE"), ("evidence", "E-KIND-MISSING")]


def test_a_count_ten_times_its_neighbours_passes_and_is_pointed_at_in_the_summary_and_in_the_report(project):
    from sbc_prevalence.pipeline import _notes

    count = carried("primary_registrations").loc[60, "count"]
    folder = project(primary_registrations=spoilt("primary_registrations", "count", (60, f"{count}0")))
    study = prepare(load_config(folder))
    assert [(w.code, w.severity, w.rows) for w in study.warnings] == [("W-JUMP", "warning", (62,))]
    result = CliRunner().invoke(app, ["validate", str(folder)])
    assert result.exit_code == 0
    assert "1 thing to look at:" in result.output
    assert "file row 62" in _notes(study)["To look at in the figures"]


def test_a_sound_study_has_nothing_to_look_at(project):
    study = prepare(load_config(project()))
    assert study.warnings == ()
    assert "to look at" not in study.summary()


def test_a_file_that_is_not_toml_is_told_alone(project):
    folder = project(("seed = 20261123", "seed = "))
    assert told(folder) == [("config.toml", "E-CONFIG-TOML")]


def test_the_command_line_prints_the_one_list(project):
    folder = project(("seed = 20261123", "sead = 20261123"), deaths=spoilt("deaths", "count", (3, "-1")))
    result = CliRunner().invoke(app, ["validate", str(folder)])
    assert result.exit_code == 2
    assert all(word in result.output for word in ("key 'sead'", "E-NEGATIVE", "3 problems found"))


def test_a_component_that_lacks_what_it_needs_is_refused_by_validate_with_and_without_priors(project):
    bym2 = ("[model]", '[model]\narea_effects = "bym2"')
    without = [(line, "") for line in EXAMPLE.splitlines(keepends=True) if line.startswith("neighbours_table")]
    for changes in ([bym2], [bym2, ("[report]", f"{UNKNOWN_PRIOR}[report]")]):
        folder = project(*changes, *without)
        result = CliRunner().invoke(app, ["validate", str(folder)])
        assert result.exit_code == 2
        assert "neighbour" in result.output


def test_parameters_that_come_with_certain_evidence_are_known_by_the_beginning_of_their_names():
    plain, more = (a_model().parameters(small_inputs(area_evidence=e)).names for e in (False, True))
    assert set(more) - set(plain)
    assert all(name.startswith(FROM_EVIDENCE) for name in set(more) - set(plain))


def test_problems_without_a_key_or_column_are_still_whole_sentences():
    assert str(Problem("E-X", "evidence", "needs deaths", "Add them.")) == "[E-X] evidence: needs deaths. Add them."


def renamed(kind: str, old: str, new: str) -> pd.DataFrame:
    return carried(kind).rename(columns={old: new})


def test_a_wrong_word_for_a_sex_is_no_gap_in_the_years(project):
    assert told(project(deaths=spoilt("deaths", "sex", (5, "femal")))) == [("deaths.csv", "E-CHOICE")]


@pytest.mark.parametrize(("column", "typed"), [
    ("area_code", "areacode"), ("year", "yr"), ("sex", "sexx"), ("age_band", "ageband"), ("count", "cuont")])
def test_a_mistyped_column_is_told_once_and_ends_with_one_mark(project, column, typed):
    (problem,) = refused(project(deaths=renamed("deaths", column, typed))).problems
    assert problem.code == "E-COLUMN-UNKNOWN"
    assert f"did you mean '{column}'? Rename it" in str(problem)


def test_a_missing_column_that_nothing_resembles_is_still_missing(project):
    assert ("deaths.csv", "E-COLUMN-MISSING") in told(project(deaths=renamed("deaths", "year", "qqqq")))


def test_rows_of_a_total_are_to_be_removed_and_not_also_added_to_the_areas(project):
    primary = carried("primary_registrations")
    sums = primary.astype({"count": int}).groupby(["year", "sex"], as_index=False)["count"].sum()
    total = sums.assign(area_code="S92000003")
    britain = sums.assign(area_code="K03000001")
    for rows in (total, britain):
        assert told(project(primary_registrations=pd.concat([primary, rows[primary.columns]]))) == [
            ("primary_registrations.csv", "E-AREA-TOTAL")]


def test_years_that_do_not_fit_are_told_at_the_key_that_the_reader_wrote(project):
    (problem,) = refused(project(("first_reported_year = 1997", "first_reported_year = 1950"))).problems
    assert (problem.code, problem.where, problem.key) == ("E-GRID", "config.toml", "grid.first_reported_year")
    assert "1967 to 2025" in str(problem)
    assert "grid:" not in str(problem)


def test_a_warning_is_not_followed_by_the_word_that_there_is_no_problem(project):
    sound = prepare(load_config(project())).summary()
    assert sound.endswith("No problem found.")
    one = prepare(load_config(project(('# index_date = "2020-12-31"', 'index_date = "2016-12-31" #')))).summary()
    assert "1 thing to look at:" in one
    assert one.endswith("No error found: it stops nothing, and a run is possible.")
    two = prepare(load_config(project(
        ('# index_date = "2020-12-31"', 'index_date = "2016-12-31" #'),
        ("first_reported_year = 1997", "first_reported_year = 1990")))).summary()
    assert "2 things to look at:" in two
    assert two.endswith("No error found: they stop nothing, and a run is possible.")
    assert "No problem found" not in one + two


def test_the_warning_on_an_older_headline_speaks_as_the_page_on_keys_does(project):
    study = prepare(load_config(project(('# index_date = "2020-12-31"', 'index_date = "2016-12-31" #'))))
    page = (Path(__file__).parents[2] / "docs" / "reference" / "config.md").read_text("utf-8")
    words = "31 December of the last year in which deaths cover every area"
    assert words in str(study.warnings[0])
    assert words in page


def test_a_single_year_is_not_called_a_span_of_years(project):
    deaths = carried("deaths")
    folder = project(("last_year = 2025", "last_year = 2020"),
                     ("first_reported_year = 1997", "first_reported_year = 2020"),
                     ("pause_years = [2020, 2021]", "pause_years = [2020]"),
                     deaths=deaths[deaths["year"].astype(int) == 2020])
    study = prepare(load_config(folder))
    assert "  years      data 2020; tables 2020\n" in study.summary()
    assert "2020-2020" not in study.summary() + describe(study.model, study.inputs)
