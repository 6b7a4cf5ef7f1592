"""The configuration: what is refused and in which words, what is filled in, what an echo says."""

import importlib.util
import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sbc_prevalence.config import (
    ENTRY_TYPES,
    Config,
    examples,
    find_config,
    init_project,
    load_config,
    parse_config,
)
from sbc_prevalence.config.project import TEMPLATE_COLUMNS, project_files
from sbc_prevalence.data.kinds import SCHEMAS
from sbc_prevalence.errors import ConfigError

ROOT = Path(__file__).parents[2]

HEAD = """
version = 1
name = "tiny"
title = "Tiny"
population_described = "women"
seed = 1
"""
AREAS = """
[areas]
list = [{ code = "A", name = "North" }, { code = "B", name = "South" }]
total_code = "T"
total_name = "All"
"""
MODEL = """
[model]
window_days = 120
"""
DEATHS = """
[[evidence]]
kind = "deaths"
file = "deaths.csv"
"""
GOOD = HEAD + AREAS + MODEL + DEATHS


def faults(text: str, directory: Path | None = None) -> dict[str, tuple[str, str]]:
    """Key -> (code, whole message) of every problem."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, where="x.toml", directory=directory)
    assert caught.value.exit_code == 2
    assert all(p.where == "x.toml" and p.requirement and p.remedy for p in caught.value.problems)
    return {p.key or "": (p.code, str(p)) for p in caught.value.problems}


def with_evidence(*lines: str) -> str:
    return GOOD + "\n[[evidence]]\n" + "\n".join(lines) + "\n"


def test_a_small_configuration_is_filled_with_defaults():
    config = parse_config(GOOD)
    assert (config.model.survival, config.report.ci_prob, config.sampler.chains) == ("weibull", 0.95, 4)
    assert config.grid.index_date is None
    assert config.sensitivity.hazard_ratios == (1.0, 1.35, 1.88)
    assert config.evidence_of("deaths")[0].options() == {"icd10": "C50"}
    assert config.evidence_of("population") == ()


def test_everything_is_frozen():
    config = parse_config(GOOD)
    for target, key in ((config, "seed"), (config.grid, "last_year"), (config.evidence[0], "file")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(target, key, 2)


@pytest.mark.parametrize(("old", "new", "key", "code", "words"), [
    ("seed = 1", "seed = 1\nsead = 2", "sead", "E-CONFIG-KEY", "Did you mean 'seed'?"),
    ("seed = 1", "seed = -1", "seed", "E-CONFIG-VALUE", "at least 0"),
    ("seed = 1", "seed = 1.5", "seed", "E-CONFIG-TYPE", "whole number"),
    ("seed = 1", "seed = true", "seed", "E-CONFIG-TYPE", "whole number"),
    ("seed = 1", 'seed = "1"', "seed", "E-CONFIG-TYPE", "without quotes"),
    ("seed = 1", "", "seed", "E-CONFIG-MISSING", "required"),
    ("version = 1", "version = 2", "version", "E-CONFIG-VERSION", "must be 1"),
    ("version = 1", "", "version", "E-CONFIG-MISSING", "required"),
    ('name = "tiny"', 'name = "../up"', "name", "E-CONFIG-VALUE", "small letters"),
    ('title = "Tiny"', 'title = " "', "title", "E-CONFIG-VALUE", "must not be empty"),
    ('total_code = "T"', 'total_code = "T"\ntotl_name = "x"', "areas.totl_name", "E-CONFIG-KEY",
     "'total_name'"),
    ('total_code = "T"', 'total_code = "A"', "areas.total_code", "E-CONFIG-TOTAL", "among its parts"),
    ('code = "B"', 'code = "A"', "areas.list", "E-CONFIG-TWICE", "twice"),
    ('total_code = "T"', 'total_code = "T"\nfile = "a.csv"', "areas", "E-CONFIG-ORIGIN", "exactly one"),
    ("window_days = 120", "", "model.window_days", "E-CONFIG-MISSING", "no default"),
    ("window_days = 120", "window_days = 0", "model.window_days", "E-CONFIG-VALUE", "at least 1"),
    ("[model]", '[model]\nsurvival = "weibul"', "model.survival", "E-CONFIG-CHOICE",
     "Did you mean 'weibull'?"),
    ("[model]", '[model]\ntrend = "up"', "model.trend", "E-CONFIG-CHOICE", "calendar_year"),
    ("[model]", "[grid]\nlast_year = 2010\nfirst_reported_year = 2011\n[model]", "grid.last_year",
     "E-CONFIG-YEARS", "before first_reported_year"),
    ("[model]", '[grid]\nindex_date = "2021-02-29"\n[model]', "grid.index_date", "E-CONFIG-DATE",
     "YYYY-MM-DD"),
    ("[model]", "[grid]\nindex_date = 2020\n[model]", "grid.index_date", "E-CONFIG-DATE", "YYYY-MM-DD"),
    ("[model]", '[grid]\nindex_date = "20201231"\n[model]', "grid.index_date", "E-CONFIG-DATE", "YYYY-MM-DD"),
    ("[model]", "[grid]\nindex_date = 2020-12-31T10:00:00\n[model]", "grid.index_date", "E-CONFIG-DATE",
     "day"),
    ("[model]", "[grid]\nindex_date = 2020-12-31\nlast_year = 2019\n[model]", "grid.index_date",
     "E-CONFIG-YEARS", "after last_year"),
    ("[model]", "[grid]\nindex_date = 2020-12-31\nfirst_reported_year = 2021\n[model]", "grid.index_date",
     "E-CONFIG-YEARS", "before first_reported_year"),
    ("[model]", "[grid]\npause_years = [2021, 2020]\n[model]", "grid.pause_years", "E-CONFIG-YEARS", "rise"),
    ("[model]", "[grid]\npause_years = 2021\n[model]", "grid.pause_years", "E-CONFIG-TYPE", "list"),
    ("[model]", "[grid]\nlast_year = 20025\n[model]", "grid.last_year", "E-CONFIG-VALUE", "at most 2100"),
    ("[model]", "[report]\nci_prob = 1\n[model]", "report.ci_prob", "E-CONFIG-VALUE", "less than 1"),
    ("[model]", "[report]\nci_prob = 95\n[model]", "report.ci_prob", "E-CONFIG-VALUE", "percentage"),
    ("[model]", "[report]\nci_prob = 0.0\n[model]", "report.ci_prob", "E-CONFIG-VALUE", "greater than 0"),
    ("[model]", "[report]\nci_prob = nan\n[model]", "report.ci_prob", "E-CONFIG-TYPE", "finite"),
    ("[model]", "[sampler]\nchains = 2\n[model]", "sampler.chains", "E-CONFIG-VALUE", "at least 4"),
    ("[model]", "[sampler]\nmax_extensions = 3\n[model]", "sampler.max_extensions", "E-CONFIG-VALUE",
     "at most 2"),
    ("[model]", "[sensitivity]\nhazard_ratios = [1.0, 0]\n[model]", "sensitivity.hazard_ratios[2]",
     "E-CONFIG-VALUE", "greater than 0"),
    ("[model]", "[sensitivity]\nhazard_ratios = [1.0, 1.0]\n[model]", "sensitivity.hazard_ratios",
     "E-CONFIG-TWICE", "twice"),
    ("[model]", "[sensitivity]\nhazard_ratios = []\n[model]", "sensitivity.hazard_ratios", "E-CONFIG-VALUE",
     "not be empty"),
    ("[model]", "[model.priors.kappa]\ncenter = 1\nsd = 0.1\n[model]", "model.priors.kappa", "E-CONFIG-PRIOR",
     "'reason'"),
    ("[model]", '[model.priors.kappa]\ncenter = 1\nsd = 0\nreason = "r"\n[model]', "model.priors.kappa.sd",
     "E-CONFIG-VALUE", "greater than 0"),
    ("[model]", '[model.priors.kappa]\ncenter = 1\nsd = 1\nresaon = "r"\n[model]',
     "model.priors.kappa.resaon",
     "E-CONFIG-KEY", "'reason'"),
    ("[model]", "modell = 1\n[model]", "areas.modell", "E-CONFIG-KEY", "unknown key"),
    ("[[evidence]]", "[evidence]", "evidence", "E-CONFIG-TYPE", "list"),
    ('kind = "deaths"', 'kind = "death"', "evidence[1].kind", "E-CONFIG-KIND", "Did you mean 'deaths'?"),
    ('kind = "deaths"', "", "evidence[1]", "E-CONFIG-MISSING", "living_counts"),
    ('file = "deaths.csv"', 'file = "d.csv"\ntable = "carried:scotland_deaths"', "evidence[1]",
     "E-CONFIG-ORIGIN",
     "'table' and 'file'"),
    ('file = "deaths.csv"', "", "evidence[1]", "E-CONFIG-ORIGIN", "none of them"),
    ('file = "deaths.csv"', 'table = "scotland_deaths"', "evidence[1].table", "E-CONFIG-VALUE", "'carried:'"),
    ('file = "deaths.csv"', 'file = "d.csv"\nas_of = "31/12/2020"', "evidence[1].as_of", "E-CONFIG-DATE",
     "YYYY-MM-DD"),
    ('file = "deaths.csv"', 'file = "d.csv"\nsorce = "x"', "evidence[1].sorce", "E-CONFIG-KEY", "'source'"),
    ('file = "deaths.csv"', 'file = "d.csv"\nrisk_kind = "net"', "evidence[1].risk_kind", "E-CONFIG-KEY",
     "option of kind 'distant_recurrence'"),
])
def test_one_fault_is_named_with_key_and_remedy(old, new, key, code, words):
    assert old in GOOD
    found = faults(GOOD.replace(old, new))
    assert found[key][0] == code
    assert words in found[key][1]


@pytest.mark.parametrize(("lines", "key", "words"), [
    (['kind = "registrations"', 'file = "r.csv"'], "evidence[2].window_days", "required"),
    (['kind = "registrations"', 'file = "r.csv"', "window_days = 90"], "evidence[2].window_days",
     "must equal model.window_days"),
    (['kind = "registrations"', 'file = "r.csv"', "window_days = 120",
      'completeness = { kind = "known", value = 85 }'], "evidence[2].completeness.value", "percentage"),
    (['kind = "registrations"', 'file = "r.csv"', "window_days = 120",
      'completeness = { kind = "known", value = 0 }'], "evidence[2].completeness.value", "greater than 0"),
    (['kind = "registrations"', 'file = "r.csv"', "window_days = 120",
      'completeness = { kind = "logit_normal", median = 1.0, lower95 = 0.5, upper95 = 0.9 }'],
     "evidence[2].completeness.median", "less than 1"),
    (['kind = "registrations"', 'file = "r.csv"', "window_days = 120",
      'completeness = { kind = "logit_normal", median = 0.4, lower95 = 0.5, upper95 = 0.9 }'],
     "evidence[2].completeness", "must rise"),
    (['kind = "registrations"', 'file = "r.csv"', "window_days = 120", "completeness = { value = 0.5 }"],
     "evidence[2].completeness", "known, logit_normal"),
    (['kind = "distant_recurrence"', 'file = "r.csv"', 'risk_kind = "cruel"'], "evidence[2].risk_kind",
     "Did you mean 'crude'?"),
    (['kind = "primary_registrations"', 'file = "r.csv"', 'behaviour = "in situ"'], "evidence[2].behaviour",
     "must be one of invasive"),
    (['kind = "deaths"', 'file = "deaths.csv"'], "evidence[2]", "same table as in entry 1"),
    (['kind = "living_counts"', 'file = "l.csv"', "sensitivity = { value = 1 }",
      "specificity = { value = 1 }"],
     "evidence[2].definition", "required"),
    (['kind = "living_counts"', 'file = "l.csv"', 'definition = "coded_in_year"',
      "sensitivity = { found = 3 }",
      'specificity = { value = 0.99, window = "coded_in_year" }'], "evidence[2].sensitivity", "both of"),
    (['kind = "living_counts"', 'file = "l.csv"', 'definition = "coded_in_year"',
      "sensitivity = { found = 3, of = 2 }", 'specificity = { value = 0.99, window = "coded_in_year" }'],
     "evidence[2].sensitivity", "must not exceed"),
    (['kind = "living_counts"', 'file = "l.csv"', 'definition = "coded_in_year"',
      "sensitivity = { value = 1 }",
      'specificity = { value = 0.99, window = "alive_on_date" }'], "evidence[2].specificity.window",
     "equal 'definition'"),
    (['kind = "living_counts"', 'file = "l.csv"', 'definition = "coded_in_year"',
      "sensitivity = { value = 1 }",
      "specificity = { value = 0.99 }"], "evidence[2].specificity.window", "equal 'definition'"),
])
def test_options_of_a_kind_are_checked(lines, key, words):
    found = faults(with_evidence(*lines))
    assert key in found
    assert words in found[key][1]


def test_all_faults_are_reported_at_once():
    text = (GOOD.replace("version = 1", "version = 9").replace("seed = 1", "seed = -1\nsead = 2")
            .replace("[model]", "[grid]\nlast_year = 2000\nfirst_reported_year = 2001\n[model]")
            .replace("window_days = 120", "").replace('kind = "deaths"', 'kind = "death"'))
    assert set(faults(text)) == {"version", "seed", "sead", "grid.last_year", "model.window_days",
                                 "evidence[1].kind"}


def test_a_list_whose_entries_fail_is_not_called_empty():
    assert "evidence" not in faults(GOOD.replace('kind = "deaths"', 'kind = "death"'))
    assert "evidence" in faults(HEAD + "evidence = []" + AREAS + MODEL)


def test_no_message_repeats_a_value():
    text = GOOD.replace("seed = 1", 'seed = "Mrs X"').replace("window_days = 120", 'survival = "Mrs X"')
    for _, message in faults(text).values():
        assert "Mrs X" not in message


def test_text_that_is_not_toml_is_refused_with_its_place():
    with pytest.raises(ConfigError, match=r"not valid TOML \(at line 3"):
        parse_config("version = 1\nname = \"x\"\ntitle = unquoted\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        parse_config("a = 1\na = 2\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        parse_config("a = " + "[" * 100_000)


def test_files_are_looked_up_beside_the_configuration(tmp_path):
    assert faults(GOOD, tmp_path)["evidence[1].file"][0] == "E-CONFIG-FILE"
    (tmp_path / "deaths.csv").write_text("area_code,year,count\n")
    (tmp_path / "c.toml").write_text(GOOD)
    config = load_config(tmp_path / "c.toml")
    assert config.path_of(config.evidence[0]) == tmp_path / "deaths.csv"
    assert config.path_of(config.areas) is None


def test_an_unknown_carried_table_is_refused_and_the_nearest_named():
    text = GOOD.replace('file = "deaths.csv"', 'table = "carried:scotland_death"')
    code, message = faults(text)["evidence[1].table"]
    assert code == "E-CONFIG-TABLE"
    assert "Did you mean 'scotland_deaths'?" in message


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * 1_000_001])
def test_a_file_that_cannot_be_a_configuration_is_refused(tmp_path, content):
    (tmp_path / "c.toml").write_bytes(content)
    with pytest.raises(ConfigError):
        load_config(tmp_path / "c.toml")


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    (tmp_path / "deaths.csv").write_text("area_code,year,count\n")
    (tmp_path / "c.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_config(tmp_path / "c.toml") == parse_config(GOOD)


def test_one_nation_may_be_its_own_whole():
    text = GOOD.replace(', { code = "B", name = "South" }', "")
    text = text.replace('total_code = "T"', 'total_code = "A"')
    assert parse_config(text).areas.total_code == "A"


FULL = """
[model.priors."log kappa"]
center = 0
sd = 0.1
reason = "quotes \\" and \\\\ and ä"
[[evidence]]
kind = "registrations"
file = "r.csv"
window_days = 120
completeness = { kind = "logit_normal", median = 0.8, lower95 = 0.6, upper95 = 0.9 }
as_of = 2026-03-31
year = 2026
[[evidence]]
kind = "living_counts"
file = "l.csv"
definition = "coded_in_year"
sensitivity = { found = 45, of = 50 }
specificity = { value = 0.99, window = "coded_in_year" }
[[evidence]]
kind = "distant_recurrence"
file = "d.csv"
risk_kind = "net"
"""


@pytest.mark.parametrize("text", [
    GOOD, GOOD + FULL,
    GOOD.replace("[model]", "[grid]\nindex_date = 2024-02-29\npause_years = [2020]\n[model]")])
def test_an_echo_reads_back_to_the_same_configuration(text):
    config = parse_config(text)
    assert parse_config(config.echo()) == config


@given(title=st.text(min_size=1).filter(lambda t: t.strip()), sd=st.floats(1e-300, 1e300),
       center=st.floats(allow_nan=False, allow_infinity=False), seed=st.integers(0, 2**32 - 1),
       prior=st.text(min_size=1), day=st.dates(date(1990, 1, 1), date(2099, 12, 31)))
def test_any_text_number_and_day_survives_the_echo(title, sd, center, seed, prior, day):
    raw = tomllib.loads(GOOD) | {"title": title, "seed": seed, "grid": {"index_date": day}}
    raw["model"] = {"window_days": 1, "priors": {prior: {"center": center, "sd": sd, "reason": "r"}}}
    config = Config.from_mapping(raw)
    assert parse_config(config.echo()) == config


def test_an_echo_marks_what_was_filled_in():
    echo = parse_config(GOOD).echo()
    assert "ci_prob = 0.95  # default" in echo
    assert "window_days = 120\n" in echo
    assert 'men = "excluded"  # default' in echo
    assert 'icd10 = "C50"  # default' in echo
    assert "index_date" not in echo


def test_options_are_those_of_the_evidence_classes():
    from dataclasses import fields

    from sbc_prevalence.evidence.registry import EVIDENCE_KINDS

    assert set(ENTRY_TYPES) == set(EVIDENCE_KINDS)
    for kind, entry in ENTRY_TYPES.items():
        own = {f.name for f in fields(EVIDENCE_KINDS[kind])} - {"name", "data", "provenance"}
        assert set(entry.OPTION_KEYS) - {"risk_kind"} == own, kind
        defaults = {f.name: f.default for f in fields(EVIDENCE_KINDS[kind])}
        for key in own:
            field = entry.model_fields[key]
            own_default = None if key == "sex" else defaults[key]  # without it, as model.men says
            assert field.is_required() or field.default == own_default, (kind, key)


def test_an_empty_table_has_the_columns_that_the_reader_knows():
    from sbc_prevalence.data.schemas import SCHEMAS

    for kind, columns in TEMPLATE_COLUMNS.items():
        if kind == "areas":
            continue
        known = list(SCHEMAS[kind].columns)
        assert set(columns) <= set(known), kind
        required = {name for name, spec in SCHEMAS[kind].columns.items() if spec.required}
        assert required <= set(columns), (kind, required - set(columns))


def test_a_carried_table_of_another_kind_is_refused():
    found = faults(GOOD.replace('file = "deaths.csv"', 'table = "carried:scotland_population"'))
    assert "another kind, 'population'" in found["evidence[1].table"][1]
    assert "scotland_deaths" in found["evidence[1].table"][1]


def test_options_and_origin_are_handed_on_by_kind():
    config = parse_config(GOOD + FULL)
    registrations, living, recurrence = config.evidence[1:]
    assert registrations.options()["window_days"] == 120
    assert registrations.options()["completeness"]["median"] == 0.8
    assert registrations.provenance() == {"as_of": "2026-03-31", "year": "2026"}
    assert registrations.column_defaults() == {"as_of": "2026-03-31"}
    assert living.options()["sensitivity"] == {"found": 45, "of": 50}
    assert recurrence.column_defaults() == {}
    assert recurrence.options() == {"risk_kind": "net", "study_error_sd": 0.3}
    assert (recurrence.label, recurrence.carried) == ("d.csv", None)
    assert config.model.priors["log kappa"].is_judgement


@pytest.mark.parametrize("name", ["scotland", "uk-nations"])
def test_the_shipped_examples_are_valid_and_survive_the_echo(name):
    config = load_config(name)
    assert config.name == name
    assert parse_config(config.echo()) == config
    assert {"deaths", "primary_registrations", "published_survival", "distant_recurrence",
            "other_cause_mortality"} <= {e.kind for e in config.evidence}
    assert all(entry.carried for entry in config.evidence)


def test_the_example_of_the_nations_says_what_stands_in():
    config = load_config("uk-nations")
    assert config.note is None, "a copied file must not go on saying what its figures no longer are"
    for kind in ("primary_age_profile", "other_cause_mortality"):
        assert config.evidence_of(kind)[0].note.startswith("Stand-in")
    assert config.evidence_of("population") == ()
    assert config.areas.total_code == "K02000001"


def test_a_configuration_is_found_by_file_folder_or_name(tmp_path, monkeypatch):
    assert examples() == ("scotland", "uk-nations")
    assert find_config("scotland").name == "scotland.toml"
    (tmp_path / "config.toml").write_text(GOOD)
    assert find_config(tmp_path) == tmp_path / "config.toml"
    with pytest.raises(ConfigError, match="nor an example"):
        find_config(tmp_path / "none.toml")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scotland").mkdir()
    assert find_config("scotland").name == "scotland.toml"


def test_a_new_project_is_valid_and_has_a_table_for_every_kind(tmp_path):
    files = init_project(tmp_path / "p")
    config = load_config(tmp_path / "p")
    assert parse_config(config.echo(), directory=tmp_path / "p") == config
    assert {f.stem for f in files if f.suffix == ".csv"} == {*ENTRY_TYPES, "areas"}
    assert all(f.read_text().strip() for f in files)


def test_the_optional_part_of_a_new_project_is_valid_once_uncommented(tmp_path):
    init_project(tmp_path)
    text = (tmp_path / "config.toml").read_text()
    head, optional = text.split("# ---- Optional")
    opened = "\n".join(re.sub(r"^# ?", "", line) for line in optional.split("\n")[1:])
    config = parse_config(head + opened, directory=tmp_path)
    assert {e.kind for e in config.evidence} == set(ENTRY_TYPES)


def test_a_new_project_never_overwrites(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(ConfigError, match=r"1 file exists already and nothing was overwritten; README.md"):
        init_project(tmp_path)
    assert [f.name for f in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        init_project(tmp_path / "file")


def test_a_second_project_in_the_same_folder_is_one_problem_that_lists_the_files(tmp_path):
    files = init_project(tmp_path)
    with pytest.raises(ConfigError) as caught:
        init_project(tmp_path)
    (only,) = caught.value.problems
    assert f"{len(files)} files exist already" in str(only)
    assert all(str(file.relative_to(tmp_path)) in str(only) for file in files)


def test_a_new_project_names_the_command_as_it_was_started(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.argv", [".venv/bin/sbc-prevalence", "init", "new"])
    monkeypatch.chdir(tmp_path)
    init_project("new")
    for name in ("config.toml", "README.md"):
        text = (tmp_path / "new" / name).read_text()
        assert ".venv/bin/sbc-prevalence validate new" in text
        assert "@" not in text


def test_the_reference_page_lists_every_key_as_the_program_knows_it():
    path = ROOT / "docs" / "reference" / "build_config_reference.py"
    spec = importlib.util.spec_from_file_location("build_config_reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (ROOT / "docs" / "reference" / "config.md").read_text(encoding="utf-8")
    assert page == module.page(), "run: python docs/reference/build_config_reference.py"


def test_a_new_project_calls_no_year_a_pause_and_says_when_to():
    lines = project_files()["config.toml"].splitlines()
    place = next(i for i, line in enumerate(lines) if "pause_years" in line)
    assert lines[place].startswith("# pause_years")
    assert "pandemic" in " ".join(lines[place:place + 3])
    assert parse_config("\n".join(lines)).grid.pause_years == ()


def test_a_template_of_counts_offers_the_interval_too():
    for kind, schema in SCHEMAS.items():
        if kind in TEMPLATE_COLUMNS and {"count", "count_lower"} <= set(schema.columns):
            assert {"count", "count_lower", "count_upper", "count_status"} <= set(TEMPLATE_COLUMNS[kind]), kind


def test_the_page_on_tables_shows_every_template_header():
    page = (ROOT / "docs" / "reference" / "evidence-tables.md").read_text(encoding="utf-8")
    for kind, columns in TEMPLATE_COLUMNS.items():
        section = page.split(f"## `{kind}`")[1].split("\n## ")[0]
        missing = [c for c in columns if f"`{c}`" not in section and c not in ("source", "as_of")]
        assert not missing, (kind, missing)


@pytest.mark.parametrize("kind", sorted(ENTRY_TYPES))
def test_the_examples_on_the_page_on_tables_are_accepted_by_the_reader(kind):
    from sbc_prevalence.data.read import parse_table
    from sbc_prevalence.data.schemas import problems

    page = (ROOT / "docs" / "reference" / "evidence-tables.md").read_text(encoding="utf-8")
    example = page.split(f"## `{kind}`")[1].split("```csv\n")[1].split("```")[0]
    _, found = problems(parse_table(example.encode(), name=kind), kind)
    # Two ages cannot be a whole life table.
    expected = {"E-AGES"} if kind == "other_cause_mortality" else set()
    assert {p.code for p in found} == expected, found


def with_scenarios(*tables: str) -> str:
    """A complete example with registrations and declared alternatives."""
    registered = '[[evidence]]\nkind = "registrations"\nfile = "r.csv"\nname = "register"\nwindow_days = 120\n'
    return find_config("scotland").read_text("utf-8") + registered + "".join(
        f"[[scenarios.completeness]]\n{table}\n" for table in tables)


LOWER = 'name = "lower"\nsource = "register"\nreason = "a view"\n' \
        'prior = { kind = "logit_normal", median = 0.5, lower95 = 0.3, upper95 = 0.7 }'


def test_declared_alternatives_survive_the_echo():
    config = parse_config(with_scenarios(LOWER, LOWER.replace('"lower"', '"known"').replace(
        'kind = "logit_normal", median = 0.5, lower95 = 0.3, upper95 = 0.7', 'kind = "known", value = 0.8')))
    assert [s.name for s in config.scenarios.completeness] == ["lower", "known"]
    assert parse_config(config.echo()) == config
    assert config.checks.conflict


@pytest.mark.parametrize(("change", "code"), [
    (('"register"', '"regsiter"'), "E-CONFIG-SCENARIO"), (("median = 0.5", "median = 0.2"), "E-CONFIG-VALUE"),
    (('reason = "a view"\n', ""), "E-CONFIG-MISSING"), (("logit_normal", "beta"), "E-CONFIG-KIND")])
def test_an_alternative_that_cannot_be_is_refused(change, code):
    with pytest.raises(ConfigError, match=code):
        parse_config(with_scenarios(LOWER.replace(*change)))


def test_two_alternatives_of_one_name_are_refused():
    with pytest.raises(ConfigError, match="two alternatives have one name"):
        parse_config(with_scenarios(LOWER, LOWER))
