"""The hundred bad inputs of the design, one row each: what it is, what is done about it, the code, how it is made."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from bad_input_bench import (
    CANARY_ID,
    CANARY_NAME,
    Bench,
    Change,
    Frame,
    Told,
    command,
    extract,
    people,
    project,
)
from record_worlds import frame_of, row
from sbc_prevalence.records import CaseDefinition, load_mapping

type Make = Callable[[Bench], Told]
Outcome = Literal["refused", "told", "taken"]
"""`told`: accepted with a warning; `taken`: accepted, because it means the same."""
DEATHS, PRIMARIES, POPULATION = "deaths", "primary_registrations", "population"
SURVIVAL, RECURRENCE, MORTALITY = "published_survival", "distant_recurrence", "other_cause_mortality"


@dataclass(frozen=True)
class Case:
    """One way in which one bad input occurs."""

    number: int
    what: str
    outcome: Outcome
    code: str
    make: Make


def cell(kind: str, column: str, text: str, *rows: int) -> Make:
    """A table with some cells changed."""
    return table(kind, lambda f: _with(f, column, text, *(rows or (5,))))


def _with(frame: Frame, column: str, text: str, *rows: int) -> Frame:
    frame.loc[list(rows), column] = text
    return frame


def table(kind: str, change: Change, *, canary: bool = True, **more: object) -> Make:
    return lambda bench: project(bench, {kind: change}, canary=canary, **more)  # type: ignore[arg-type]


def raw(kind: str, change: Callable[[str], str | bytes]) -> Make:
    """The text of a file changed."""
    return table(kind, lambda f: change(f.to_csv(index=False)))


def config(*changes: tuple[str, str], append: str = "", **files: str) -> Make:
    named = {name.replace("__", "."): text for name, text in files.items()}
    return lambda bench: project(bench, {}, changes, append, named)


def person(*changes: dict[str, object], **more: object) -> Make:
    """An extract in which the canary's record is faulty, and stands in odd places beside."""
    return lambda bench: extract(bench, people(*changes), **{"odd_places": True, **more})  # type: ignore[arg-type]


def warned(*changes: dict[str, object], **more: object) -> Make:
    """An extract that stays usable."""
    return person(*changes, odd_places=False, **more)


def entry(kind: str, content: str, *lines: str) -> Make:
    """A further table of evidence."""
    words = "\n".join(("[[evidence]]", f'kind = "{kind}"', f'file = "{kind}_own.csv"', 'source = "a register"',
                       'as_of = "2025-12-31"', *lines))
    return lambda bench: project(bench, {}, append=words, files={f"{kind}_own.csv": content})


def ratio(number: float) -> Change:
    return lambda f: f.assign(count=(f["count"].astype(int) / number).map("{:.4f}".format))


def numbers(kind: str, how: Callable[[int], object]) -> Make:
    return table(kind, lambda f: f.assign(count=[str(how(int(n))) for n in f["count"]]), canary=False)


def totals_row(f: Frame) -> Frame:
    summed = f.assign(count=f["count"].astype(int)).groupby("year")["count"].sum().reset_index()
    return pd.concat([f, summed.assign(area_code="S92000003", sex="female").astype(str)], ignore_index=True)


def recoded(**codes: str) -> Make:
    return table(PRIMARIES, lambda f: f.assign(area_code=f["area_code"].replace(codes)))


REGISTRATIONS = "area_code,year,presentation,count\n" + "".join(
    f"S92000003,{year},de_novo,210\nS92000003,{year},recurrent,300\n" for year in range(2016, 2020))
PRESENTED = {word: "area_code,year,presentation,count\n" + "".join(
    f"S92000003,{year},{word},{n}\n" for year in range(2016, 2020)) for word, n in (("de_novo", 210), ("recurrent", 300))}


def registered(*lines: str) -> Make:
    return entry("registrations", REGISTRATIONS, "window_days = 120", *lines)


def completeness(words: str) -> Make:
    return registered(f"completeness = {{ {words} }}")


def swapped(bench: Bench) -> Told:
    prior = 'completeness = {{ kind = "logit_normal", median = {0}, lower95 = {1}, upper95 = {2} }}'
    words = ""
    for word, numbers_ in (("de_novo", (0.3, 0.2, 0.45)), ("recurrent", (0.8, 0.7, 0.9))):
        words += "\n".join(("[[evidence]]", 'kind = "registrations"', f'file = "{word}.csv"', f'source = "{word} list"',
                            'as_of = "2025-12-31"', "window_days = 120", prior.format(*numbers_), "\n"))
    return project(bench, {}, append=words, files={f"{k}.csv": v for k, v in PRESENTED.items()})


CELLS = ("presentation,diagnosis_year_from,diagnosis_year_to,duration_from_years,duration_to_years,deaths,at_risk\n"
         "de_novo,2010,2015,0,1,{0},100\nde_novo,2010,2015,1,2,10,{1}\n")
PATIENTS = "presentation,diagnosis_date,entry_date,exit_date,died\n" + "".join(
    f"de_novo,201{i}-03-01,201{i}-03-08,201{i + 2}-05-01,0\n" for i in range(6))
LISTS = "area_code,year,year_to,history,count\n" + "".join(
    f"S92000003,{a},{b},{h},{n}\n" for a, b in ((2015, 2019), (2017, 2021))
    for h, n in (("10", 40), ("01", 50), ("11", 200)))
LIVING = "area_code,index_date,count\nS92000003,2019-12-31,1900\n"
AREAS = "area_code,area_name,area_level\n" + "S08000015,Ayrshire,board\n" * 2 + "S08000016,Borders,board\n"


def men(*changes: dict[str, object], **more: object) -> Make:
    return person(*changes, definition=None, **more)


def no_formats(bench: Bench) -> Told:
    """A mapping that leaves a date to be guessed."""
    from bad_input_bench import everything
    from sbc_prevalence.errors import InputError

    frame = people({"death_date": "01/02/2019"})()
    columns = {name: {"from": name} for name in frame.columns}
    try:
        load_mapping({"version": 1, "name": "guessed", "columns": columns})
    except InputError as error:
        return Told(True, frozenset(p.code for p in error.problems), everything(error))
    raise AssertionError("a date without a format was taken")


def heap() -> Frame:
    dull = [row(person_id=f"p{i}", metastatic_date=f"2018-{1 + i % 12:02}-{1 + (7 * i) % 27:02}",
                registration_date="2019-06-01") for i in range(60)]
    return frame_of(*dull, *[row(person_id=f"{CANARY_NAME}{i}", metastatic_date="2018-01-01",
                                 registration_date="2019-06-01") for i in range(15)])


def shifted(zone: str | None) -> Make:
    """Dates as a database gives them: instants, an hour before midnight."""
    def make(bench: Bench) -> Told:
        def rows() -> Frame:
            frame = people({})()
            day = pd.to_datetime(frame["metastatic_date"]) - pd.Timedelta(hours=1)
            return frame.assign(metastatic_date=day.dt.tz_localize(zone) if zone else day)

        return extract(bench, rows, on_disk=False)
    return make


def serial(bench: Bench) -> Told:
    """Excel's number of a day, in a column of numbers."""
    return extract(bench, lambda: people({})().assign(metastatic_date=43831), on_disk=False)


def overwritten(bench: Bench) -> Told:
    """A release folder that already holds the user's own tables."""
    bench.write("own.csv", f"{CANARY_NAME},{CANARY_ID}\n")
    return command(bench, "run", "scotland", "--headline-only", "--no-progress", "--out", str(bench.folder))


def sparse(bench: Bench) -> Told:
    """A file of two gigabytes that takes no room."""
    told_path = bench.write("deaths.csv", "")
    with told_path.open("r+b") as stream:
        stream.truncate(2 * 1024**3)
    given = 'file = "deaths.csv"\nsource = "a registry"\nas_of = "2025-12-31"'
    from bad_input_bench import EXAMPLE

    bench.write("config.toml", EXAMPLE.replace('table = "carried:scotland_deaths"', given))
    try:
        return command(bench, "validate", str(bench.folder))
    finally:
        told_path.unlink()


def truncated_gz(bench: Bench) -> Told:
    content = gzip.compress(people({})().to_csv(index=False).encode() * 50)
    return extract(bench, content[: len(content) // 2], file="extract.csv.gz")


def trust(key: str, text: str) -> Make:
    from trust_worlds import spoilt_trust

    return lambda bench: spoilt_trust(bench, key, text)


UNFOLLOWED = CaseDefinition(window_days=90, sex="all", followed_to="extract_date")


def undeclared_following(bench: Bench) -> Told:
    from bad_input_bench import everything
    from sbc_prevalence.errors import InputError

    told = men({"sex": "female"})(bench)
    try:
        CaseDefinition(window_days=90, sex="all", followed_to="whatever")  # type: ignore[arg-type]
    except InputError as error:
        return Told(told.refused, told.codes, told.text + everything(error))
    raise AssertionError("nothing was refused")


def case(number: int, what: str, outcome: Outcome, code: str, *makes: Make) -> list[Case]:
    return [Case(number, what, outcome, code, make) for make in makes]


CASES: list[Case] = [
    # patients and dates
    *case(1, "death before diagnosis", "refused", "E-DEATH-BEFORE-DIAGNOSIS",
          person({"death_date": "2018-06-14", "vital_status": "dead"})),
    *case(2, "recurrence before the primary", "refused", "E-METASTASIS-BEFORE-PRIMARY",
          person({"primary_date": "2018-06-16"})),
    *case(3, "diagnosis before birth", "refused", "E-BEFORE-BIRTH", person({"birth_year": 2019})),
    *case(4, "future date", "refused", "E-FUTURE",
          person({"extract_date": "2094-01-01", "metastatic_date": "2093-05-05", "registration_date": ""})),
    *case(5, "date after the extract", "refused", "E-AFTER-EXTRACT", person({"registration_date": "2024-01-01"})),
    *case(6, "day and month left to be guessed", "refused", "E-MAPPING", no_formats),
    *case(7, "two formats in a column", "refused", "E-DATE", person({"metastatic_date": "13/02/2019"})),
    *case(8, "29 February of a common year", "refused", "E-DATE", person({"metastatic_date": "2019-02-29"})),
    *case(9, "a heap of 1 January", "told", "W-DATE-HEAP", lambda bench: extract(bench, heap)),
    *case(10, "a date that stands for none", "refused", "E-SENTINEL",
          person({"death_date": "9999-12-31"}), person({"last_contact_date": "1900-01-01"})),
    *case(11, "a spreadsheet's number of a day", "refused", "E-DATE", serial,
          person({"metastatic_date": "43831"})),
    *case(12, "time of day", "told", "W-TIME-OF-DAY", shifted(None)),
    *case(12, "instants of a time zone", "refused", "E-TIME-ZONE", shifted("UTC")),
    *case(13, "year of two digits", "refused", "E-DATE", person({"metastatic_date": "15-06-18"})),
    *case(14, "known to the month", "told", "W-PRECISION",
          warned({"metastatic_date_precision": "month", "metastatic_date": "2018-06-01"})),
    *case(15, "death on the day of diagnosis", "told", "W-SAME-DAY-DEATH",
          warned({"death_date": "2018-06-15", "vital_status": "dead", "registration_date": ""})),
    *case(16, "the same event twice", "refused", "E-DUPLICATE", person({}, {})),
    *case(17, "one person in two boards", "told", "W-MOVED",
          warned({}, {"area_code": "S08000016", "metastatic_date": "2019-01-01", "registration_date": "2019-02-01"})),
    *case(18, "two tumours of a person, nothing declared", "refused", "E-COUNT-UNIT",
          person({}, {"primary_date": "2010-03-03"}, definition=None)),
    *case(18, "two tumours of a person, persons declared", "told", "W-SEVERAL-TUMOURS",
          warned({}, {"primary_date": "2010-03-03"})),
    *case(19, "alive at 130", "told", "W-OLD-AND-ALIVE", warned({"birth_year": 1893})),
    *case(20, "unknown vital status", "refused", "E-STATUS-UNKNOWN", person({"vital_status": "unknown"})),
    *case(21, "extract ends before the index date", "refused", "E-FOLLOW-UP-SHORT",
          person({}, index_dates=["2024-12-31"])),
    *case(22, "end of follow-up not declared", "refused", "E-CENSORING", undeclared_following),
    *case(23, "emigrated", "told", "W-LOST", warned({"vital_status": "lost", "last_contact_date": "2020-01-01"})),
    *case(24, "men, nothing declared", "refused", "E-SEX-UNDECLARED", men({"sex": "male"})),
    *case(25, "a child", "told", "W-YOUNG", warned({"birth_year": 2008})),
    *case(26, "CHI number without its leading zero", "refused", "E-IDENTIFIER",
          person({"person_id": CANARY_ID[1:]})),
    *case(27, "CHI number in a table of counts", "refused", "E-IDENTIFIER", cell(SURVIVAL, "source", CANARY_ID)),
    *case(27, "CHI number as a count", "refused", "E-TOO-LARGE", cell(DEATHS, "count", "1111111111")),
    *case(27, "NHS number as a pseudonym", "refused", "E-IDENTIFIER", person({"person_id": "943 476 5919"})),
    *case(28, "de novo and recurrent not told apart", "told", "W-PRESENTATION-UNKNOWN", warned({"primary_date": ""})),
    # counts
    *case(29, "negative", "refused", "E-NEGATIVE", cell(DEATHS, "count", "-3")),
    *case(30, "not whole", "refused", "E-FRACTION", cell(DEATHS, "count", "40.5")),
    *case(31, "12.0", "told", "W-CONVERTED",
          table(PRIMARIES, lambda f: f.assign(count=f["count"] + ".0"), canary=False)),
    *case(32, "NaN", "refused", "E-MISSING", cell(DEATHS, "count", "NaN")),
    *case(33, "all NaN", "refused", "E-MISSING", table(DEATHS, lambda f: f.assign(count="NaN"))),
    *case(34, "no rows", "refused", "E-EMPTY", table(DEATHS, lambda f: f.iloc[:0]), lambda bench: extract(
        bench, (",".join(row()) + "\n").encode())),
    *case(35, "infinite", "refused", "E-INFINITE", cell(PRIMARIES, "count", "inf")),
    *case(36, "suppressed", "refused", "E-SUPPRESSED",
          *(cell(PRIMARIES, "count", sign) for sign in ("<5", "*", "c", "-", "~", "[c]"))),
    *case(37, "thousands separators", "refused", "E-THOUSANDS", cell(PRIMARIES, "count", "1,234")),
    *case(38, "other signs and scripts", "refused", "E-UNICODE",
          *(cell(PRIMARIES, "count", text) for text in ("−12", "1\u00a0234", "١٢"))),
    *case(39, "1e3", "refused", "E-EXPONENT", cell(PRIMARIES, "count", "1e3")),
    *case(39, "TRUE", "refused", "E-NOT-NUMBER", cell(PRIMARIES, "count", "TRUE")),
    *case(40, "rounded to 5", "told", "W-ROUNDED", numbers(PRIMARIES, lambda n: 5 * round(n / 5))),
    *case(41, "rates for counts", "refused", "E-RATE", table(PRIMARIES, ratio(7.3))),
    *case(42, "all zeros", "told", "W-ALL-ZERO", entry(
        "registrations", "area_code,year,presentation,count\n" + "".join(
            f"S92000003,{y},de_novo,0\n" for y in range(2016, 2020)), "window_days = 120",
        'completeness = { kind = "logit_normal", median = 0.5, lower95 = 0.3, upper95 = 0.7 }')),
    *case(43, "an area with nobody", "told", "W-ZERO-AREA", table(
        PRIMARIES, lambda f: f.assign(count=f["count"].where(f["area_code"] != "S08000025", "0")), canary=False)),
    *case(44, "nobody died", "told", "W-NO-DEATHS", entry("patient_survival", PATIENTS, 'population = "described"')),
    *case(45, "more deaths than people at risk", "refused", "E-AT-RISK",
          entry("life_table_cells", CELLS.format(101, 60), 'population = "described"')),
    *case(46, "a million million", "refused", "E-TOO-LARGE", cell(DEATHS, "count", "1000000000000")),
    *case(47, "more than there are people", "refused", "E-EXCEEDS-POPULATION",
          table(DEATHS, lambda f: _with(f, "count", "3000000", 5), canary=False)),
    *case(48, "the nation among its boards", "refused", "E-AREA-TOTAL", table(PRIMARIES, totals_row)),
    *case(49, "boards do not add up to the nation", "refused", "E-TOTAL-APART", table(POPULATION, lambda f: f.assign(
        population=[str(round(int(n) * (1.1 if a == "S92000003" else 1.0)))
                    for a, n in zip(f["area_code"], f["population"], strict=True)]), canary=False)),
    *case(50, "per million for people", "refused", "E-RATE", table(DEATHS, ratio(2.81))),
    *case(50, "per 100,000 for a hazard", "refused", "E-RANGE", table(
        MORTALITY, lambda f: f.assign(hazard=(f["hazard"].astype(float) * 1e5).map("{:.2f}".format)))),
    *case(51, "mid-year and year-end populations", "told", "W-POPULATION-POINT", table(
        POPULATION, lambda f: f.assign(population_at=["mid_year", *["year_end"] * (len(f) - 1)]), canary=False)),
    *case(52, "a row twice", "refused", "E-DUPLICATE", table(
        PRIMARIES, lambda f: pd.concat([f, f.iloc[[3]]], ignore_index=True))),
    *case(53, "a key twice in the table that is joined", "refused", "E-DUPLICATE", config(
        ('table = "carried:scotland_boards"', 'file = "areas.csv"'), areas__csv=AREAS)),
    # regions
    *case(54, "a board is missing", "refused", "E-AREA-MISSING", table(
        PRIMARIES, lambda f: f[f["area_code"] != "S08000029"].reset_index(drop=True), canary=False)),
    *case(55, "unknown code", "refused", "E-AREA-UNKNOWN", recoded(S08000029="S08000099")),
    *case(56, "a code that was replaced", "refused", "E-AREA-SUPERSEDED", *(
        recoded(**{new: old}) for new, old in (("S08000029", "S08000018"), ("S08000030", "S08000027"),
                                               ("S08000031", "S08000021"), ("S08000032", "S08000023")))),
    *case(57, "old and new codes in one series", "refused", "E-AREA-MIXED", table(PRIMARIES, lambda f: f.assign(
        area_code=["S08000018" if a == "S08000029" and int(y) < 2010 else a
                   for a, y in zip(f["area_code"], f["year"], strict=True)]))),
    *case(58, "a code from before 2014", "refused", "E-AREA-BOUNDARY", recoded(S08000029="S08000004")),
    *case(58, "a letter for a board", "refused", "E-AREA-UNKNOWN", recoded(S08000029="F")),
    *case(59, "a series across the boundary change of 2014", "refused", "E-AREA-BOUNDARY", table(
        PRIMARIES, lambda f: f.assign(area_code=[
            "S08000006" if a == "S08000020" and int(y) < 2014 else a
            for a, y in zip(f["area_code"], f["year"], strict=True)]))),
    *case(60, "no fixed abode among boards", "refused", "E-AREA-NO-PLACE", *(
        table(PRIMARIES, lambda f, code=code: pd.concat(  # type: ignore[misc]
            [f, f.iloc[[0]].assign(area_code=code)], ignore_index=True)) for code in ("S27000001", "RA2701"))),
    *case(61, "names for codes", "refused", "E-AREA-CODE", *(
        recoded(S08000015=name) for name in ("Ayrshire & Arran", "NHS Ayrshire and Arran", "ayrshire and arran ",
                                             "Eilean Siar (Western Isles)"))),
    *case(62, "no area", "refused", "E-MISSING", cell(PRIMARIES, "area_code", "NA"), cell(PRIMARIES, "area_code", "")),
    *case(63, "a single area", "told", "nothing is pooled", lambda bench: one_area(bench)),
    *case(64, "treated or resident, not declared", "refused", "E-CONFIG-MISSING", trust("counted", "")),
    *case(65, "islands without neighbours", "taken", "", config(("[model]", '[model]\narea_effects = "bym2"'),
          ('groups_table', 'neighbours_table = "carried:scotland_board_neighbours"\ngroups_table'))),
    # time
    *case(66, "a single year", "told", "W-ONE-YEAR", lambda bench: one_year(bench)),
    *case(67, "a gap in the years", "refused", "E-YEAR-GAP", table(
        DEATHS, lambda f: f[f["year"] != "2005"].reset_index(drop=True))),
    *case(68, "periods that overlap", "refused", "E-PERIOD-OVERLAP", entry(
        "overlapping_lists", LISTS, 'lists = ["a", "b"]',
        "dependence = { odds_ratio = 2.0, lower95 = 0.5, upper95 = 8.0 }")),
    *case(68, "a period for a year", "refused", "E-YEAR-SPAN", cell(DEATHS, "year", "2015-19")),
    *case(69, "financial year", "refused", "E-YEAR-SPAN", cell(DEATHS, "year", "2015/16")),
    *case(70, "years out of order", "taken", "", table(
        DEATHS, lambda f: f.sample(frac=1, random_state=1).reset_index(drop=True), canary=False)),
    *case(71, "the pause of 2020 not declared", "told", "W-PAUSE", config(
        ("pause_years = [2020, 2021]", "pause_years = []"))),
    *case(72, "a year that was not over", "refused", "E-AS-OF", table(DEATHS, lambda f: f.assign(as_of="2020-06-30"))),
    *case(73, "index date outside the data", "refused", "E-INDEX-DATE", config(
        ('# index_date = "2020-12-31"', 'index_date = "1990-12-31" #'),
        ("first_reported_year = 1997", "# first_reported_year = 1997"))),
    *case(73, "index date after the last year", "refused", "E-CONFIG-YEARS", config(
        ('# index_date = "2020-12-31"', 'index_date = "2040-12-31" #'))),
    *case(74, "ten-year prevalence as complete", "refused", "E-CONFIG-CHOICE", entry(
        "living_counts", LIVING, 'definition = "ten_year"', "sensitivity = { value = 0.9 }",
        "specificity = { value = 1.0 }")),
    # ages, survival, completeness
    *case(75, "age bands that overlap", "refused", "E-AGE-OVERLAP", cell(DEATHS, "age_band", "45-54", 11)),
    *case(75, "open ends that differ", "refused", "E-AGE-GAP", table(
        DEATHS, lambda f: f[~((f["year"] == "1992") & (f["age_band"] == "90+"))].reset_index(drop=True))),
    *case(76, "survival above 1", "refused", "E-RANGE", cell(SURVIVAL, "value", "430", 1)),
    *case(76, "survival below 0", "refused", "E-NEGATIVE", cell(SURVIVAL, "value", "-0.2", 1)),
    *case(77, "survival that rises", "refused", "E-SURVIVAL-RISES", cell(SURVIVAL, "value", "0.66", 1)),
    *case(78, "survival not 1 at the start", "refused", "E-POINT", table(
        SURVIVAL, lambda f: _with(_with(f, "duration_years", "0", 0), "value", "0.98", 0))),
    *case(79, "percent", "refused", "E-PERCENT", cell(SURVIVAL, "value", "65", 0)),
    *case(80, "months for years, a median", "refused", "E-UNIT-MONTHS", table(
        SURVIVAL, lambda f: f.assign(value=[f"{float(v) * 12:g}" if m == "median" else v for m, v in zip(
            f["measure"], f["value"], strict=True)], lower="", upper=""))),
    *case(80, "months for years, a curve", "told", "W-UNIT-MONTHS", lambda bench: months(bench)),
    *case(80, "days for years", "refused", "E-UNIT-YEARS", entry(
        "patient_survival", "presentation,diagnosis_year,entry_years,exit_years,died\nde_novo,2015,7,900,1\n",
        'population = "described"')),
    *case(81, "curves shorter than the horizon", "told", "W-CURVE-SHORT", lambda bench: short_curves(bench)),
    *case(82, "relative survival as observed", "refused", "E-SURVIVAL-KIND", table(
        SURVIVAL, lambda f: f.assign(note=f["note"].where(f.index != 1, "5-year relative survival")), canary=False)),
    *case(83, "completeness above 1", "refused", "E-CONFIG-VALUE",
          completeness('kind = "logit_normal", median = 1.2, lower95 = 1.1, upper95 = 1.3')),
    *case(83, "completeness in percent", "refused", "E-CONFIG-VALUE", completeness('kind = "known", value = 80')),
    *case(83, "completeness of nought", "refused", "E-CONFIG-VALUE", completeness('kind = "known", value = 0')),
    *case(83, "completeness of exactly 1", "told", "W-COMPLETENESS-KNOWN", completeness('kind = "known", value = 1')),
    *case(83, "completeness outside its own interval", "refused", "E-CONFIG-VALUE",
          completeness('kind = "logit_normal", median = 0.99, lower95 = 0.3, upper95 = 0.95')),
    *case(84, "completeness of the two presentations swapped", "told", "W-COMPLETENESS-SWAPPED", swapped),
    # files and security
    *case(85, "a byte order mark", "taken", "", raw(DEATHS, lambda text: b"\xef\xbb\xbf" + text.replace(
        f"{CANARY_NAME} {CANARY_ID}", "").encode())),
    *case(85, "a byte order mark that was read as letters", "refused", "E-COLUMN-UNKNOWN",
          raw(DEATHS, lambda text: "ï»¿" + text)),
    *case(86, "UTF-16, cp1252", "refused", "E-ENCODING", raw(DEATHS, lambda text: text.encode("utf-16")),
          raw(DEATHS, lambda text: (text + "\n").replace("S92000003", "S92000003é", 1).encode("cp1252")),
          lambda bench: extract(bench, people({})().to_csv(index=False).encode("utf-16"))),
    *case(87, "a column twice", "refused", "E-DUPLICATE-COLUMN",
          raw(DEATHS, lambda text: text.replace("sex", "year", 1)),
          lambda bench: extract(bench, people({})().to_csv(index=False).replace("sex", "source", 1).encode())),
    *case(88, "case and spaces of columns", "taken", "", table(
        DEATHS, lambda f: f.rename(columns={"year": " Year ", "age_band": "AGE BAND"}), canary=False)),
    *case(89, "a delimiter too many", "refused", "E-RAGGED", raw(
        DEATHS, lambda text: text.replace("S92000003,", "S92000003,,", 1))),
    *case(89, "a delimiter too many in records", "refused", "E-UNREADABLE", lambda bench: shifted_cells(bench, last="x")),
    *case(89, "a delimiter too many before empty cells", "refused", "E-DATE", lambda bench: shifted_cells(bench)),
    *case(90, "line breaks inside quotes", "taken", "", table(
        DEATHS, lambda f: f.assign(note="two\nlines"), canary=False)),
    *case(91, "an empty file", "refused", "E-EMPTY", raw(DEATHS, lambda text: b""),
          lambda bench: extract(bench, b"")),
    *case(91, "a compressed file cut short", "refused", "E-UNREADABLE", truncated_gz),
    *case(92, "two gigabytes", "refused", "E-FILE-SIZE", sparse),
    *case(93, "a spreadsheet", "refused", "E-ENCODING", raw(
        DEATHS, lambda text: b"PK\x03\x04\x14\x00\x06\x00" + bytes(99))),
    *case(93, "a spreadsheet of records", "refused", "E-FILE", lambda bench: extract(
        bench, b"PK\x03\x04", file="x.xlsx")),
    *case(94, "a formula", "refused", "E-FORMULA", cell(SURVIVAL, "source", f"=HYPERLINK({CANARY_NAME})"),
          person({"death_cause": f"=cmd|{CANARY_NAME}"})),
    *case(95, "a name that leads outside", "refused", "E-CONFIG-VALUE", config(
        ('name = "scotland"', 'name = "../../outside"'))),
    *case(96, "a release over own files", "refused", "ReleaseError", overwritten),
    *case(97, "a pickle", "refused", "E-ENCODING", raw(DEATHS, lambda text: b"\x80\x04\x95\x00\x00.")),
    *case(97, "a pickle of records", "refused", "E-FILE", lambda bench: extract(bench, b"\x80\x04.", file="x.pkl")),
    *case(98, "an unknown key", "refused", "E-CONFIG-KEY", registered("complteness = 0.8")),
    *case(99, "NUL bytes", "refused", "E-ENCODING", raw(DEATHS, lambda text: text.encode() + b"\x00\x00"),
          lambda bench: extract(bench, people({})().to_csv(index=False).encode() + b"\x00")),
    *case(100, "decimal comma", "refused", "E-DECIMAL-COMMA", cell(PRIMARIES, "count", "12,5")),
]


def one_area(bench: Bench) -> Told:
    """Scotland alone, as one area."""
    def whole(f: Frame) -> Frame:
        summed = f.assign(count=f["count"].astype(int)).groupby("year")["count"].sum().reset_index()
        return summed.assign(area_code="S92000003", sex="female").astype(str)

    told = project(bench, {PRIMARIES: whole}, [
        ('table = "carried:scotland_boards"', 'list = [{ code = "S92000003", name = "Scotland" }]'),
        ('groups_table = "carried:scotland_cancer_networks"', ""),
        ('[[evidence]]                            # women by board to 2019, Scotland to 2021\nkind = "population"\n'
         'table = "carried:scotland_population"\n', "")], canary=False)
    said = {"nothing is pooled"} if "borrows from no other" in told.text else set()
    return Told(told.refused, told.codes | said, told.text)


def one_year(bench: Bench) -> Told:
    return project(bench, {DEATHS: lambda f: f[f["year"] == "2019"].reset_index(drop=True)}, [
        ("first_reported_year = 1997", "# first_reported_year = 1997")], canary=False)


def months(bench: Bench) -> Told:
    def longer(f: Frame) -> Frame:
        short = f[pd.to_numeric(f["duration_years"]).fillna(0) <= 5].reset_index(drop=True)
        both = ("duration_from_years", "duration_years")
        return short.assign(**{name: [f"{float(d) * 12:g}" if d else d for d in short[name]] for name in both})

    return project(bench, {SURVIVAL: longer}, canary=False)


def shifted_cells(bench: Bench, last: str = "") -> Told:
    text = people({}, {})().assign(last=last).to_csv(index=False)
    return extract(bench, text.replace(CANARY_NAME, f"{CANARY_NAME},{CANARY_ID}", 1).encode())


def short_curves(bench: Bench) -> Told:
    def cut(f: Frame) -> Frame:
        short = pd.to_numeric(f["duration_years"]).fillna(99) <= 1
        return f[short].reset_index(drop=True)

    return project(bench, {SURVIVAL: cut}, [('own_studies = ["England and Wales audit", "England"]', "")], canary=False)

