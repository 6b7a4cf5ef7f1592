"""Bad input is refused before sampling: file, column, file rows, remedy, all at once, never a cell."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest

from sbc_prevalence.data.areas import area_set_from
from sbc_prevalence.data.catalogue import carried_kind, load_carried
from sbc_prevalence.data.read import read_table
from sbc_prevalence.data.tables import FIRST_DATA_ROW, Provenance
from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.evidence import EvidenceBundle, bundle_from_tables
from sbc_prevalence.grid import AreaSet

CANARY = "0101019991"
TABLES = {
    "deaths": "scotland_deaths",
    "primary_registrations": "scotland_primary_registrations",
    "population": "scotland_population",
    "published_survival": "published_survival",
    "distant_recurrence": "distant_recurrence_seer",
    "other_cause_mortality": "other_cause_mortality_scotland",
}
COLUMN_OF = {"deaths": "count", "primary_registrations": "count", "population": "population"}

type Frames = dict[str, pd.DataFrame]
type Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def areas() -> AreaSet:
    return area_set_from(load_carried("scotland_boards"), total_code="S92000003", total_name="Scotland")


@pytest.fixture(scope="module")
def carried() -> Frames:
    frames = {kind: load_carried(name).copy() for kind, name in TABLES.items()}
    mortality = frames["other_cause_mortality"]
    frames["other_cause_mortality"] = mortality[mortality["year"].isin(["2019", "2020"])].reset_index(
        drop=True
    )
    return frames


def write_and_read(frames: Frames, folder: Path, areas: AreaSet) -> EvidenceBundle:
    """What a user does: CSV files on disk, read as the pipeline reads them."""
    entries = []
    for kind, frame in frames.items():
        path = folder / f"{kind}.csv"
        frame.to_csv(path, index=False, encoding="utf-8")
        origin = Provenance(name=path.name, source="a registry", as_of="2025-12-31")
        entries.append((kind, read_table(path, provenance=origin), {}))
    return bundle_from_tables(entries, areas)


def problems_of(frames: Frames, folder: Path, areas: AreaSet) -> tuple[Problem, ...]:
    with pytest.raises(DataError) as caught:
        write_and_read(frames, folder, areas)
    assert caught.value.exit_code == 2
    return caught.value.problems


def cell(column: str, text: str, *positions: int) -> Change:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.copy()
        frame.loc[list(positions), column] = text
        return frame

    return change


def column(name: str, how: Callable[[pd.Series], pd.Series]) -> Change:
    return lambda frame: frame.assign(**{name: how(frame[name])})


def rows_where(name: str, text: str, keep: bool) -> Change:
    return lambda frame: frame[(frame[name] == text) == keep].reset_index(drop=True)


def add_rows(**changes: str) -> Change:
    """Repeat the first row at the end, changed."""
    return lambda frame: pd.concat([frame, frame.iloc[[0]].assign(**changes)], ignore_index=True)


def totals_row(frame: pd.DataFrame) -> pd.DataFrame:
    summed = frame.assign(count=frame["count"].astype(int)).groupby("year")["count"].sum().reset_index()
    total = summed.assign(area_code="S92000003", sex="female").astype(str)
    return pd.concat([frame, total], ignore_index=True)


def cell_of(frame: pd.DataFrame, name: str, **where: str) -> int:
    mask = pd.Series(True, index=frame.index)
    for key, text in where.items():
        mask &= frame[key] == text
    return int(frame.index[mask][0])


@dataclass(frozen=True)
class Bad:
    """One bad input: how a sound table is spoilt, and what the reader must be told."""

    name: str
    kind: str
    change: Change
    code: str
    column: str | None
    rows: tuple[int, ...] | None
    remedy: str


def at(*positions: int) -> tuple[int, ...]:
    return tuple(p + FIRST_DATA_ROW for p in positions)


PRIMARY, SURVIVAL, RECURRENCE = "primary_registrations", "published_survival", "distant_recurrence"

BAD = [
    Bad(
        "fractional count",
        "deaths",
        cell("count", "40.5", 7),
        "E-FRACTION",
        "count",
        at(7),
        "nothing is rounded",
    ),
    Bad(
        "negative count",
        "deaths",
        cell("count", "-3", 7, 9),
        "E-NEGATIVE",
        "count",
        at(7, 9),
        "Correct the cells",
    ),
    Bad("empty count", "deaths", cell("count", "", 7), "E-MISSING", "count", at(7), "Write 0 where nobody"),
    Bad("NaN count", "deaths", cell("count", "NaN", 7), "E-MISSING", "count", at(7), "Write 0 where nobody"),
    Bad("NA count", PRIMARY, cell("count", "NA", 3), "E-MISSING", "count", at(3), "Write 0 where nobody"),
    Bad("infinite count", PRIMARY, cell("count", "inf", 3), "E-INFINITE", "count", at(3), "division by zero"),
    Bad("1e3", PRIMARY, cell("count", "1e3", 3), "E-EXPONENT", "count", at(3), "Write all the digits"),
    Bad("1,234", PRIMARY, cell("count", "1,234", 3), "E-THOUSANDS", "count", at(3), "Write 1234"),
    Bad("1 234", PRIMARY, cell("count", "1 234", 3), "E-THOUSANDS", "count", at(3), "Write 1234"),
    Bad(
        "decimal comma", PRIMARY, cell("count", "12,5", 3), "E-DECIMAL-COMMA", "count", at(3), "with a point"
    ),
    Bad("unicode minus", PRIMARY, cell("count", "−12", 3), "E-UNICODE", "count", at(3), "retype"),
    Bad("Arabic digits", PRIMARY, cell("count", "١٢", 3), "E-UNICODE", "count", at(3), "retype"),
    Bad("no-break space", PRIMARY, cell("count", "1\u00a0234", 3), "E-UNICODE", "count", at(3), "retype"),
    Bad("TRUE", PRIMARY, cell("count", "TRUE", 3), "E-NOT-NUMBER", "count", at(3), "digits only"),
    Bad(
        "<5",
        PRIMARY,
        cell("count", "<5", 3),
        "E-SUPPRESSED",
        "count",
        at(3),
        "count_lower, count_upper, count_status",
    ),
    Bad(
        "*",
        PRIMARY,
        cell("count", "*", 3),
        "E-SUPPRESSED",
        "count",
        at(3),
        "count_lower, count_upper, count_status",
    ),
    Bad("[c]", "deaths", cell("count", "[c]", 3), "E-SUPPRESSED", "count", at(3), "1,4,suppressed"),
    Bad(
        "identifier as count", PRIMARY, cell("count", CANARY, 3), "E-TOO-LARGE", "count", at(3), "identifier"
    ),
    Bad(
        "zero-led code",
        PRIMARY,
        cell("count", "007", 3),
        "E-LEADING-ZERO",
        "count",
        at(3),
        "code or an identifier",
    ),
    Bad(
        "identifier in a source",
        SURVIVAL,
        cell("source", CANARY, 3),
        "E-IDENTIFIER",
        "source",
        at(3),
        "remove them",
    ),
    Bad("formula", SURVIVAL, cell("source", "=1+1", 3), "E-FORMULA", "source", at(3), "Remove the sign"),
    Bad(
        "rates for counts",
        PRIMARY,
        column("count", lambda c: (c.astype(int) / 7.3).map(str)),
        "E-RATE",
        "count",
        None,
        "number of people",
    ),
    Bad(
        "small rates for counts",
        "deaths",
        column("count", lambda c: (c.astype(int) / 1e5).map("{:.6f}".format)),
        "E-RATE",
        "count",
        None,
        "number of people",
    ),
    Bad(
        "missing board",
        PRIMARY,
        rows_where("area_code", "S08000029", False),
        "E-AREA-MISSING",
        "area_code",
        None,
        "S08000029 (NHS Fife)",
    ),
    Bad(
        "unknown code",
        PRIMARY,
        column("area_code", lambda c: c.replace("S08000029", "S08000099")),
        "E-AREA-UNKNOWN",
        "area_code",
        None,
        "Correct the code",
    ),
    Bad(
        "superseded code",
        PRIMARY,
        column("area_code", lambda c: c.replace("S08000029", "S08000018")),
        "E-AREA-SUPERSEDED",
        "area_code",
        None,
        "Write S08000029",
    ),
    Bad(
        "superseded code in population",
        "population",
        column("area_code", lambda c: c.replace("S08000031", "S08000021")),
        "E-AREA-SUPERSEDED",
        "area_code",
        None,
        "Write S08000031",
    ),
    Bad(
        "name for code",
        PRIMARY,
        column("area_code", lambda c: c.replace("S08000029", "NHS Fife")),
        "E-AREA-CODE",
        "area_code",
        None,
        "the GSS code S08000029",
    ),
    Bad("duplicated row", PRIMARY, add_rows(), "E-DUPLICATE", None, at(0, 350), "Remove the repeated rows"),
    Bad(
        "duplicated with another count",
        PRIMARY,
        add_rows(count="1"),
        "E-DUPLICATE",
        None,
        at(0, 350),
        "one source of the two",
    ),
    Bad("duplicated age", "deaths", add_rows(), "E-DUPLICATE", None, at(0, 551), "Remove the repeated rows"),
    Bad(
        "totals row among boards",
        PRIMARY,
        totals_row,
        "E-AREA-TOTAL",
        "area_code",
        at(*range(350, 375)),
        "Remove the rows of the total",
    ),
    Bad(
        "ages and their total",
        "deaths",
        add_rows(age_band="all", count="1250"),
        "E-TOTAL-ROW",
        "age_band",
        at(551),
        "Remove the rows of the total",
    ),
    Bad(
        "year gap in deaths", "deaths", rows_where("year", "2005", False), "E-YEAR-GAP", "year", None, "2005"
    ),
    Bad(
        "year gap in primaries",
        PRIMARY,
        rows_where("year", "2005", False),
        "E-YEAR-GAP",
        "year",
        None,
        "2005",
    ),
    Bad(
        "year gap in population",
        "population",
        rows_where("year", "2005", False),
        "E-YEAR-GAP",
        "year",
        None,
        "2005",
    ),
    Bad(
        "one board lacks a year",
        PRIMARY,
        lambda f: f.drop(index=[4]).reset_index(drop=True),
        "E-AREA-YEAR-MISSING",
        "area_code",
        None,
        "S08000015 2001",
    ),
    Bad(
        "financial year", "deaths", cell("year", "2015/16", 5), "E-YEAR-SPAN", "year", at(5), "calendar year"
    ),
    Bad("two-digit year", "deaths", cell("year", "15", 5), "E-YEAR", "year", at(5), "calendar year"),
    Bad(
        "overlapping ages",
        "deaths",
        cell(
            "age_band",
            "45-54",
            cell_of(load_carried("scotland_deaths").frame, "age_band", year="1992", age_band="50-54"),
        ),
        "E-AGE-OVERLAP",
        "age_band",
        None,
        "one set of age bands",
    ),
    Bad(
        "broken age band",
        "deaths",
        cell("age_band", "50 to 54", 3),
        "E-AGE-BAND",
        "age_band",
        at(3),
        "this form",
    ),
    Bad(
        "a band left out",
        "deaths",
        lambda f: f.drop(index=[12]).reset_index(drop=True),
        "E-AGE-GAP",
        "age_band",
        at(12),
        "Add the missing bands",
    ),
    Bad("unknown sex", "deaths", cell("sex", "F", 3), "E-CHOICE", "sex", at(3), "one of female, male, all"),
    Bad(
        "in situ disease",
        PRIMARY,
        lambda f: f.assign(icd10="D05"),
        "E-IN-SITU",
        "icd10",
        at(*range(350)),
        "Remove the rows of in situ",
    ),
    Bad(
        "unknown column",
        "deaths",
        lambda f: f.rename(columns={"age_band": "age_bnd"}),
        "E-COLUMN-UNKNOWN",
        "age_bnd",
        None,
        "did you mean 'age_band'",
    ),
    Bad(
        "missing column",
        "deaths",
        lambda f: f.drop(columns="year"),
        "E-COLUMN-MISSING",
        "year",
        None,
        "Add the",
    ),
    Bad(
        "year not over",
        "deaths",
        lambda f: f.assign(as_of="2020-06-30"),
        "E-AS-OF",
        "as_of",
        None,
        "Leave the year",
    ),
    Bad(
        "dd/mm date", "deaths", lambda f: f.assign(as_of="01/02/2021"), "E-DATE", "as_of", None, "2024-02-29"
    ),
    Bad(
        "no such day", "deaths", lambda f: f.assign(as_of="2023-02-29"), "E-DATE", "as_of", None, "2024-02-29"
    ),
    Bad(
        "survival in percent",
        SURVIVAL,
        column("value", lambda v: v.where(v.index != 0, "65")),
        "E-PERCENT",
        "value",
        at(0),
        "Divide these rows by 100, and no others",
    ),
    Bad("survival rises", SURVIVAL, cell("value", "0.66", 1), "E-SURVIVAL-RISES", "value", at(1), "hazard"),
    Bad(
        "relative as observed",
        SURVIVAL,
        lambda f: f.assign(note=f["note"].where(f.index != 1, "5-year relative survival")),
        "E-SURVIVAL-KIND",
        "survival_kind",
        at(1),
        "other-cause mortality",
    ),
    Bad("survival above 1", SURVIVAL, cell("value", "430", 1), "E-RANGE", "value", at(1), "below 1"),
    Bad(
        "survival with percent sign",
        SURVIVAL,
        cell("value", "44%", 1),
        "E-PERCENT-SIGN",
        "value",
        at(1),
        "0.87",
    ),
    Bad(
        "no kind of survival",
        SURVIVAL,
        cell("survival_kind", "", 1),
        "E-MISSING",
        "survival_kind",
        at(1),
        "Write",
    ),
    Bad(
        "recurrence without kind",
        RECURRENCE,
        lambda f: f.drop(columns="risk_kind"),
        "E-RISK-KIND",
        "risk_kind",
        None,
        "net means",
    ),
    Bad(
        "recurrence in percent",
        RECURRENCE,
        column("value", lambda v: (v.astype(float) * 100).map("{:.1f}".format)),
        "E-PERCENT",
        "value",
        None,
        "Divide these rows by 100, and no others",
    ),
    Bad(
        "ages 0-99 incomplete",
        "other_cause_mortality",
        lambda f: f.drop(index=[50]).reset_index(drop=True),
        "E-AGES",
        "age",
        None,
        "missing ages",
    ),
    Bad(
        "more deaths than women",
        "deaths",
        cell("count", "3000000", 3),
        "E-EXCEEDS-POPULATION",
        "count",
        at(*range(19)),
        "S92000003 1992",
    ),
]


@pytest.mark.parametrize("bad", BAD, ids=[bad.name for bad in BAD])
def test_each_bad_input_is_named_with_its_place_and_remedy(
    bad: Bad, carried: Frames, areas: AreaSet, tmp_path: Path
) -> None:
    frames = {**carried, bad.kind: bad.change(carried[bad.kind])}
    found = problems_of(frames, tmp_path, areas)
    hits = [p for p in found if p.code == bad.code and p.column == bad.column]
    assert hits, f"expected {bad.code} in {bad.column}, got {[(p.code, p.column) for p in found]}"
    assert hits[0].where == f"{bad.kind}.csv"
    if bad.rows is not None:
        assert hits[0].rows == bad.rows
    assert any(bad.remedy in str(hit) for hit in hits), str(hits[0])
    assert not [p for p in found if p.where != f"{bad.kind}.csv"], "other files are sound"


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind, table in TABLES.items() for name in load_carried(table).frame.columns],
)
def test_no_message_repeats_the_value_of_a_cell(
    kind: str, name: str, carried: Frames, areas: AreaSet, tmp_path: Path
) -> None:
    frames = {**carried, kind: cell(name, CANARY, 2, 5)(carried[kind])}
    found = problems_of(frames, tmp_path, areas)
    text = "\n".join(str(p) for p in found)
    assert CANARY not in text
    assert CANARY[1:] not in text


def test_every_fault_of_every_table_comes_in_one_list(
    carried: Frames, areas: AreaSet, tmp_path: Path
) -> None:
    spoilt = [
        bad
        for bad in BAD
        if bad.name
        in (
            "fractional count",
            "survival rises",
            "missing board",
            "recurrence in percent",
            "superseded code in population",
        )
    ]
    frames = dict(carried)
    for bad in spoilt:
        frames[bad.kind] = bad.change(frames[bad.kind])
    found = {(p.where, p.code) for p in problems_of(frames, tmp_path, areas)}
    assert {(f"{bad.kind}.csv", bad.code) for bad in spoilt} <= found


def test_faults_of_cells_and_of_structure_in_one_table_come_together(
    carried: Frames, areas: AreaSet, tmp_path: Path
) -> None:
    frame = add_rows()(cell("count", "-1", 3)(carried[PRIMARY]))
    codes = {p.code for p in problems_of({**carried, PRIMARY: frame}, tmp_path, areas)}
    assert {"E-NEGATIVE", "E-DUPLICATE"} <= codes


def test_a_suppressed_cell_does_not_hide_a_missing_one_of_the_same_column(
    carried: Frames, areas: AreaSet, tmp_path: Path
) -> None:
    frame = cell("count", "", 9)(cell("count", "*", 3)(carried[PRIMARY]))
    found = problems_of({**carried, PRIMARY: frame}, tmp_path, areas)
    assert {(p.code, p.rows) for p in found} == {("E-SUPPRESSED", at(3)), ("E-MISSING", at(9))}


def test_tables_that_lack_what_the_model_needs_are_refused(
    carried: Frames, areas: AreaSet, tmp_path: Path
) -> None:
    found = problems_of({"population": carried["population"]}, tmp_path, areas)
    assert [p.code for p in found] == ["E-KIND-MISSING"] * 3


def test_net_risks_and_relative_survival_need_other_cause_mortality(
    carried: Frames, areas: AreaSet, tmp_path: Path
) -> None:
    frames = {kind: frame for kind, frame in carried.items() if kind != "other_cause_mortality"}
    assert {p.code for p in problems_of(frames, tmp_path, areas)} == {"E-SURVIVAL-KIND", "E-RISK-KIND"}


def test_the_carried_tables_are_sound(carried: Frames, areas: AreaSet, tmp_path: Path) -> None:
    bundle = write_and_read(carried, tmp_path, areas)
    assert {piece.kind for piece in bundle.pieces} == set(TABLES)


def test_order_of_rows_and_columns_changes_nothing(carried: Frames, areas: AreaSet, tmp_path: Path) -> None:
    plain = write_and_read(carried, tmp_path, areas)
    shuffled = write_and_read(
        {
            kind: frame.sample(frac=1, random_state=3)[list(frame.columns[::-1])]
            for kind, frame in carried.items()
        },
        tmp_path,
        areas,
    )
    assert plain.deaths is not None and shuffled.deaths is not None  # noqa: PT018
    pd.testing.assert_frame_equal(plain.deaths.totals(), shuffled.deaths.totals())
    assert plain.align(areas) == shuffled.align(areas)


def test_the_scottish_tables_carry_the_names_that_the_catalogue_says(carried: Frames) -> None:
    assert {kind: carried_kind(name) for kind, name in TABLES.items()} == {kind: kind for kind in TABLES}


def test_the_command_refuses_bad_input_with_exit_code_2_and_without_a_traceback(
    carried: Frames, tmp_path: Path
) -> None:
    pytest.importorskip("sbc_prevalence.pipeline")
    from typer.testing import CliRunner

    from sbc_prevalence.cli import app

    cell("count", CANARY, 7)(carried["deaths"]).to_csv(tmp_path / "deaths.csv", index=False)
    example = resources.files("sbc_prevalence.data").joinpath("examples", "scotland.toml").read_text("utf-8")
    given = 'file = "deaths.csv"\nsource = "a registry"\nas_of = "2025-12-31"'
    config = tmp_path / "config.toml"
    config.write_text(example.replace('table = "carried:scotland_deaths"', given), encoding="utf-8")
    result = CliRunner().invoke(app, ["validate", str(config)])
    assert result.exit_code == 2
    assert "E-TOO-LARGE" in result.output
    assert "file row 9" in result.output
    assert CANARY not in result.output
    assert "Traceback" not in result.output
