"""Dates on any engine: parsed by declared formats without an engine's own guesses, and counted in days.

Engines disagree on what a wrong date does (an error, null, the next month). Here a text is taken apart by a regular
expression, its parts are checked as numbers, and only parts that make a day become a date.
"""

import re
from typing import Any

from sbc_prevalence.records.mapping import format_precision

DAYS_PER_YEAR = 365.25
_PART = {"%d": r"([0-9]{2})", "%m": r"([0-9]{2})", "%Y": r"([0-9]{4})"}


def parsed(text: Any, form: str) -> tuple[Any, Any]:
    """A text as a date.

    Parameters
    ----------
    text : ibis string column
    form : str
        From ``%d``, ``%m``, ``%Y`` and what stands between them.

    Returns
    -------
    date : ibis date column
        First day of what the format tells; null where the text is not of this form or no such day exists.
    fits : ibis boolean column
        Whether the text has this form, existing day or not.
    """
    import ibis

    pieces = re.split(r"(%[dmY])", form)
    pattern = "^" + "".join(_PART.get(piece, _literally(piece)) for piece in pieces) + "$"
    order = [piece for piece in pieces if piece in _PART]
    fits = text.re_search(pattern).fill_null(False)

    def part(name: str, otherwise: int) -> Any:
        if name not in order:
            return ibis.literal(otherwise)
        found = text.re_extract(pattern, order.index(name) + 1)
        return ibis.ifelse(fits, found, str(otherwise)).cast("int64")

    year, month, day = part("%Y", 2000), part("%m", 1), part("%d", 1)
    exists = fits & month.between(1, 12) & (day >= 1) & (day <= days_in_month(year, month)) & (year >= 1)
    made = ibis.date(
        ibis.ifelse(exists, year, 2000), ibis.ifelse(exists, month, 1), ibis.ifelse(exists, day, 1)
    )
    return ibis.ifelse(exists, made, ibis.null("date")), fits


def _literally(text: str) -> str:
    """A text as a pattern without backslashes, which engines read in different ways."""
    return "".join(sign if sign.isalnum() else f"[{sign}]" for sign in text)


def parsed_by_any(text: Any, forms: tuple[str, ...]) -> tuple[Any, Any]:
    """Date by the first format that a text has, and the precision that it tells."""
    import ibis

    dates, precisions = [], []
    for form in forms:
        found, _ = parsed(text, form)
        dates.append(found)
        precisions.append(ibis.ifelse(found.notnull(), format_precision(form), ibis.null("string")))
    return ibis.coalesce(*dates), ibis.coalesce(*precisions)


def days_in_month(year: Any, month: Any) -> Any:
    """Days of a month, leap years included."""
    import ibis

    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    return ibis.cases((month.isin([4, 6, 9, 11]), 30), (month == 2, ibis.ifelse(leap, 29, 28)), else_=31)


def day_number(day: Any) -> Any:
    """Days since 1 January 1970, a whole number."""
    import ibis

    return day.delta(ibis.date(1970, 1, 1), unit="day").cast("int64")


def first_day_number(year: Any) -> Any:
    """Day number of 1 January of a calendar year, by arithmetic."""
    before = year - 1
    leaps = (before // 4) - (before // 100) + (before // 400)
    return (year - 1970) * 365 + (leaps - 477)


def last_day(first: Any, precision: Any) -> Any:
    """Last day of the month or year that begins with `first`, or the day itself."""
    import ibis

    year, month = first.year(), first.month()
    month_end = ibis.date(year, month, days_in_month(year, month))
    return ibis.cases(
        (precision == "month", month_end), (precision == "year", ibis.date(year, 12, 31)), else_=first
    )


def earliest_day(day: Any, precision: Any) -> Any:
    """First day of the month or year of a date, or the day itself."""
    import ibis

    return ibis.cases(
        (precision == "month", ibis.date(day.year(), day.month(), 1)),
        (precision == "year", ibis.date(day.year(), 1, 1)),
        else_=day,
    )
