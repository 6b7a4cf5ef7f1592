"""Command line: arguments to the pipeline, errors to plain words and exit codes. No logic."""

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer

from sbc_prevalence.errors import ConfigError, InputError, SbcPrevalenceError, SbcPrevalenceWarning, program

INTERRUPTED, OTHER_FAULT = 130, 1
DEBUG = "SBC_PREVALENCE_DEBUG"
_STATUS = {0: "ok", 2: "input_refused", 3: "fit_refused", INTERRUPTED: "interrupted"}

app = typer.Typer(
    name="sbc-prevalence", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="How many people are newly diagnosed with, and living with, secondary breast cancer, by area.",
    epilog="Exit codes: 0 fine, 2 data or configuration refused, 3 fit refused, 130 interrupted, 1 anything else.",
)

ConfigArgument = Annotated[str, typer.Argument(
    help="A TOML file, a folder with config.toml or trust.toml, or the name of an example: scotland, uk-nations.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def _say(result: dict[str, Any], text: str, *, as_json: bool) -> None:
    whole = {"status": "ok", "exit_code": 0, **result}
    typer.echo(json.dumps(whole, ensure_ascii=False, default=str) if as_json else text)


@contextmanager
def _kept_apart(as_json: bool) -> Iterator[None]:
    """Send to stderr whatever a step prints, so that stdout holds the JSON object and nothing else."""
    if not as_json:
        yield
        return
    with redirect_stdout(sys.stderr):
        yield


def _show_warning(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
    """A warning of ours in plain words; one of a library is of no use to the reader of a table."""
    if issubclass(category, SbcPrevalenceWarning):
        typer.echo(f"Note: {message}", err=True)


def _fail(code: int, message: str, outcome: str, problems: tuple[Any, ...] = (), *, as_json: bool) -> typer.Exit:
    """Say what went wrong; the last line says in words what the exit code says, for readers of a log."""
    if as_json:
        listed = [{"code": p.code, "severity": p.severity, "where": p.where, "column": p.column, "key": p.key,
                   "rows": list(p.rows), "requirement": p.requirement, "detail": p.detail, "remedy": p.remedy}
                  for p in problems]
        typer.echo(json.dumps({
            "status": _STATUS.get(code, "failed"), "exit_code": code, "release": None, "report": None,
            "headline": None, "message": message, "problems": listed}, ensure_ascii=False))
    else:
        typer.echo(f"{message}\n\nexit code {code}: {outcome}", err=True)
    return typer.Exit(code)


@contextmanager
def _plainly(as_json: bool = False) -> Iterator[None]:
    """Turn errors into plain words on stderr (or one JSON object) and an exit code, without a traceback."""
    try:
        with warnings.catch_warnings():
            if not os.environ.get(DEBUG):
                warnings.showwarning = _show_warning
            yield
    except SbcPrevalenceError as error:
        problems = error.problems if isinstance(error, InputError) else ()
        raise _fail(error.exit_code, f"{type(error).__name__}: {error}", error.outcome, problems,
                    as_json=as_json) from None
    except KeyboardInterrupt:
        raise _fail(INTERRUPTED, "Interrupted: nothing partial is passed on.", "interrupted",
                    as_json=as_json) from None
    except typer.Exit:
        raise
    except OSError as error:
        if os.environ.get(DEBUG):
            raise
        place = f": {error.filename}" if error.filename else ""
        raise _fail(OTHER_FAULT, f"The system refused: {error.strerror or type(error).__name__}{place}",
                    "the system refused", as_json=as_json) from None
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        # The words of an unforeseen error may hold a cell of the data, so they are not printed.
        raise _fail(OTHER_FAULT, f"Unforeseen {type(error).__name__}: probably a fault of this program. Set "
                    f"{DEBUG}=1 and run again to see where.", "unforeseen fault", as_json=as_json) from None


def _pipeline(config: str) -> Any:
    """The checked configuration (first) and its pipeline; heavy imports only after the check."""
    from sbc_prevalence.config import load_config, load_trust_config, trust_file

    if (own := trust_file(config)) is not None:
        from sbc_prevalence.trust import TrustRun

        sheet = load_trust_config(own)
        return sheet, TrustRun(sheet)
    try:
        checked = load_config(config)
    except ConfigError as error:
        if error.readable is None:
            raise
        from sbc_prevalence.study import with_tables

        raise with_tables(error) from None
    from sbc_prevalence.pipeline import Pipeline

    return checked, Pipeline.from_config(checked)


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(version("sbc-prevalence"))
        raise typer.Exit()


@app.callback()
def _root(
    version: Annotated[bool, typer.Option(
        "--version", callback=_version, is_eager=True, help="Print the version and stop.")] = False,
) -> None:
    """Options that hold for every command."""


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="Folder of the new project.")],
    trust: Annotated[bool, typer.Option(
        "--trust", help="For a trust's own number: trust.toml and an empty sheet of people.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a commented config.toml and an empty table for every kind of evidence."""
    with _plainly(as_json):
        from sbc_prevalence.config import init_project, init_trust

        files = init_trust(directory) if trust else init_project(directory)
        listed = "\n".join(f"  {file}" for file in files)
        what = "sheet" if trust else "tables"
        _say({"files": [str(file) for file in files]}, as_json=as_json,
             text=f"Written:\n{listed}\nNext: fill in the {what}, then  {program()} validate {directory}")


@app.command()
def validate(config: ConfigArgument, as_json: JsonOption = False) -> None:
    """Check configuration and data in seconds; list every problem at once."""
    with _plainly(as_json):
        with _kept_apart(as_json):
            _, pipeline = _pipeline(config)
            summary = str(pipeline.validate())
        _say({"summary": summary}, summary, as_json=as_json)


@app.command()
def describe(config: ConfigArgument, as_json: JsonOption = False) -> None:
    """Print equations, priors with their sources, and dimensions of the model."""
    with _plainly(as_json):
        with _kept_apart(as_json):
            _, pipeline = _pipeline(config)
            description = str(pipeline.describe())
        _say({"description": description}, description, as_json=as_json)


@app.command()
def run(
    config: ConfigArgument,
    out: Annotated[Path | None, typer.Option(
        help="Release folder to write; releases/NAME without it.", show_default=False)] = None,
    headline_only: Annotated[bool, typer.Option(
        "--headline-only", help="Leave out the repeated national tables and the checks that need fits of their own: "
                                  "minutes instead of ten; the report says so.")] = False,
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Estimate, and write a release folder with tables, figures and a report."""
    with _plainly(as_json):
        with _kept_apart(as_json):
            checked, pipeline = _pipeline(config)
            folder = out if out is not None else Path("releases") / checked.name
            result = pipeline.run(folder, headline_only=headline_only, progress=progress and not as_json)
        _say({"release": str(result.release), "report": str(result.report), "headline": result.headline},
             f"{result.headline}\n\nReport:  {result.report}\nRelease: {result.release}", as_json=as_json)


@app.command("simulate-registry")
def simulate_registry(
    out: Annotated[Path, typer.Option(help="Folder to write; made if it does not exist.")],
    people: Annotated[int, typer.Option(help="People with a first breast cancer, 100 to 100,000,000.")] = 100_000,
    seed: Annotated[int, typer.Option(min=0, help="The same number, seed and version write the same people.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Write simulated patient records of three sources, their truth, and a configuration that runs on them."""
    with _plainly(as_json):
        from sbc_prevalence.records import simulate_registry as simulate

        made = simulate(people, seed, out)
        listed = ", ".join(f"{name} {n:,}" for name, n in made.rows.items())
        _say({"folder": str(out), "config": str(made.config), "rows": made.rows}, as_json=as_json,
             text=f"SIMULATED records of {people:,} people (rows: {listed})\nNext:  {program()} run {out}")


@app.command()
def tables(
    name: Annotated[str | None, typer.Argument(
        help="A carried table, to print it as CSV: a start for one of your own.", show_default=False)] = None,
    as_json: JsonOption = False,
) -> None:
    """List the tables that the package carries, or print one of them as CSV."""
    with _plainly(as_json):
        from sbc_prevalence.data.catalogue import PREFIX, carried_csv, carried_tables, describe_carried

        if name is not None:
            found = describe_carried(name)
            text = carried_csv(name)
            _say({"name": found.name, "kind": found.kind, "csv": text}, text.rstrip("\n"), as_json=as_json)
            return
        listed = [describe_carried(table) for table in carried_tables()]
        width = max(len(item.name) for item in listed)
        kinds = max(len(item.kind) for item in listed)
        lines = [f"{PREFIX}{item.name:<{width}}  {item.kind:<{kinds}}  {item.rows:>5} rows  {item.years:<9}  "
                 f"{item.provenance.title}".rstrip() for item in listed]
        _say({"tables": [{"name": item.name, "kind": item.kind, "rows": item.rows, "years": item.years,
                          "title": item.provenance.title, "publisher": item.provenance.publisher,
                          "licence": item.provenance.licence} for item in listed]},
             "\n".join([*lines, "", f"One of them as CSV:  {program()} tables NAME"]), as_json=as_json)


@app.command()
def show(
    release: Annotated[Path, typer.Argument(help="A release folder.")],
    as_json: JsonOption = False,
) -> None:
    """Print the headline of a release; needs only its public part."""
    with _plainly(as_json):
        from sbc_prevalence.release import read_release

        found = read_release(release)
        _say({"release": str(release), "headline": found.headline}, str(found), as_json=as_json)


def main(arguments: list[str] | None = None, *, exit_with: Callable[[int], None] = sys.exit) -> None:
    """Entry point of ``sbc-prevalence``.

    Parameters
    ----------
    arguments : list of str, optional
        Arguments after the program name; those of the process without it.
    exit_with : callable
        Called with the exit code: 0 fine, 2 data or configuration, 3 fit refused, 130 interrupted, 1 other.
    """
    code: Any = 0
    try:
        app(args=arguments, prog_name="sbc-prevalence")
    except SystemExit as stop:
        code = stop.code
    except KeyboardInterrupt:
        code = INTERRUPTED
    exit_with(code if isinstance(code, int) else 0 if code is None else OTHER_FAULT)


if __name__ == "__main__":
    main()
