"""The catalogue: every carried table is there, described, dated, licensed and citable."""

import importlib.util
from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from sbc_prevalence.data.catalogue import (
    carried_csv,
    carried_kind,
    carried_tables,
    citation,
    describe_carried,
    load_carried,
    provenance,
)
from sbc_prevalence.errors import DataError

FIELDS = ("title", "publisher", "year", "licence", "source", "as_of", "note", "derived_from")


def test_catalogue_and_files_name_the_same_tables():
    folder = resources.files("sbc_prevalence.data").joinpath("carried")
    files = {f.name.removesuffix(".csv") for f in folder.iterdir() if f.name.endswith(".csv")}
    assert set(carried_tables()) == files


@pytest.mark.parametrize("name", carried_tables())
def test_every_table_loads_and_knows_its_origin(name):
    table = load_carried(name)
    assert len(table) > 0
    assert all(getattr(table.provenance, field) for field in FIELDS)
    date.fromisoformat(table.provenance.as_of)
    assert len(table.provenance.sha256) == 64
    assert table.provenance.licence in citation(name)
    assert provenance(name).sha256 == ""


def test_the_prefix_may_stand_before_a_name_and_kinds_select():
    assert carried_kind("carried:scotland_deaths") == "deaths"
    assert load_carried("carried:esp2013").frame.equals(load_carried("esp2013").frame)
    assert carried_tables("deaths") == ("scotland_deaths", "uk_nations_deaths")


def test_an_unknown_table_gets_the_nearest_name():
    with pytest.raises(DataError, match="Did you mean 'scotland_deaths'"):
        load_carried("scotland_death")


def test_two_loads_do_not_share_a_frame():
    first = load_carried("esp2013")
    first.frame.loc[0, "weight"] = "0"
    assert load_carried("esp2013").frame.loc[0, "weight"] == "5000"


def test_the_page_of_carried_tables_is_current():
    root = Path(__file__).parents[3]
    path = root / "docs" / "reference" / "build_carried_tables.py"
    spec = importlib.util.spec_from_file_location("build_carried_tables", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = path.with_name("carried-tables.md").read_text(encoding="utf-8")
    assert page == module.page(), "run: python docs/reference/build_carried_tables.py"


def test_a_line_of_the_catalogue_holds_rows_and_years():
    found = describe_carried("carried:scotland_deaths")
    assert (found.name, found.kind, found.rows, found.years) == ("scotland_deaths", "deaths", 551, "1992-2020")
    assert carried_csv("carried:scotland_deaths").startswith(",".join(found.columns))
