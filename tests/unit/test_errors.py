"""The words of a refusal: grammar, keys apart from columns, warnings apart from errors, the command to type."""

import sys
from pathlib import Path

import pytest

from sbc_prevalence.errors import DataError, Problem, program


def problem(rows: tuple[int, ...] = (), n_rows: int | None = None, **more: object) -> Problem:
    return Problem("E-X", "deaths.csv", "counts are whole", "Count.", rows=rows, n_rows=n_rows, **more)


@pytest.mark.parametrize(("rows", "n_rows", "words"), [
    ((9,), 325, "1 of 325 rows fails (file row 9)"),
    ((9, 12), 325, "2 of 325 rows fail (file rows 9, 12)"),
    ((2,), 1, "1 of 1 row fails (file row 2)"),
    ((9,), None, "1 row fails (file row 9)"),
    (tuple(range(2, 9)), None, "7 rows fail (file rows 2, 3, 4, 5, 6, ...)"),
])
def test_rows_are_counted_in_plain_grammar(rows, n_rows, words):
    assert words in str(problem(rows, n_rows))


def test_a_key_of_the_configuration_is_called_a_key_and_a_column_a_column():
    assert "config.toml, key 'seed': " in str(Problem("E-CONFIG-KEY", "config.toml", "x", "y", key="seed"))
    assert "deaths.csv, column 'count': " in str(problem(column="count"))


def test_warnings_follow_the_errors_and_are_not_counted_among_them():
    text = str(DataError([problem((3,), 9, severity="warning"), problem((4,), 9), problem((5,), 9)]))
    assert text.startswith("2 problems found:\n")
    assert "1 of 9 rows to look at (file row 3)" in text
    assert text.index("file row 5") < text.index("1 thing to look at:") < text.index("file row 3")


def test_checks_that_had_to_wait_are_named_once_at_the_end():
    error = DataError([problem()], not_checked=["counts against the population", "counts against the population"])
    assert str(error).splitlines()[-1] == "Not checked yet because of these: counts against the population."


def test_the_command_is_named_as_it_was_started_where_it_is_not_on_path(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [".venv/bin/sbc-prevalence", "init", "x"])
    assert program() == str(Path(".venv/bin/sbc-prevalence"))
    installed = tmp_path / "sbc-prevalence"
    installed.write_text("#!/bin/sh\n")
    installed.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(installed)])
    assert program() == "sbc-prevalence"
    monkeypatch.setattr(sys, "argv", ["pytest"])
    assert program() == "sbc-prevalence"
