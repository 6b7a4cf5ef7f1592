"""Every command, its exit codes and what it prints. Fits are replaced; configuration and files are real."""

import json
import subprocess
import sys
import types
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sbc_prevalence import cli
from sbc_prevalence.errors import (
    DataError,
    FitRefused,
    ModelError,
    Problem,
    ReleaseError,
    SbcPrevalenceWarning,
)

CONFIG = """
version = 1
name = "tiny"
title = "Tiny"
population_described = "women"
seed = 1
areas = { list = [{ code = "A", name = "North" }], total_code = "A", total_name = "North" }
model = { window_days = 120 }
[[evidence]]
kind = "deaths"
file = "deaths.csv"
"""


@dataclass
class Run:
    code: int
    out: str
    err: str


@pytest.fixture
def command(capsys):
    """Runs the command line in this process."""
    def call(*arguments: str) -> Run:
        codes: list[int] = []
        cli.main(list(arguments), exit_with=codes.append)
        printed = capsys.readouterr()
        return Run(codes[0], printed.out, printed.err)
    return call


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "deaths.csv").write_text("area_code,year,count\nA,2020,10\n")
    (tmp_path / "tiny.toml").write_text(CONFIG)
    return str(tmp_path / "tiny.toml")


@pytest.fixture
def pipeline(monkeypatch):
    """Puts a stand-in for the pipeline in place; returns what it was called with."""
    calls: dict[str, Any] = {"raises": None, "prints": None, "warns": None}

    class Pipeline:
        @classmethod
        def from_config(cls, config):
            calls["config"] = config
            return cls()

        def _act(self):
            if calls["prints"]:
                print(calls["prints"])
            if calls["warns"]:
                warnings.warn(*calls["warns"], stacklevel=1)
            if calls["raises"]:
                raise calls["raises"]

        def validate(self):
            self._act()
            return "all is well"

        def describe(self):
            self._act()
            return "log I = ..."

        def run(self, out, **options):
            calls.update(out=out, options=options)
            self._act()
            return types.SimpleNamespace(report=out / "public" / "report.html", release=out,
                                         headline="living 4,210 (3,100 to 5,600)")

    module = types.ModuleType("sbc_prevalence.pipeline")
    module.Pipeline = Pipeline
    monkeypatch.setitem(sys.modules, "sbc_prevalence.pipeline", module)
    return calls


def test_run_prints_headline_report_and_release(command, config, pipeline, tmp_path):
    result = command("run", config, "--out", str(tmp_path / "r"), "--headline-only", "--no-progress")
    assert result.code == 0
    assert result.out.index("living 4,210") < result.out.index("report.html") < result.out.index("Release:")
    assert pipeline["out"] == tmp_path / "r"
    assert pipeline["options"] == {"headline_only": True, "progress": False}
    assert pipeline["config"].name == "tiny"


def test_run_without_out_writes_into_releases(command, config, pipeline):
    command("run", config)
    assert pipeline["out"] == Path("releases") / "tiny"
    assert pipeline["options"] == {"headline_only": False, "progress": True}


def test_json_is_one_object_even_when_a_step_prints(command, config, pipeline):
    pipeline["prints"] = "progress to stdout"
    result = command("run", config, "--json")
    assert json.loads(result.out) == {
        "status": "ok", "exit_code": 0, "release": "releases/tiny",
        "report": "releases/tiny/public/report.html", "headline": "living 4,210 (3,100 to 5,600)"}
    assert "progress to stdout" in result.err
    assert pipeline["options"]["progress"] is False


@pytest.mark.parametrize("name", ["validate", "describe"])
def test_validate_and_describe_print_what_the_pipeline_says(command, config, pipeline, name):
    result = command(name, config)
    assert (result.code, result.err) == (0, "")
    assert result.out.strip() in ("all is well", "log I = ...")
    assert json.loads(command(name, config, "--json").out)["status"] == "ok"


PROBLEM = Problem("E-COUNT", "deaths.csv", "must be a whole number", "Round nothing.",
                  column="count", rows=(3,))


@pytest.mark.parametrize(("error", "code", "status", "last"), [
    (DataError(PROBLEM), 2, "input_refused", "data or configuration were refused"),
    (ModelError("no survival"), 2, "input_refused", "data or configuration were refused"),
    (ReleaseError("not ours"), 2, "input_refused", "the release was refused"),
    (FitRefused("R-hat of living is 1.2; run longer"), 3, "fit_refused", "the fit was refused"),
    (KeyboardInterrupt(), 130, "interrupted", "interrupted"),
    (PermissionError(13, "Permission denied", "releases"), 1, "failed", "the system refused"),
    (ValueError("could not convert: 'Mrs X'"), 1, "failed", "unforeseen fault"),
])
def test_errors_are_plain_words_on_stderr_and_the_last_line_says_what_the_exit_code_means(
        command, config, pipeline, error, code, status, last):
    pipeline["raises"] = error
    result = command("run", config)
    assert (result.code, result.out) == (code, "")
    assert result.err.splitlines()[-1] == f"exit code {code}: {last}"
    assert "Traceback" not in result.err
    assert "Mrs X" not in result.err
    reported = json.loads(command("run", config, "--json").out)
    assert (reported["status"], reported["exit_code"], reported["release"]) == (status, code, None)


def test_problems_name_file_column_rows_and_remedy(command, config, pipeline):
    pipeline["raises"] = DataError([PROBLEM, PROBLEM])
    text = command("validate", config).err
    assert all(word in text for word in ("2 problems", "deaths.csv", "count", "row 3", "Round nothing."))
    listed = json.loads(command("validate", config, "--json").out)["problems"]
    assert listed[1] == {"code": "E-COUNT", "severity": "error", "where": "deaths.csv", "column": "count",
                         "key": None, "rows": [3], "detail": None, "requirement": "must be a whole number",
                         "remedy": "Round nothing."}


def test_debugging_shows_the_traceback(config, pipeline, monkeypatch):
    monkeypatch.setenv(cli.DEBUG, "1")
    pipeline["raises"] = ValueError("inner")
    with pytest.raises(ValueError, match="inner"):
        cli.main(["validate", config], exit_with=lambda code: None)


def test_our_warnings_are_plain_and_those_of_libraries_are_left_out(command, config, pipeline):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        pipeline["warns"] = ("Board populations end in 2019", SbcPrevalenceWarning)
        assert command("validate", config).err == "Note: Board populations end in 2019\n"
        pipeline["warns"] = ("numpy will change", FutureWarning)
        assert command("validate", config).err == ""


def test_a_bad_configuration_stops_before_the_pipeline_is_loaded(command, config, pipeline):
    Path(config).write_text(CONFIG.replace("seed = 1", "sead = 1"))
    result = command("run", config)
    assert result.code == 2
    assert "'sead'" in result.err
    assert "Did you mean 'seed'?" in result.err
    assert "config" not in pipeline


@pytest.mark.parametrize("name", ["scotland", "uk-nations"])
def test_a_shipped_example_runs_by_its_name(command, pipeline, name):
    result = command("validate", name)
    assert result.code == 0, result.err
    assert pipeline["config"].name == name


def test_a_mistyped_example_is_named(command):
    result = command("run", "scotlnd")
    assert result.code == 2
    assert "Did you mean the example 'scotland'?" in result.err


def test_init_writes_a_project_once(command, tmp_path):
    result = command("init", str(tmp_path / "new"))
    assert result.code == 0
    assert "sbc-prevalence validate" in result.out
    before = {f: f.read_bytes() for f in (tmp_path / "new").rglob("*") if f.is_file()}
    again = command("init", str(tmp_path / "new"))
    assert again.code == 2
    assert "nothing was overwritten" in again.err
    assert before == {f: f.read_bytes() for f in (tmp_path / "new").rglob("*") if f.is_file()}


class StandInRelease:
    headline: ClassVar = {"area_name": "Scotland", "living_median": 4210}

    def __str__(self) -> str:
        return "Scotland: 4,210 living"


def test_show_prints_the_headline_of_a_release(command, monkeypatch, tmp_path):
    import sbc_prevalence.release as release

    paths = []
    monkeypatch.setattr(release, "read_release", lambda path: paths.append(path) or StandInRelease())
    assert command("show", str(tmp_path)) == Run(0, "Scotland: 4,210 living\n", "")
    assert json.loads(command("show", str(tmp_path), "--json").out)["headline"]["living_median"] == 4210
    assert paths == [tmp_path, tmp_path]


def test_show_refuses_a_folder_that_is_no_release(command, tmp_path):
    result = command("show", str(tmp_path))
    assert (result.code, result.out) == (2, "")
    assert "ReleaseError" in result.err


def test_show_names_a_missing_folder_as_it_was_given_and_the_command_that_makes_one(command, tmp_path):
    given = str(tmp_path / "releases" / "scotlnd")
    result = command("show", given)
    assert result.code == 2
    assert f"there is no folder '{given}'" in result.err
    assert f"sbc-prevalence run CONFIG --out {given}" in result.err


def test_version_help_and_usage_errors(command):
    assert command("--version").out.strip()
    listed = command("--help")
    assert listed.code == 0
    assert all(name in listed.out for name in ("init", "validate", "run", "describe", "show"))
    codes = " ".join(listed.out.split("Exit codes:")[1].replace("│", " ").split())
    assert all(words in codes for words in ("0 fine", "2 data", "3 fit refused", "130 interrupted", "1 anything else"))
    assert command("run").code == 2
    assert command("run", "scotland", "--qiuck").code == 2


def test_the_command_line_loads_nothing_heavy():
    script = ("import sys; from sbc_prevalence import cli; cli.main(['--help'], exit_with=lambda c: None); "
              "print('|'.join(m for m in ('pymc', 'pytensor', 'matplotlib', 'pandas', 'numpy', 'scipy', "
              "'xarray', 'pydantic') if m in sys.modules))")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True,
                          timeout=60)
    assert done.stdout.splitlines()[-1] == ""
