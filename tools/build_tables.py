"""Build the tables that the package carries from a folder of published figures.

    python tools/build_tables.py FOLDER [--out DIRECTORY]

The same figures always give the same bytes. What each table is, and rests on, is in carried/catalogue.toml.
"""

import argparse
import math
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from published_studies import (
    CONTRASTS,
    FULL_SOURCE,
    RECURRENCE,
    RECURRENCE_FILE,
    RECURRENCE_LEFT_OUT,
    SURVIVAL,
    SURVIVAL_FILE,
    numbers_in,
)
from scottish_map import BORDERS, NETWORKS

from sbc_prevalence.data.life_table import hazard_from_qx, other_cause_table, rates_by_single_age
from sbc_prevalence.data.read import read_table
from sbc_prevalence.grid import parse_age_band

SCOTLAND = "S92000003"
ISLANDS = "GR0800001"
LAST_AGE = 99
LIFE_TABLE_YEARS = range(1980, 2022)
BANDS = ("<5", *(f"{low}-{low + 4}" for low in range(5, 90, 5)), "90+")
FIGURES = {
    "Under5": "<5", "90AndOver": "90+", "85AndOver": "85+", "90+": "90+", "<5": "<5", "0-4": "<5",
    **{f"{low}To{low + 4}": f"{low}-{low + 4}" for low in range(5, 90, 5)},
    **{f"{low}-{low + 4}": f"{low}-{low + 4}" for low in range(5, 90, 5)}}

Frame = pd.DataFrame


class Published:
    """A folder of published figures; every cell stays text."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, name: str) -> Frame:
        return read_table(self.folder / name).copy()


def long_by_age(frame: Frame, keys: list[str], value: str, prefix: str = "") -> Frame:
    """One row per key and age band, from one column per band."""
    wide = frame.rename(columns={c: FIGURES[c.removeprefix(prefix)] for c in frame.columns
                                 if c.startswith(prefix) and c.removeprefix(prefix) in FIGURES})
    bands = [c for c in (*BANDS, "85+") if c in wide.columns]
    wide["order"] = range(len(wide))
    tall = wide.melt([*keys, "order"], bands, "age_band", value)
    tall["band"] = tall["age_band"].map({b: i for i, b in enumerate(bands)})
    return tall.sort_values(["order", "band"])[[*keys, "age_band", value]].reset_index(drop=True)


def scotland_deaths(published: Published) -> Frame:
    wide = published("scotland_female_breast_cancer_deaths_by_age.csv")
    return long_by_age(wide.assign(area_code=SCOTLAND, sex="female"), ["area_code", "year", "sex"], "count")


def _board_registrations(published: Published) -> Frame:
    rows = published("scotland_primary_breast_registrations_by_board.csv")
    return rows[(rows["site"] == "Breast") & (rows["sex"] == "Females")]


def scotland_primary_registrations(published: Published) -> Frame:
    rows = _board_registrations(published)
    table = rows.assign(area_code=rows["board_code"], sex="female", count=rows["registrations"])
    return table.sort_values(["area_code", "year"])[["area_code", "year", "sex", "count"]]


def scotland_primary_age_profile(published: Published) -> Frame:
    rows = published("scotland_primary_breast_registrations_by_age.csv")
    rows = rows[(rows["icd10"] == "C50") & (rows["sex"] == "Females")].drop(columns=["IncidencesAllAges"])
    rows = rows.assign(area_code=SCOTLAND, sex="female")
    return long_by_age(rows, ["area_code", "year", "sex"], "count", prefix="IncidencesAge")


def scotland_population(published: Published) -> Frame:
    rows = published("scotland_board_midyear_population_1981_2019.csv")
    rows = rows[rows["gender"] == "Female"].assign(sex="female")
    rows = rows.rename(columns={"population_estimate": "population"})
    by_age = scotland_population_by_age(published)
    by_age = by_age[by_age["year"].astype(int) > rows["year"].astype(int).max()]
    later = by_age["population"].astype(int).groupby(by_age["year"]).sum().astype(str).reset_index()
    rows = pd.concat([rows, later.assign(area_code=SCOTLAND, sex="female")], ignore_index=True)
    return rows.sort_values(["area_code", "year"])[["area_code", "year", "sex", "population"]]


def scotland_population_by_age(published: Published) -> Frame:
    rows = published("scotland_population_by_age_sex_1997_2021.csv")
    rows = rows[rows["sex"] == "Females"].assign(area_code=SCOTLAND, sex="female")
    return long_by_age(rows, ["area_code", "year", "sex"], "population")


def scotland_board_person_years(published: Published) -> Frame:
    rows = published("scotland_board_person_years_by_age_sex_2016_2020.csv")
    rows = rows[rows["sex"] == "Female"].rename(columns={"hb": "area_code", "hb_name": "area_name"})
    rows = rows.assign(sex="female", year_from="2016", year_to="2020")
    rows.loc[rows["area_code"] == ISLANDS, "area_name"] = "Orkney, Shetland and Western Isles together"
    return long_by_age(rows, ["area_code", "area_name", "year_from", "year_to", "sex"], "person_years")


def _nations(published: Published, column: str) -> Frame:
    rows = published("uk_nations_female_breast_deaths_and_registrations.csv")
    rows = rows[rows[column] != ""].assign(sex="female").rename(columns={"gss": "area_code", column: "count"})
    return rows.sort_values(["area_code", "year"])[["area_code", "year", "sex", "count"]]


def uk_nations_deaths(published: Published) -> Frame:
    return _nations(published, "female_breast_deaths")


def uk_nations_primary_registrations(published: Published) -> Frame:
    rows = _nations(published, "female_breast_incidence")
    complete = rows.groupby("year")["area_code"].transform("nunique") == rows["area_code"].nunique()
    return rows[complete]


def esp2013(published: Published) -> Frame:
    rows = published("esp2013.csv")
    return rows.assign(age_band=rows["age"].map(FIGURES))[["age_band", "weight"]]


def geography_codes(published: Published) -> Frame:
    rows = published("geography_codes.csv")
    rows = rows.rename(columns={"code": "area_code", "name": "area_name", "type": "area_level"})
    for column in ("enacted", "archived"):
        rows[column] = [f"{t[:4]}-{t[4:6]}-{t[6:]}" if t else "" for t in rows[column]]
    return rows


def _current(published: Published, level: str) -> Frame:
    rows = geography_codes(published)
    rows = rows[(rows["area_level"] == level) & (rows["archived"] == "")]
    return rows.sort_values("area_code")[["area_code", "area_name", "area_level"]]


def scotland_boards(published: Published) -> Frame:
    return _current(published, "NHS health board")


def scotland_cancer_networks(published: Published) -> Frame:
    code = scotland_boards(published).set_index("area_name")["area_code"]
    return pd.DataFrame([(group, name, code[board]) for (group, name), boards in NETWORKS.items() for board in boards],
                        columns=["group_code", "group_name", "area_code"])


def scotland_board_neighbours(published: Published) -> Frame:
    code = scotland_boards(published).set_index("area_name")["area_code"]
    pairs = sorted(sorted((code[a], code[b])) for a, others in BORDERS.items() for b in others)
    return pd.DataFrame(pairs, columns=["area_code", "neighbour_code"])


def uk_nations(published: Published) -> Frame:
    return _current(published, "UK nation")


def _survival(published: Published) -> Frame:
    rows = published(SURVIVAL_FILE)
    decided = {d.row for d in SURVIVAL} | set(CONTRASTS)
    if decided != set(range(1, len(rows) + 1)):
        raise SystemExit(f"{SURVIVAL_FILE}: rows without a decision, or decisions without a row")
    found = []
    for d in SURVIVAL:
        cells = rows.iloc[d.row - 1]
        column, number = ("ci_or_note", d.number[5:]) if d.number.startswith("note:") else ("value", d.number)
        scale = 12.0 if d.unit == "months" else 1.0
        bounds = numbers_in(cells["ci_or_note"])[:2] if d.bounds else ["", ""]
        texts = (numbers_in(cells[column])[int(number) - 1], *bounds)
        value, lower, upper = (f"{float(t) / scale:.6g}" if t else "" for t in texts)
        found.append({
            "study": d.study, "presentation": d.presentation, "survival_kind": d.kind, "measure": d.measure,
            "duration_from_years": d.start, "duration_years": d.years, "value": value, "lower": lower,
            "upper": upper, "n": d.n, "diagnosis_year_from": str(d.diagnosed[0]),
            "diagnosis_year_to": str(d.diagnosed[1]), "de_novo_share": d.share, "note": d.note,
            "source": FULL_SOURCE.get(cells["source"], cells["source"]), "subgroup": d.subgroup,
            "reason_not_used": d.unused})
    return pd.DataFrame(found)


def published_survival(published: Published) -> Frame:
    rows = _survival(published)
    return rows[rows["reason_not_used"] == ""].drop(columns=["subgroup", "reason_not_used"])


def published_survival_not_used(published: Published) -> Frame:
    rows = _survival(published)
    original = published(SURVIVAL_FILE).to_dict("records")
    contrasts = pd.DataFrame([
        {"study": original[row - 1]["population"], "presentation": "all", "measure": measure,
         "value": original[row - 1]["value"], "source": original[row - 1]["source"],
         "reason_not_used": reason}
        for row, (measure, reason) in CONTRASTS.items()])
    return pd.concat([rows[rows["reason_not_used"] != ""], contrasts], ignore_index=True).fillna("")


def distant_recurrence_seer(published: Published) -> Frame:
    rows = published("seer_conditional_metastatic_recurrence_pct.csv")
    parts = {name: rows[column].str.split("-", expand=True) for name, column in (
        ("age", "age_group"), ("diagnosis_year", "dx_period"), ("duration", "years_interval"))}
    return pd.DataFrame({
        "study": "US SEER", "risk_kind": rows["risk_kind"], "stage": rows["stage"],
        "receptor": rows["hr_status"], "age_from": parts["age"][0], "age_to": parts["age"][1],
        "diagnosis_year_from": parts["diagnosis_year"][0], "diagnosis_year_to": parts["diagnosis_year"][1],
        "duration_from_years": parts["duration"][0], "duration_to_years": parts["duration"][1],
        "value": [f"{float(v) / 100:.6g}" for v in rows["conditional_pct_progressing"]],
        "source": "PMC8343992, Table 3"})


def distant_recurrence_other(published: Published) -> Frame:
    rows = published(RECURRENCE_FILE)
    if {d.row for d in RECURRENCE} | set(RECURRENCE_LEFT_OUT) != set(range(1, len(rows) + 1)):
        raise SystemExit(f"{RECURRENCE_FILE}: rows without a decision, or decisions without a row")
    found = []
    for d in RECURRENCE:
        cells = rows.iloc[d.row - 1]
        values = [float(t) for t in numbers_in(cells["value"])]
        value = (values[d.number - 1] + values[d.number]) / 2 if d.unit == "range" else values[d.number - 1]
        texts = [value, *(float(t) for t in numbers_in(cells["note"])[:2])] if d.bounds else [value]
        if d.unit == "count":
            shares = [value / float(d.n)]
        elif d.unit == "hazard":
            shares = [-math.expm1(-t / 100) for t in texts]
        else:
            shares = [t / 100 for t in texts]
        lower, upper = (f"{s:.6g}" for s in shares[1:]) if d.bounds else ("", "")
        found.append({
            "study": cells["study"], "risk_kind": "crude", "stage": d.stage, "receptor": d.receptor,
            "subgroup": d.subgroup, "diagnosis_year_from": d.diagnosed[0],
            "diagnosis_year_to": d.diagnosed[1], "duration_from_years": f"{d.years[0]:g}",
            "duration_to_years": f"{d.years[1]:g}",
            "value": f"{shares[0]:.6g}", "lower": lower, "upper": upper, "n": d.n, "note": d.note,
            "source": cells["source"]})
    return pd.DataFrame(found)


def other_cause_mortality_scotland(published: Published) -> Frame:
    shape = published("uk_life_table_shape.csv")
    shape = shape[shape["sex"] == "Female"].assign(age=lambda f: f["age"].astype(int)).sort_values("age")
    expectancy = published("scotland_female_life_expectancy_1980_2016.csv").set_index("year")
    expectancy.index = expectancy.index.astype(int)
    deaths, people = (
        frame.assign(year=frame["year"].astype(int), **{value: frame[value].astype(float)})
        .pivot(index="year", columns="age_band", values=value)
        for frame, value in ((scotland_deaths(published), "count"),
                             (scotland_population_by_age(published), "population")))
    ages = {band: (low, (high or LAST_AGE + 1) - 1) for band in BANDS for low, high in [parse_age_band(band)]}
    rates = rates_by_single_age(deaths, people, ages)
    table = other_cause_table(
        hazard_from_qx(shape["qx"].astype(float)), expectancy["life_expectancy_at_birth"].astype(float),
        rates, list(LIFE_TABLE_YEARS))
    table["hazard"] = [f"{h:.6e}" for h in table["hazard"]]
    return table[["age", "year", "hazard"]]


def main(arguments: list[str] | None = None) -> int:
    """Write every carried table; return the exit code."""
    from comparison_tables import comparison_figures, completeness_published

    home = Path(__file__).resolve().parents[1] / "src" / "sbc_prevalence" / "data" / "carried"
    parser = argparse.ArgumentParser(description="Build the carried tables from published figures.")
    parser.add_argument("folder", type=Path, help="folder of published figures")
    parser.add_argument("--out", type=Path, default=home, help="where the tables are written")
    chosen = parser.parse_args(arguments)
    chosen.out.mkdir(parents=True, exist_ok=True)
    tables: tuple[Callable[[Published], Frame], ...] = (
        scotland_deaths, scotland_primary_registrations, scotland_primary_age_profile, scotland_population,
        scotland_population_by_age, scotland_board_person_years, scotland_boards, scotland_cancer_networks,
        scotland_board_neighbours, geography_codes, esp2013,
        uk_nations, uk_nations_deaths, uk_nations_primary_registrations, published_survival,
        published_survival_not_used, distant_recurrence_seer, distant_recurrence_other,
        other_cause_mortality_scotland, completeness_published, comparison_figures)
    for table in tables:
        frame = table(Published(chosen.folder))
        (chosen.out / f"{table.__name__}.csv").write_text(
            frame.to_csv(index=False, lineterminator="\n"), encoding="utf-8", newline="")
        print(f"{table.__name__}: {len(frame)} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
