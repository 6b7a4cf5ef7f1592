"""From patient records to evidence by a configuration: the same counts, nobody twice, nothing of a person outside."""

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from sbc_prevalence.config import load_config, parse_config
from sbc_prevalence.errors import ConfigError, InputError
from sbc_prevalence.intake import take_in
from sbc_prevalence.records.simulate import RegistryProcess, SourceProcess, simulate_registry
from sbc_prevalence.records.simulate.write import FILES
from sbc_prevalence.study import prepare

PERFECT = {"de_novo": 1.0, "recurrent": 1.0, "delay_per_year": 1e9, "ambiguous": 0.0, "presentation_unknown": 0.0}
FAULTLESS = RegistryProcess(
    moved_after=0.0, lost_per_year=1e-12, local_called_distant=0.0,
    sources=(SourceProcess(name="registry", **PERFECT), SourceProcess(name="treatment", **PERFECT)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    return simulate_registry(20_000, 7, tmp_path_factory.mktemp("registry"), process=FAULTLESS)


@pytest.fixture(scope="module")
def taken(made):
    return take_in(load_config(made.config).readable())


@pytest.fixture
def text(made) -> str:
    return made.config.read_text("utf-8")


def piece(taken, kind: str):
    return next(one for one in taken.pieces if one.kind == kind)


def problems(text: str, folder: Path) -> list[tuple[str, str]]:
    with pytest.raises(ConfigError) as refused:
        parse_config(text, directory=folder)
    return [(p.code, str(p.key)) for p in refused.value.problems]


def test_what_is_written_for_a_simulated_registry_is_read_without_a_problem(made, taken):
    assert taken.errors == ()
    study = prepare(load_config(made.config))
    assert "No error found" in study.summary()


def test_perfect_records_become_the_true_counts(made, taken):
    lists = piece(taken, "overlapping_lists").frame
    keys = ["area_code", "year", "presentation"]
    assert lists[lists["history"] != "11"]["count"].sum() == 0  # both sources hold everybody
    found = lists[lists["history"] == "11"].set_index(keys)["count"].astype(int)
    truth = made.truth.set_index(keys)["newly_diagnosed"].reindex(found.index)
    assert (found == truth).all()
    recent = piece(taken, "registrations").frame.set_index(keys)["count"].astype(int)
    assert (recent == made.truth.set_index(keys)["newly_diagnosed"].reindex(recent.index)).all()


def test_first_tumours_and_certified_deaths_are_those_of_the_files(made, taken):
    registry = pq.read_table(made.folder / FILES["registry"]).to_pandas()
    rows = registry[(registry["event"] == "primary") & (registry["sex"] == "F")].sort_values("first_tumour")
    first = rows.drop_duplicates("person")
    by_hand = first.groupby(["board", first["first_tumour"].str[:4].astype(int)], observed=True).size()
    counted = piece(taken, "primary_registrations").frame.set_index(["area_code", "year"])["count"]
    assert counted.sum() == by_hand.sum()
    assert all(counted[place] == n for place, n in by_hand.items())
    deaths = pq.read_table(made.folder / FILES["deaths"]).to_pandas()
    chosen = deaths[(deaths["sex"] == "F") & (deaths["cause"] == "C509")]
    years = pd.to_datetime(chosen["died"]).dt.year.value_counts()
    told = piece(taken, "deaths").frame.set_index("year")["count"]
    assert all(told[year] == n for year, n in years.items())
    assert len(chosen) < len(deaths)


def test_nobody_is_at_risk_before_they_were_registered(made, taken):
    cells = piece(taken, "life_table_cells").frame
    registry = pq.read_table(made.folder / FILES["registry"]).to_pandas()
    cases = registry[(registry["event"] == "distant") & (registry["sex"] == "F")].drop_duplicates("person")
    spread = pd.to_datetime(cases["spread_diagnosed"])
    end = pd.to_datetime(cases["died"]).fillna(pd.Timestamp("2019-12-31"))
    lived = ((end - spread).dt.days / 365.25).sum()
    assert cells["person_years"].sum() == pytest.approx(lived, rel=0.01)


def test_the_account_adds_up_and_names_every_extract_by_its_hash(made, taken):
    account = taken.records
    assert account is not None
    for source, rows in account.attrition.groupby("source"):
        read = rows.set_index("rule").loc["read", "remaining"]
        assert read == made.rows[str(source)]
        assert read - rows["removed"].sum() == rows["remaining"].iloc[-1]
    assert set(account.sha256) == {"registry", "treatment", "deaths"}
    hashes = prepare(load_config(made.config)).input_hashes
    assert {f"extract of records '{name}'" for name in account.sha256} <= set(hashes)
    assert all(len(value) == 64 for value in hashes.values())


def test_no_person_and_no_path_is_in_anything_that_may_leave(made, taken):
    config = load_config(made.config)
    study = prepare(config)
    shown = "\n".join([
        repr(taken.pieces), study.summary(), config.echo(public=True), json.dumps(study.input_hashes),
        taken.records.attrition.to_csv(), taken.records.disagreements.to_csv(), taken.records.words,
        *(one.frame.to_csv() for one in taken.pieces)])
    assert "sim-" not in shown
    assert FILES["registry"] not in shown
    assert str(made.folder) not in shown
    assert FILES["registry"] in config.echo()
    assert parse_config(config.echo(), directory=made.folder) == config


def test_the_same_people_in_lists_and_in_registrations_are_refused(made, text):
    config = parse_config(text.replace("years = [2018, 2019] }\nwindow", "years = [2016, 2019] }\nwindow"),
                          directory=made.folder)
    found = take_in(config.readable())
    assert "E-SAME-PEOPLE" in {p.code for p in found.errors}


@pytest.mark.parametrize(("old", "new", "code", "key"), [
    ('link = "most_precise"', "#", "E-CONFIG-RECORDS", "records.link"),
    ('records = { sources = ["deaths"], years', 'records = { sources = ["death"], years', "E-CONFIG-RECORDS",
     "evidence[2].records.sources"),
    ('lists = ["registry", "treatment"]', 'lists = ["treatment", "registry"]', "E-CONFIG-RECORDS",
     "evidence[3].records.sources"),
    ("years = [2005, 2017]", "years = [2017, 2005]", "E-CONFIG-YEARS", "evidence[3].records.years"),
    ('sources = ["registry"], years = [1997, 2019]', 'sources = ["registry"]', "E-CONFIG-RECORDS",
     "evidence[1].records.years"),
    (', entry = "registration"', "", "E-CONFIG-RECORDS", "evidence[6].records.entry"),
    ('mapping = "mappings/deaths.toml"', 'preset = "trust_sheets"', "E-CONFIG-TABLE", "records.sources.deaths.preset"),
    ('mapping = "mappings/deaths.toml"', 'mapping = "mappings/deaths.toml"\npreset = "trust_sheet"', "E-CONFIG-ORIGIN",
     "records.sources.deaths"),
    ("simulated_deaths.parquet", "simulated_death.parquet", "E-CONFIG-FILE", "records.sources.deaths.file"),
    ('followed_to = "extract_date"', "#", "E-CONFIG-MISSING", "records.followed_to"),
    ('entry = "registration"', 'entrance = "registration"', "E-CONFIG-KEY", "evidence[6].records.entrance"),
    ('table = "carried:published_survival"', 'records = { sources = ["registry"] }', "E-CONFIG-RECORDS",
     "evidence[9].records"),
    ('file = "tables/simulated_population.csv"', "#", "E-CONFIG-ORIGIN", "evidence[8]"),
])
def test_a_slip_in_the_keys_of_records_is_named(made, text, old: str, new: str, code: str, key: str):
    assert old in text
    assert (code, key) in problems(text.replace(old, new), made.folder)


def test_faults_of_an_extract_are_told_once_and_with_the_others(made, tmp_path: Path, text):
    for name in ("registry", "treatment"):
        mapping = (made.folder / "mappings" / f"{name}.toml").read_text("utf-8")
        (tmp_path / f"{name}.toml").write_text(mapping.replace('"NK" = "unknown"', '"XX" = "unknown"'), "utf-8")
        text = text.replace(f"mappings/{name}.toml", str(tmp_path / f"{name}.toml"))
    with pytest.raises(InputError) as refused:
        prepare(parse_config(text, directory=made.folder))
    words = [p for p in refused.value.problems if p.code == "E-WORD"]
    assert [p.where for p in words] == ["records of registry", "records of treatment"]
    assert "sim-" not in str(refused.value)
    assert "E-KIND-MISSING" not in {p.code for p in refused.value.problems}


def test_areas_together_is_the_sum_of_areas(made, text):
    apart = text.replace('years = [2000, 2019], areas = "together" }', "years = [2000, 2019] }")
    assert apart != text
    one, two = (piece(take_in(parse_config(t, directory=made.folder).readable()), "deaths").frame for t in (text, apart))
    assert (two.groupby("year")["count"].sum() == one.set_index("year")["count"]).all()
    assert set(one["area_code"]) == {"S92000003"}
