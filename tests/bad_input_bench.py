"""Where the hundred bad inputs are made: a project on disk, or an extract of records, and all that a run gives away.

A canary stands in every failing case: as the pseudonym of the person whose record is faulty, in a column of notes,
and, where it is refused anyway, as a date, a site, a sex and an area. Nothing that is written or raised may hold it.
"""

import io
import logging
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

from record_worlds import DEFINITION, frame_of, identity_mapping, row
from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.errors import InputError, Problem
from sbc_prevalence.records import CaseDefinition, validate_records
from sbc_prevalence.records.mapping import RecordMapping

CANARY_ID, CANARY_NAME = "0101019991", "ZZCANARY"
CANARIES = (CANARY_ID, CANARY_ID[1:], CANARY_NAME)
EXAMPLE = resources.files("sbc_prevalence.data").joinpath("examples", "scotland.toml").read_text("utf-8")
CARRIED = {
    "deaths": "scotland_deaths",
    "primary_registrations": "scotland_primary_registrations",
    "population": "scotland_population",
    "published_survival": "published_survival",
    "distant_recurrence": "distant_recurrence_seer",
    "other_cause_mortality": "other_cause_mortality_scotland",
}
_CODES = re.compile(r"\[([EW]-[A-Z0-9-]+)\]")

type Frame = pd.DataFrame
type Change = Callable[[Frame], Frame | str | bytes]
type Records = Callable[[], Frame]


@dataclass(frozen=True)
class Told:
    """What came of one bad input.

    Parameters
    ----------
    refused : bool
    codes : frozenset of str
        Of errors and warnings, as a reader sees them.
    text : str
        Everything that was printed, raised, logged or written, chained errors and tracebacks among it.
    """

    refused: bool
    codes: frozenset[str]
    text: str

    @property
    def leaks(self) -> list[str]:
        """Canaries that are in it."""
        return [canary for canary in CANARIES if canary in self.text]


@dataclass
class Bench:
    """A folder of one test."""

    folder: Path
    inputs: set[Path] = field(default_factory=set)

    def write(self, name: str, content: str | bytes) -> Path:
        """A file that the user brings."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        self.inputs.add(path)
        return path

    def written(self) -> str:
        """All that the program left in the folder."""
        made = [path for path in self.folder.rglob("*") if path.is_file() and path not in self.inputs]
        return "\n".join(f"{path.name}\n{path.read_bytes().decode('utf-8', 'replace')}" for path in made)


def project(
    bench: Bench,
    changes: Mapping[str, Change],
    config: Sequence[tuple[str, str]] = (),
    append: str = "",
    files: Mapping[str, str | bytes] | None = None,
    *,
    canary: bool = True,
) -> Told:
    """``sbc-prevalence validate`` on Scotland with some tables changed.

    Parameters
    ----------
    changes : mapping of kind to callable
        Each changes the carried table of its kind; it becomes a file of the project.
    config : sequence of (old, new)
        Texts of the configuration.
    append : str
        Further entries of the configuration.
    files : mapping of str to str, optional
        Further files.
    canary : bool
        Whether a CHI-like number stands in a note of each changed table (where it has rows).
    """
    text = EXAMPLE
    for old, new in config:
        assert old in text, old
        text = text.replace(old, new, 1)
    for kind, change in changes.items():
        made = change(load_carried(CARRIED[kind]).copy())
        if isinstance(made, pd.DataFrame):
            if canary and len(made):
                made = made.assign(note=["", *[f"{CANARY_NAME} {CANARY_ID}"] * (len(made) - 1)])
            made = made.to_csv(index=False)
        bench.write(f"{kind}.csv", made)
        given = f'file = "{kind}.csv"\n'
        if not isinstance(made, str) or "source" not in made.splitlines()[0]:
            given += 'source = "a registry"\n'
        if not isinstance(made, str) or "as_of" not in made.splitlines()[0]:
            given += 'as_of = "2025-12-31"\n'
        text = text.replace(f'table = "carried:{CARRIED[kind]}"', given, 1)
    for name, content in (files or {}).items():
        bench.write(name, content)
    bench.write("config.toml", f"{text}\n{append}")
    return command(bench, "validate", str(bench.folder))


def command(bench: Bench, *arguments: str) -> Told:
    """The command line, with everything that it gives away."""
    from sbc_prevalence.cli import app

    result = CliRunner().invoke(app, list(arguments))
    text = result.output + (
        "".join(traceback.format_exception(result.exception)) if result.exception is not None else "")
    assert "Unforeseen" not in text, text
    assert result.exit_code in (0, 2), text
    named = {f"{word}" for word in ("ReleaseError",) if f"{word}:" in text}
    return Told(result.exit_code == 2, frozenset(_CODES.findall(text)) | named, text + bench.written())


def extract(
    bench: Bench,
    rows: Records | bytes,
    *,
    file: str = "extract.csv",
    mapping: RecordMapping | None = None,
    definition: CaseDefinition | None = DEFINITION,
    index_dates: Sequence[str] = (),
    odd_places: bool = False,
    on_disk: bool = True,
) -> Told:
    """The validation of records on an extract, as a file where `on_disk`, else as a data frame."""
    if isinstance(rows, bytes):
        given: object = bench.write(file, rows)
        columns = list(row())
    else:
        frame = rows()
        if odd_places:
            odd = frame.iloc[[-1]].assign(
                person_id=CANARY_ID, metastatic_date=CANARY_NAME, site_bone=CANARY_NAME, sex=CANARY_NAME,
                area_code=CANARY_ID, death_cause=f"{CANARY_NAME} {CANARY_ID}", birth_year=CANARY_ID)
            frame = pd.concat([frame, odd], ignore_index=True).fillna("")
        columns = [name for name in frame.columns if name != "Notes"]
        frame["Notes"] = f"Mrs {CANARY_NAME}, CHI {CANARY_ID}"
        given = bench.write(file, frame.to_csv(index=False)) if on_disk else frame
    chosen = mapping or identity_mapping(*columns)
    printed = io.StringIO()
    found: Sequence[Problem] = ()
    text, refused = "", False
    with redirect_stdout(printed), redirect_stderr(printed):
        try:
            report = validate_records(given, mapping=chosen, definition=definition, index_dates=index_dates)
            found, refused = report.problems, bool(report.errors)
            text = f"{report}\n{report!r}\n{report.table().to_csv()}\n{report.records!r}"
            report.or_raise()
        except InputError as error:
            found, refused = error.problems, True
            text += everything(error)
    return Told(refused, frozenset(p.code for p in found), text + printed.getvalue() + bench.written())


def everything(error: BaseException | None) -> str:
    """Words, arguments and traceback of an error and of all errors behind it, hidden ones among them."""
    text, seen = "", set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        text += f"{error}\n{error!r}\n{error.args!r}\n" + "".join(traceback.format_exception(error))
        error = error.__cause__ or error.__context__
    return text


def people(*changes: Mapping[str, object]) -> Records:
    """Three sound people and, for each change, the canary's record with it."""
    sound = [row(person_id=f"p{i}", birth_year=1950 + i, registration_date=f"2018-07-0{i + 1}") for i in range(3)]
    return lambda: frame_of(*sound, *[row(**{"person_id": CANARY_NAME, **change}) for change in changes])


def logged(records: Sequence[logging.LogRecord]) -> str:
    """Log records with their arguments and tracebacks."""
    return "\n".join(f"{r.getMessage()} {r.args!r} {everything(r.exc_info[1]) if r.exc_info else ''}" for r in records)
