"""Numbers and dates in the words of a report."""

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

_PROPER = {"rhat": "R-hat", "ess": "ESS", "bfmi": "BFMI", "ebfmi": "E-BFMI"}


def persons(value: float) -> str:
    """`3,890`; an empty text for a missing number."""
    return "" if value is None or math.isnan(float(value)) else f"{float(value):,.0f}"


def decimal(value: float, places: int = 1) -> str:
    """Number with thousands separators and fixed places; an empty text for a missing number."""
    return "" if value is None or math.isnan(float(value)) else f"{float(value):,.{places}f}"


def plain(value: float) -> str:
    """Parameter value with three significant digits, never in powers of ten for ordinary sizes."""
    x = float(value)
    if math.isnan(x):
        return ""
    return f"{float(f'{x:.3g}'):,.10g}"


def percent(value: float) -> str:
    """`8 %` from 0.08."""
    return "" if value is None or math.isnan(float(value)) else f"{100 * float(value):.0f} %"


def date_words(value: Any) -> str:
    """`31 December 2020` from an ISO date; other text is returned as it is."""
    try:
        day = date.fromisoformat(str(value)[:10])
    except ValueError:
        return str(value)
    return f"{day.day} {day:%B} {day.year}"


def credible(headline: Mapping[str, Any]) -> str:
    """`95 % credible interval, equal-tailed`."""
    return f"{100 * float(headline['ci_prob']):g} % credible interval, {headline['ci_kind']}"


def heading(text: str) -> str:
    """A column or key name as a heading: underscores out, capital first."""
    words = " ".join(_PROPER.get(w, w) for w in str(text).replace("_", " ").split(" "))
    return words[:1].upper() + words[1:]
