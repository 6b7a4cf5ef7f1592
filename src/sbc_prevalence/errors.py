"""Errors: what was wrong, where, what was expected, how to mend it. Row numbers, never cell values."""

import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

ROWS_SHOWN = 5
PROGRAM = "sbc-prevalence"

Severity = Literal["error", "warning"]


class SbcPrevalenceWarning(UserWarning):
    """Something is usable but should be known to whoever reads the result."""


@dataclass(frozen=True)
class Problem:
    """One fault in the input, or one thing in it that deserves a look.

    Parameters
    ----------
    code : str
        Stable identifier of the kind of fault, e.g. ``"E-NEGATIVE"``.
    where : str
        File, table or evidence object, e.g. ``"deaths.csv"``.
    requirement : str
        What must hold, in words.
    remedy : str
        What the reader can do about it.
    column : str, optional
        Column of the table.
    rows : sequence of int, optional
        Row numbers as a spreadsheet shows them: the header is row 1.
    n_rows : int, optional
        Number of data rows in the table.
    detail : str, optional
        Further words. Must not hold the value of a cell that may be personal.
    key : str, optional
        Key of the configuration, e.g. ``"grid.index_date"``, or option of a call.
    severity : {"error", "warning"}
        A warning stops nothing: it is usable input that should be looked at.
    """

    code: str
    where: str
    requirement: str
    remedy: str
    column: str | None = None
    rows: tuple[int, ...] = field(default=())
    n_rows: int | None = None
    detail: str | None = None
    key: str | None = None
    severity: Severity = "error"

    def __str__(self) -> str:
        place = self.where
        if self.column is not None:
            place += f", column '{self.column}'"
        if self.key is not None:
            place += f", key '{self.key}'"
        text = f"[{self.code}] {place}: {self.requirement}"
        if self.rows:
            text += f"; {self._rows_in_words()}"
        if self.detail:
            text += f"; {self.detail}"
        return f"{text}{'' if text.endswith('?') else '.'} {self.remedy}"

    def _rows_in_words(self) -> str:
        """How many rows, and the numbers of the first."""
        one = len(self.rows) == 1
        count = str(len(self.rows)) if self.n_rows is None else f"{len(self.rows)} of {self.n_rows}"
        noun = "row" if (self.n_rows or len(self.rows)) == 1 else "rows"
        verb = "to look at" if self.severity == "warning" else "fails" if one else "fail"
        shown = ", ".join(str(r) for r in self.rows[:ROWS_SHOWN])
        more = "" if len(self.rows) <= ROWS_SHOWN else ", ..."
        return f"{count} {noun} {verb} (file {'row' if one else 'rows'} {shown}{more})"


def numbered(problems: Iterable[Problem]) -> str:
    """Problems as a numbered list, one a line."""
    return "\n".join(f"  {i}. {p}" for i, p in enumerate(problems, 1))


def count_of(items: Sequence[object], noun: str) -> str:
    """``1 problem``, ``2 problems``."""
    return f"{len(items)} {noun}" if len(items) == 1 else f"{len(items)} {noun}s"


def program() -> str:
    """The command as a reader can type it: the way it was started where it is not on PATH."""
    started = Path(sys.argv[0] if sys.argv else "")
    if started.name.removesuffix(".exe") != PROGRAM:
        return PROGRAM
    on_path = shutil.which(PROGRAM)
    return PROGRAM if on_path and Path(on_path).resolve() == started.resolve() else str(started)


class SbcPrevalenceError(Exception):
    """Base of every error that this package raises on purpose.

    ``exit_code`` is that of the command line, ``outcome`` what it means in words.
    """

    exit_code = 1
    outcome = "failed"


class InputError(SbcPrevalenceError):
    """Faults in data or configuration, all of them in one list.

    Parameters
    ----------
    problems : iterable of Problem or str
        Everything that was found, not only the first. Warnings are listed after the errors.
    not_checked : sequence of str
        Checks that had to wait for these, in words.
    """

    exit_code = 2
    outcome = "data or configuration were refused"

    def __init__(self, problems: Iterable[Problem] | Problem | str, *, not_checked: Sequence[str] = ()) -> None:
        self.problems: tuple[Problem, ...] = ()
        self.not_checked = tuple(dict.fromkeys(not_checked))
        if isinstance(problems, str):
            super().__init__(problems)
            return
        items = (problems,) if isinstance(problems, Problem) else tuple(problems)
        errors = [p for p in items if p.severity == "error"]
        warnings = [p for p in items if p.severity == "warning"]
        self.problems = (*errors, *warnings)
        text = f"{count_of(errors, 'problem')} found:\n{numbered(errors)}"
        if warnings:
            text += f"\n{count_of(warnings, 'thing')} to look at:\n{numbered(warnings)}"
        if self.not_checked:
            text += "\nNot checked yet because of these: " + "; ".join(self.not_checked) + "."
        super().__init__(text)


class DataError(InputError):
    """A table does not hold what it should."""


class ConfigError(InputError):
    """The configuration file does not say what it should.

    Parameters
    ----------
    problems : iterable of Problem or str
    readable : object, optional
        What of the file can be read all the same (`config.Readable`), so that the tables it names can be checked too.
    """

    def __init__(self, problems: Iterable[Problem] | Problem | str, *, readable: Any = None) -> None:
        super().__init__(problems)
        self.readable = readable


class EvidenceError(InputError):
    """Evidence that cannot mean what it claims, or pieces that do not fit together."""


class ModelError(SbcPrevalenceError):
    """A model that cannot be built from these components and this evidence."""

    exit_code = 2
    outcome = "data or configuration were refused"


class FitRefused(SbcPrevalenceError):
    """A fit that is partial, unconverged or impossible: it is not passed on."""

    exit_code = 3
    outcome = "the fit was refused"


class ReleaseError(SbcPrevalenceError):
    """A release folder that is incomplete, altered or cannot be written."""

    exit_code = 2
    outcome = "the release was refused"
