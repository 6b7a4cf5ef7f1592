"""Tables of the study with every kind of evidence: published totals where the package carries them, the rest made up.

``python benchmarks/all_sources/make_tables.py`` writes ``tables/`` beside this file. The made-up counts give rows, sizes
and shapes: the benchmark replaces them by counts simulated from the model.
"""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from sbc_prevalence.data.catalogue import load_carried

HERE = Path(__file__).parent
ENGLAND, WALES, IRELAND, SCOTLAND = "E92000001", "W92000004", "N92000002", "S92000003"
BANDS = ("0-49", "50-64", "65-79", "80+")
AGES_AT_DEATH, AGES_AT_DIAGNOSIS = (0.09, 0.24, 0.35, 0.32), (0.16, 0.30, 0.36, 0.18)
AGES_OF_PEOPLE = (0.62, 0.19, 0.13, 0.06)
WOMEN = {ENGLAND: 27_600_000, WALES: 1_570_000, IRELAND: 930_000}
DEATHS, PRIMARIES, REGISTERED, RECENT = range(2001, 2021), range(2002, 2021), range(2008, 2021), range(2016, 2021)
NEWLY_PER_PRIMARY = {"de_novo": 0.06, "recurrent": 0.20}
"""Metastatic diagnoses for each primary of the same year: round numbers."""

Frames = dict[str, pd.DataFrame]


def carried(name: str) -> pd.DataFrame:
    """A carried table, its numbers as numbers."""
    frame = pd.DataFrame(load_carried(name).frame)
    numbers = [column for column in ("year", "count", "population") if column in frame]
    return frame.astype(dict.fromkeys(numbers, int))


def split(total: float, shares: tuple[float, ...]) -> list[int]:
    """Whole people by share; the last part takes what is left."""
    parts = [round(total * share) for share in shares[:-1]]
    return [*parts, round(total) - sum(parts)]


def areas() -> Frames:
    """Three nations and the boards of the fourth."""
    nations = carried("uk_nations")[["area_code", "area_name", "area_level"]]
    boards = carried("scotland_boards")[["area_code", "area_name", "area_level"]]
    members = boards[["area_code"]].assign(group_code=SCOTLAND, group_name="Scotland")
    return {"areas": pd.concat([nations[nations["area_code"] != SCOTLAND], boards]), "groups": members}


def primaries() -> pd.DataFrame:
    """As published, of every area in every year."""
    nations, boards = carried("uk_nations_primary_registrations"), carried("scotland_primary_registrations")
    both = pd.concat([nations[nations["area_code"] != SCOTLAND], boards])
    return both.loc[both["year"].isin(PRIMARIES), ["area_code", "year", "count"]]


def deaths() -> pd.DataFrame:
    """Published totals of the nations, with one mix of ages."""
    known = carried("uk_nations_deaths")
    known = known[known["year"].isin(DEATHS)]
    return pd.DataFrame([
        (code, int(year), band, n) for code, year, count in known[["area_code", "year", "count"]].itertuples(index=False)
        for band, n in zip(BANDS, split(float(count), AGES_AT_DEATH), strict=True)],
        columns=["area_code", "year", "age_band", "count"])


def population(codes: list[str]) -> pd.DataFrame:
    """Women by age: published totals of the boards, round numbers elsewhere."""
    boards = carried("scotland_population")
    latest = boards[boards["year"] == 2015].set_index("area_code")["population"].to_dict()
    women = {**WOMEN, **latest}
    return pd.DataFrame([
        (code, year, band, max(n, 1)) for code, year in product(codes, DEATHS)
        for band, n in zip(BANDS, split(women[code] * (1 + 0.005 * (year - 2015)), AGES_OF_PEOPLE), strict=True)],
        columns=["area_code", "year", "age_band", "population"])


def newly(known: pd.DataFrame, code: str, year: int, kind: str, share: float = 1.0) -> float:
    """Made-up metastatic diagnoses of an area and year that a source holds."""
    primaries = known.loc[(known["area_code"] == code) & (known["year"] == year), "count"].sum()
    return float(primaries) * NEWLY_PER_PRIMARY[kind] * share


def registrations(known: pd.DataFrame, boards: list[str]) -> Frames:
    """Registers of three nations, and what is known of how they are filled."""
    def by_age(codes: list[str], kind: str, share: float) -> pd.DataFrame:
        return pd.DataFrame([
            (code, year, kind, band, n) for code, year in product(codes, REGISTERED)
            for band, n in zip(BANDS, split(newly(known, code, year, kind, share), AGES_AT_DIAGNOSIS), strict=True)],
            columns=["area_code", "year", "presentation", "age_band", "count"])

    answers = ["full", "partial", "full", "none", "no_answer", "partial", "full"]
    survey = [(code, answers[i % len(answers)]) for i, code in enumerate(boards)]
    survey += [(code, "no_answer") for code in (ENGLAND, WALES, IRELAND)]
    audited = [(code, "de_novo", "the boards' registry", 60 + 5 * i, 48 + 4 * i) for i, code in enumerate(boards[:5])]
    triangle = [
        (SCOTLAND, year, "de_novo", report,
         round(sum(newly(known, b, year, "de_novo", 0.75) for b in boards) * (1 - 0.45 * 0.3 ** (report - year))))
        for year in REGISTERED for report in range(max(year, 2012), 2021)]
    ireland = [(IRELAND, year, "all", round(newly(known, IRELAND, year, "de_novo", 0.8)
                                            + newly(known, IRELAND, year, "recurrent", 0.8))) for year in REGISTERED]
    strata = [("registered", "yes", 4000, 200, 184), ("coded elsewhere", "no", 9000, 300, 84)]
    return {
        "boards": by_age(boards, "de_novo", 0.75), "england": by_age([ENGLAND], "recurrent", 0.6),
        "survey": pd.DataFrame(survey, columns=["area_code", "answer"]),
        "audit": pd.DataFrame(audited, columns=["area_code", "presentation", "source_audited", "n_known", "n_found"]),
        "triangle": pd.DataFrame(triangle, columns=["area_code", "year", "presentation", "report_year", "count"]),
        "northern-ireland": pd.DataFrame(ireland, columns=["area_code", "year", "presentation", "count"]),
        "found-at-death": pd.DataFrame(
            [(code, year, kind, n, round(0.08 * n), round(0.06 * n)) for code, year, kind, n in ireland],
            columns=["area_code", "year", "presentation", "registered_in_life", "death_initiated", "certificate_only"]),
        "validation": pd.DataFrame(
            [(ENGLAND, "recurrent", "an English register", *row) for row in strata],
            columns=["area_code", "presentation", "source_audited", "stratum", "in_source", "n_records", "n_examined",
                     "n_true"])}


def lists(known: pd.DataFrame, boards: list[str]) -> pd.DataFrame:
    """Recurrences of five years by the lists that hold them: found with 0.75, 0.7 and 0.5 independently."""
    found = (0.75, 0.70, 0.50)
    return pd.DataFrame([
        (code, year, "recurrent", "".join(map(str, seen)),
         round(newly(known, code, year, "recurrent")
               * float(np.prod([p if x else 1 - p for x, p in zip(seen, found, strict=True)]))))
        for code, year, seen in product(boards, RECENT, product((0, 1), repeat=3)) if any(seen)],
        columns=["area_code", "year", "presentation", "history", "count"])


def others(known: pd.DataFrame) -> Frames:
    """People under one code in Wales; people flagged in England."""
    wales = pd.DataFrame([
        (WALES, year, "recurrent", round(newly(known, WALES, year, "recurrent", 1.2)), *((120, 80) if year == 2016 else
                                                                                      (None, None)))
        for year in REGISTERED],
        columns=["area_code", "year", "presentation", "count", "n_validated", "n_metastatic"])
    wales = wales.astype({"n_validated": "Int64", "n_metastatic": "Int64"})
    flagged = pd.DataFrame(
        [(ENGLAND, f"{year}-12-31", 37_000 + 500 * (year - 2013), 480_000 + 9_000 * (year - 2013))
         for year in range(2013, 2021)], columns=["area_code", "index_date", "count", "base_population"])
    return {"wales": wales, "flagged": flagged}


def survival(seed: int = 20261124) -> Frames:
    """Records of 2,000 people, and a life table of another population."""
    rng = np.random.default_rng(seed)
    n = 2000
    recurrent = rng.uniform(size=n) < 0.7
    life = (rng.exponential(size=n) / np.where(recurrent, 1.4, 1.0)) ** (1 / 0.85) / 0.32
    entry = rng.exponential(0.2, n)
    exit_ = np.minimum(life, 8.0)
    people = pd.DataFrame({
        "presentation": np.where(recurrent, "recurrent", "de_novo"), "diagnosis_year": rng.integers(2008, 2013, n),
        "entry_years": entry.round(3), "exit_years": exit_.round(3), "died": (life <= 8.0).astype(int)})
    edges = np.array([0, 0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 8])
    cells = []
    for kind, ratio in (("de_novo", 1.0), ("recurrent", 1.4)):
        hazard = ratio * (0.34 * edges) ** 0.85
        at_risk = np.round(1500 * np.exp(-hazard)).astype(int)
        cells += [(kind, 2010, 2014, *edges[i:i + 2], at_risk[i] - at_risk[i + 1], at_risk[i], 0)
                  for i in range(edges.size - 1)]
    return {"patients": people[people["entry_years"] < people["exit_years"]],
            "cells": pd.DataFrame(cells, columns=[
                "presentation", "diagnosis_year_from", "diagnosis_year_to", "duration_from_years", "duration_to_years",
                "deaths", "at_risk", "withdrawn"])}


def tables() -> Frames:
    """Every table by name."""
    of_areas, known = areas(), primaries()
    codes = list(of_areas["areas"]["area_code"])
    boards = [code for code in codes if code.startswith("S08")]
    return {**of_areas, "primaries": known, "deaths": deaths(), "population": population(codes),
            **registrations(known, boards), "lists": lists(known, boards), **others(known), **survival()}


def write(folder: Path = HERE / "tables") -> Path:
    """Write every table as CSV and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables().items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


if __name__ == "__main__":
    print(write())
