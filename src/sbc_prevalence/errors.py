"""Errors: what was wrong, where, what was expected, how to mend it. Row numbers, never cell values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

ROWS_SHOWN = 5


class SbcPrevalenceWarning(UserWarning):
    """Something is usable but should be known to whoever reads the result."""


@dataclass(frozen=True)
class Problem:
    """One fault in the input.

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
        Column or configuration key.
    rows : sequence of int, optional
        Row numbers as a spreadsheet shows them: the header is row 1.
    n_rows : int, optional
        Number of data rows in the table.
    detail : str, optional
        Further words. Must not hold the value of a cell that may be personal.
    """

    code: str
    where: str
    requirement: str
    remedy: str
    column: str | None = None
    rows: tuple[int, ...] = field(default=())
    n_rows: int | None = None
    detail: str | None = None

    def __str__(self) -> str:
        place = self.where if self.column is None else f"{self.where}, column '{self.column}'"
        text = f"[{self.code}] {place}: {self.requirement}"
        if self.rows:
            total = "" if self.n_rows is None else f" of {self.n_rows}"
            shown = ", ".join(str(r) for r in self.rows[:ROWS_SHOWN])
            more = "" if len(self.rows) <= ROWS_SHOWN else ", ..."
            noun = "row" if len(self.rows) == 1 else "rows"
            text += f"; {len(self.rows)}{total} {noun} fail (file {noun} {shown}{more})"
        if self.detail:
            text += f"; {self.detail}"
        return f"{text}. {self.remedy}"


class SbcPrevalenceError(Exception):
    """Base of every error that this package raises on purpose."""

    exit_code = 1


class InputError(SbcPrevalenceError):
    """Faults in data or configuration, all of them in one list.

    Parameters
    ----------
    problems : iterable of Problem or str
        Everything that was found, not only the first.
    """

    exit_code = 2

    def __init__(self, problems: Iterable[Problem] | Problem | str) -> None:
        if isinstance(problems, str):
            self.problems: tuple[Problem, ...] = ()
            super().__init__(problems)
            return
        items: Sequence[Problem] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        self.problems = tuple(items)
        head = "1 problem" if len(items) == 1 else f"{len(items)} problems"
        super().__init__(f"{head} found:\n" + "\n".join(f"  {i}. {p}" for i, p in enumerate(items, 1)))


class DataError(InputError):
    """A table does not hold what it should."""


class ConfigError(InputError):
    """The configuration file does not say what it should."""


class EvidenceError(InputError):
    """Evidence that cannot mean what it claims, or pieces that do not fit together."""


class ModelError(SbcPrevalenceError):
    """A model that cannot be built from these components and this evidence."""

    exit_code = 2


class FitRefused(SbcPrevalenceError):
    """A fit that is partial, unconverged or impossible: it is not passed on."""

    exit_code = 3


class ReleaseError(SbcPrevalenceError):
    """A release folder that is incomplete, altered or cannot be written."""

    exit_code = 2
