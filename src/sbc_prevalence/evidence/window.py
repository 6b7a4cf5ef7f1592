"""The window in days that parts de novo from recurrent disease: stated, never assumed."""

from collections.abc import Mapping
from typing import Any

from sbc_prevalence.errors import EvidenceError, Problem

LONGEST = 365


def check_window_given(name: str, options: Mapping[str, Any]) -> None:
    """Refuse a table for which nobody stated ``window_days``.

    Raises
    ------
    EvidenceError
        With code ``E-WINDOW``.
    """
    if options.get("window_days") is None:
        raise EvidenceError(
            _problem(
                name,
                "the window in days that parts de novo from recurrent has no default",
                "Give window_days, e.g. 120: the same window is used for primaries and recurrences.",
            )
        )


def window_problems(name: str, window_days: object) -> list[Problem]:
    """What is wrong with a stated window."""
    if isinstance(window_days, bool) or not isinstance(window_days, int) or not 0 <= window_days <= LONGEST:
        return [_problem(name, f"window_days is a whole number of days from 0 to {LONGEST}", "Give e.g. 120.")]
    return []


def _problem(name: str, requirement: str, remedy: str) -> Problem:
    return Problem("E-WINDOW", name, requirement, remedy, key="window_days")
