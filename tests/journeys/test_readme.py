"""The README does what it says: its Python runs, its commands exist, its words give nothing away."""

import contextlib
import io
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
# Spelt in parts, so that this file does not hold what it forbids.
REGISTRIES = ("pypi" + ".org", "python" + "hosted.org", "ana" + "conda.org", "artifact" + "ory", "nex" + "us.",
              "/sim" + "ple/")
MACHINE_PATHS = (
    r"(?<![\w.])/(?:ho" r"me|Us" r"ers|ro" r"ot|wo" r"rk|t" r"mp|op" r"t|m" r"nt)/[\w.-]+", r"[A-Z]:\\\\?Us" r"ers")
TEXTS = ("*.md", "*.toml", "*.cff", "Makefile", "constraints.txt", "docs/**/*.md", "docs/**/*.py", "notebooks/**/*.py",
         "tools/*", "src/**/*.toml", "src/**/*.py", "tests/**/*.py", "benchmarks/**/*.py", ".ci/*")


def blocks(language: str, page: Path = README) -> list[str]:
    """Fenced blocks of one language."""
    return re.findall(rf"^\s*```{language}\n(.*?)^\s*```", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def commands(page: Path = README) -> list[list[str]]:
    """Words of every command line that calls the program, without comments."""
    lines = [line.strip() for block in blocks("console", page) for line in block.splitlines()]
    told = [line[2:].split("#")[0].split() for line in lines if line.startswith("$ ")]
    return [words for words in told if words and words[0].endswith("sbc-prevalence")]


def pages_with_commands() -> list[Path]:
    return [page for page in (README, *sorted((ROOT / "docs").rglob("*.md"))) if commands(page)]


@cache
def help_of(command: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "sbc_prevalence.cli", command, "--help"]
    return subprocess.run(program, capture_output=True, text=True, timeout=60, check=False)


def test_the_pages_with_commands_are_found():
    assert {"README.md", "your-own-figures.md"} <= {page.name for page in pages_with_commands()}


@pytest.mark.parametrize("page", pages_with_commands(), ids=lambda p: p.name)
def test_every_command_shown_exists_with_the_options_it_is_shown_with(page):
    for words in commands(page):
        shown = help_of(words[1])
        assert shown.returncode == 0, f"{words[1]}: {shown.stderr}"
        for option in (w for w in words[2:] if w.startswith("--")):
            assert option in shown.stdout, f"{words[1]} has no {option}"


def test_a_command_that_does_not_exist_is_told_apart():
    assert help_of("forecast").returncode != 0


def test_the_folder_of_the_example_project_is_not_offered_to_git():
    folder = next(words[2] for words in commands() if words[1] == "init")
    asked = subprocess.run(["git", "-C", str(ROOT), "check-ignore", f"{folder}/tables/deaths.csv"], capture_output=True,
                           text=True, timeout=60, check=False)
    if asked.returncode == 128:
        pytest.skip("not a checkout of git")
    assert asked.returncode == 0


def test_the_examples_that_are_run_by_name_are_carried():
    from sbc_prevalence.config import load_config

    named = {w[2] for w in commands() if w[1] in ("run", "describe", "validate") and not w[2].startswith("my-")}
    assert named >= {"scotland", "uk-nations"}
    for name in named:
        load_config(name)


def test_make_targets_that_are_shown_exist():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    text = README.read_text("utf-8")
    shown = set(re.findall(r"(?:^\$ |`)make ([a-z-]+)", text, flags=re.MULTILINE))
    assert {"update", "test"} <= shown
    for target in shown:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_the_readme_and_the_list_of_targets_say_that_make_does_not_pass_the_exit_code_on():
    listed = subprocess.run(["make", "-C", str(ROOT), "--no-print-directory", "help"], capture_output=True, text=True,
                            timeout=60, check=True).stdout
    assert "2 data or configuration were refused, 3 the fit was refused" in listed
    section = README.read_text("utf-8").split("## Set up and run")[1].split("\n## ")[0]
    assert "`exit code 3: the fit was refused`" in section


def test_set_up_takes_no_more_than_the_two_commands():
    section = README.read_text("utf-8").split("## Set up and run")[1].split("\n## ")[0]
    told = [line.split("#")[0].strip() for line in section.splitlines() if line.startswith("$ ")]
    assert told == ["$ make update", "$ make test"]


def tracked(pattern: str) -> list[Path]:
    skipped = {".venv", "build", "dist", "releases", "node_modules"}
    return [p for p in ROOT.glob(pattern) if p.is_file() and not skipped & set(p.relative_to(ROOT).parts)]


@pytest.mark.parametrize("pattern", TEXTS)
def test_no_text_names_a_package_registry_or_a_path_of_a_machine(pattern):
    found = []
    for path in tracked(pattern):
        text = path.read_text("utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {word}" for word in REGISTRIES if word in text.lower()]
        found += [f"{path.relative_to(ROOT)}: {hit[0]}" for rule in MACHINE_PATHS if (hit := re.search(rule, text))]
    assert found == []


def test_the_search_for_paths_and_registries_finds_them():
    assert re.search(MACHINE_PATHS[0], "see /ho" "me/someone/file")
    assert not re.search(MACHINE_PATHS[0], "make update PYTHON=/path/to/python3.12")
    assert any(word in "https://py" "pi.org/x" for word in REGISTRIES)


def test_python_blocks_are_whole_python():
    for page in (README, *sorted((ROOT / "docs").rglob("*.md"))):
        for block in blocks("python", page):
            compile(block, page.name, "exec")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_python_of_the_readme_runs_as_it_stands_and_gives_an_answer():
    (block,) = blocks("python")
    space: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        exec(compile(block, "README.md", "exec"), space)
    est = space["est"]
    boards, nation = est.point_prevalence(by="area"), est.point_prevalence(by="nation")  # type: ignore[attr-defined]
    table = boards.table(ci_prob=0.95)
    assert len(table) == 14
    assert table["rests_on"].str.contains("prior").all()
    assert not table["projected"].any()
    assert bool((boards.draws.sum("area") == nation.draws).all())
    whole = nation.table().iloc[0]
    assert 1.5 * 969 < whole["lower"] < whole["median"] < whole["upper"] < 10 * 969, "969 women died of it in 2020"
