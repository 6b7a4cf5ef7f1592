"""From a configuration to evidence on a grid: the shipped examples, and a new project once it is filled."""

from pathlib import Path

import pytest

from sbc_prevalence.config import Config, init_project, load_config
from sbc_prevalence.data.areas import area_set_from
from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.data.read import read_table
from sbc_prevalence.data.tables import Table
from sbc_prevalence.errors import DataError
from sbc_prevalence.evidence import EvidenceBundle, bundle_from_tables
from sbc_prevalence.grid import AreaSet


def table_of(config: Config, entry) -> Table:
    path = config.path_of(entry)
    return load_carried(entry.table) if path is None else read_table(path)


def built(name: str | Path) -> tuple[Config, AreaSet, EvidenceBundle]:
    config = load_config(name)
    areas = area_set_from(
        table_of(config, config.areas), total_code=config.areas.total_code,
        total_name=config.areas.total_name, level=config.areas.level, total_level=config.areas.total_level)
    entries = [(e.kind, table_of(config, e), {"defaults": e.column_defaults(), **e.options()})
               for e in config.evidence]
    return config, areas, bundle_from_tables(entries, areas)


@pytest.mark.parametrize(("name", "n_areas", "rates"), [("scotland", 14, True), ("uk-nations", 4, False)])
def test_a_shipped_example_becomes_evidence_on_a_grid(name, n_areas, rates):
    config, areas, evidence = built(name)
    grid = evidence.align(areas, first_reported_year=config.grid.first_reported_year,
                          last_year=config.grid.last_year)
    assert len(areas.codes) == n_areas
    assert grid.first_reported_year == config.grid.first_reported_year
    assert grid.last_year == config.grid.last_year
    index_date = config.grid.index_date  # without it the end of the last year with data
    assert index_date is None or grid.first_data_year <= index_date.year <= grid.last_data_year
    assert grid.last_data_year == 2020
    assert (evidence.population is not None) == rates


def test_every_nation_has_deaths_in_the_year_of_the_headline():
    config, areas, evidence = built("uk-nations")
    deaths = evidence.deaths.totals()
    for year in (config.grid.first_reported_year, config.grid.index_date.year):
        assert set(deaths.loc[deaths["year"] == year, "area_code"]) == set(areas.codes)


def test_a_new_project_runs_once_its_three_tables_are_filled(tmp_path):
    init_project(tmp_path)
    with pytest.raises(DataError):
        built(tmp_path)
    tables, years = tmp_path / "tables", range(2000, 2021)
    (tables / "areas.csv").write_text("area_code,area_name\nX01,North\nX02,South\n")
    origin = "ours,2025-12-31"
    deaths = "".join(f"MY-TOTAL,{y},{300 + y % 7},{origin}\n" for y in years)
    (tables / "deaths.csv").write_text("area_code,year,count,source,as_of\n" + deaths)
    primaries = "".join(
        f"{area},{y},{n + y % 5},{origin}\n" for area, n in (("X01", 600), ("X02", 700)) for y in years)
    (tables / "primary_registrations.csv").write_text("area_code,year,count,source,as_of\n" + primaries)
    _, areas, evidence = built(tmp_path)
    grid = evidence.align(areas)
    assert (areas.codes, grid.first_data_year, grid.last_data_year) == (("X01", "X02"), 2000, 2020)
