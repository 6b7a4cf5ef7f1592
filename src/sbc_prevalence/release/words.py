"""Numbers and dates in the words of a report."""

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from sbc_prevalence.grid import span_of_years

NOISE_BELOW, NOISE_ABOVE = 0.15, 0.05
"""Contractions between -0.15 and 0.05 come about by simulation where the data say nothing."""
_PROPER = {"rhat": "R-hat", "ess": "ESS", "bfmi": "BFMI", "ebfmi": "E-BFMI"}


def persons(value: float) -> str:
    """`3,890`; an empty text for a missing number."""
    return "" if value is None or math.isnan(float(value)) else f"{float(value):,.0f}"


def inside(place: str) -> str:
    """Name of a place as it stands after "in": `the United Kingdom`, `Scotland`."""
    return f"the {place}" if place.startswith("United ") else place


def year_span(first: int, last: int) -> str:
    """`1997 to 2020`; a single year stands alone."""
    return span_of_years(first, last, " to ")


def decimal(value: float, places: int = 1) -> str:
    """Number with thousands separators and fixed places; an empty text for a missing number."""
    return "" if value is None or math.isnan(float(value)) else f"{float(value):,.{places}f}"


def plain(value: float) -> str:
    """Value with three significant digits, never in powers of ten for ordinary sizes."""
    x = float(value)
    if math.isnan(x):
        return ""
    return f"{float(f'{x:.3g}'):,.10g}"


def span(median: float, lower: float, upper: float) -> str:
    """`0.065 (0.041 to 0.101)`: a parameter and its interval, with as many places as the width of the interval asks."""
    values = [float(v) for v in (median, lower, upper)]
    if any(math.isnan(v) for v in values):
        return ""
    width = values[2] - values[1]
    places = 2 if width <= 0 else min(max(math.ceil(1.3 - math.log10(width)), 0), 8)
    middle, low, high = (f"{round(v, places) + 0.0:,.{places}f}" for v in values)
    return f"{middle} ({low} to {high})"


def percent(value: float) -> str:
    """`8 %` from 0.08; never minus 0."""
    return "" if value is None or math.isnan(float(value)) else f"{round(100 * float(value)) + 0} %"


def percent_span(median: float, lower: float, upper: float) -> str:
    """`27 % (12 to 48 %)` from proportions."""
    if any(math.isnan(float(v)) for v in (median, lower, upper)):
        return ""
    return f"{percent(median)} ({percent(lower).removesuffix(' %')} to {percent(upper)})"


def contraction_words(value: float) -> str:
    """A contraction in percent; what simulation cannot tell from nothing is `about 0 %`."""
    if value is None or math.isnan(float(value)):
        return ""
    return "about 0 %" if -NOISE_BELOW < float(value) < NOISE_ABOVE else percent(value)


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
