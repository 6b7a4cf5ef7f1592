"""The sheet: read where it lies, every fault in one list, and reduced to times, states and counts without identifiers."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from sbc_prevalence.config.trust import TrustConfig
from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.grid import DE_NOVO, RECURRENT
from sbc_prevalence.records import CaseDefinition, define_cases, open_records, preset, validate_records
from sbc_prevalence.records.engine import Records, read_by_engine
from sbc_prevalence.records.mapping import RecordMapping, load_mapping
from sbc_prevalence.records.schema import DISTANT_SITES, ROUTES
from sbc_prevalence.trust.people import DAYS_PER_YEAR, People

CARE_COLUMN = "Treated"
HERE, ELSEWHERE = "Here", "Elsewhere"
MEAN_AGE = 65.0
"""Where no year of birth is given."""
SOURCE = "sheet"


@dataclass(frozen=True, repr=False)
class Sheet:
    """What is taken from a sheet. Shown by its numbers only.

    Parameters
    ----------
    people : People
        Those who are counted.
    recorded : mapping of int to int
        People recorded by calendar year of diagnosis.
    routes, sites : mapping of str to int
        Of those known to be living; sites may be several for one person.
    n_known : int
        Known to be living.
    apart : mapping of str to int
        People on the sheet who are not counted: ``people``, and ``known_living`` of them.
    attrition : DataFrame
        Rows that the case definition removed.
    warnings : tuple of Problem
    rows : int
    sha256 : str
        Of the file.
    """

    people: People
    recorded: dict[int, int]
    routes: dict[str, int]
    sites: dict[str, int]
    n_known: int
    apart: dict[str, int]
    attrition: pd.DataFrame
    warnings: tuple[Problem, ...]
    rows: int
    sha256: str

    def __repr__(self) -> str:
        return f"Sheet(rows={self.rows}, counted={self.people.n}, known_living={self.n_known})"


def mapping_of(config: TrustConfig) -> RecordMapping:
    """The mapping of a sheet: the template's headings, or the user's own."""
    chosen = preset("trust_sheet") if config.mapping is None else load_mapping(config.directory / config.mapping)
    return chosen.with_constants(source=SOURCE, extract_date=config.extract_date)


def definition_of(config: TrustConfig) -> CaseDefinition:
    """The case definition of a run."""
    return CaseDefinition(window_days=config.window_days, sex=config.sex, followed_to=config.followed_to,
                          unknown_presentation="keep", unknown_status=config.unknown_status)


def read_sheet(config: TrustConfig) -> Sheet:
    """The people of a sheet who are counted.

    Parameters
    ----------
    config : TrustConfig

    Raises
    ------
    DataError
        With every fault of the sheet: counts and row numbers, never a cell.
    """
    from sbc_prevalence.data.tables import sha256_of

    raw = open_records(config.sheet_path, name=config.sheet)
    definition = definition_of(config)
    report = validate_records(raw, mapping=mapping_of(config), definition=definition, index_dates=[config.index_date])
    found = [*report.problems, *_care_problems(raw, config)]
    if report.records is None or any(p.severity == "error" for p in found):
        raise DataError(found)
    records = report.records
    cases, attrition = read_by_engine(lambda: _cases(records, raw, config, definition), config.sheet)
    by_day = cases[cases["diagnosed"] <= pd.Timestamp(config.index_date)]
    counted = _counted(by_day, config)
    if not counted.any():
        raise DataError([Problem("E-EMPTY", config.sheet, "nobody on the sheet is counted",
                                 "Look at 'counted', 'catchment' and the index date.")])
    rows = by_day[counted]
    people = _people(rows, config)
    known = rows[people.known_living]
    others = by_day[~counted]
    return Sheet(
        people, {int(y): int(n) for y, n in rows["diagnosed"].dt.year.value_counts().sort_index().items()},
        {name: int((known["route"] == name).sum()) for name in ROUTES},
        {name: int(known[name].eq(True).sum()) for name in DISTANT_SITES},
        len(known), {"people": len(others), "known_living": int(_states(others, config)[0].sum())}, attrition,
        report.warnings, raw.rows, sha256_of(config.sheet_path.read_bytes()))


def _care_problems(raw: Records, config: TrustConfig) -> list[Problem]:
    """Faults of the column that says where people are treated."""
    if CARE_COLUMN not in raw.columns:
        if config.counted == "resident":
            return []
        return [Problem("E-COLUMN-MISSING", config.sheet, "the sheet must say where people are treated",
                        f"Add the column: {HERE} or {ELSEWHERE}; an empty cell means {HERE}.", column=CARE_COLUMN)]
    from sbc_prevalence.records.apply import Fault, problems_from, stripped

    text = stripped(raw.table[CARE_COLUMN].cast("string")).fill_null("")
    fault = Fault("E-WORD", CARE_COLUMN, ~text.lower().isin(["", HERE.lower(), ELSEWHERE.lower()]),
                  f"this column holds {HERE} or {ELSEWHERE}", "Correct the cells.")
    return problems_from(raw.table, [fault], config.sheet, raw.rows)


def _cases(records: Records, raw: Records, config: TrustConfig, definition: CaseDefinition) -> tuple[
        pd.DataFrame, pd.DataFrame]:
    """One row for each person without the pseudonym, and the attrition."""
    from sbc_prevalence.records.apply import mapped_columns, stripped

    cases = define_cases(records, definition)
    columns, _ = mapped_columns(raw.table, mapping_of(config))
    elsewhere = (stripped(raw.table[CARE_COLUMN].cast("string")).fill_null("").lower() == ELSEWHERE.lower()
                 if CARE_COLUMN in raw.columns else columns["person_id"].isnull())
    care = raw.table.select(care_id=columns["person_id"], elsewhere=elsewhere)
    care = care.group_by("care_id").aggregate(elsewhere=care.elsewhere.any())
    # The two tables lie on the engine under different expressions; only what is needed of the people leaves it.
    care_rows = care.execute()
    kept = ["person_id", "area_code", "birth_year", "presentation", "registration_date", "metastatic_date", "exit_date",
            "death_date", "died", "route", *DISTANT_SITES]
    frame = cases.table.select(*kept).execute().merge(care_rows, left_on="person_id", right_on="care_id", how="left")
    frame = frame.drop(columns=["person_id", "care_id"])
    for name in ("metastatic_date", "registration_date", "exit_date", "death_date"):
        frame[name] = pd.to_datetime(frame[name])
    return frame.rename(columns={"metastatic_date": "diagnosed"}).sort_values(
        ["diagnosed", "exit_date"], kind="stable").reset_index(drop=True), cases.attrition


def _counted(frame: pd.DataFrame, config: TrustConfig) -> "pd.Series[bool]":
    if config.counted == "treated_here":
        return ~frame["elsewhere"].eq(True)
    return frame["area_code"].isin(config.catchment)


def _states(frame: pd.DataFrame, config: TrustConfig) -> tuple[Any, Any]:
    """Who is known to live, and who to have died, at the end of the index date."""
    day = pd.Timestamp(config.index_date)
    dead = (frame["died"] & (frame["death_date"] <= day)).to_numpy(bool)
    return ((frame["exit_date"] >= day).to_numpy(bool) & ~dead), dead


def _people(frame: pd.DataFrame, config: TrustConfig) -> People:
    day, began = pd.Timestamp(config.index_date), pd.Timestamp(config.sheet_began)
    known, dead = _states(frame, config)
    since = _years(day - frame["diagnosed"])
    end = _years(frame["exit_date"] - frame["diagnosed"])
    recent = (frame["diagnosed"] >= began).to_numpy(bool)
    entered = _years(frame["registration_date"] - frame["diagnosed"])
    # Whoever was diagnosed before the sheet and has no day of entry was seen by nobody until an unknown day.
    entry = np.where(np.isnan(entered), np.where(recent, 0.0, np.inf), np.maximum(entered, 0.0))
    ages = frame["diagnosed"].dt.year - pd.to_numeric(frame["birth_year"], errors="coerce")
    told = np.asarray(frame["presentation"].map({DE_NOVO: 1.0, RECURRENT: 0.0}), dtype=np.float64)
    return People(
        since, told, recent, known, dead, np.minimum(end, since), entry, end, frame["died"].to_numpy(bool),
        frame["diagnosed"].dt.year.to_numpy(np.int64), (day - began).days / DAYS_PER_YEAR,
        float(ages.mean()) if ages.notna().any() else MEAN_AGE)


def _years(length: "pd.Series[Any]") -> Any:
    return length.dt.days.to_numpy(float) / DAYS_PER_YEAR


def full_years(config: TrustConfig) -> tuple[int, ...]:
    """Calendar years that lie whole between the beginning of the sheet and the index date."""
    first = config.sheet_began.year + (config.sheet_began != date(config.sheet_began.year, 1, 1))
    after = config.index_date + timedelta(days=1)
    last = after.year - 1
    return tuple(range(first, last + 1))


