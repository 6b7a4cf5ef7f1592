"""Persons as they are printed outside the tables of a release."""

import math


def to_unit(value: float, unit: int, towards: str = "nearest") -> int:
    """Persons rounded to a unit.

    Parameters
    ----------
    value : float
    unit : int
    towards : {"nearest", "down", "up"}
        Bounds of an interval are rounded outwards.
    """
    steps = value / unit
    whole = {"down": math.floor, "up": math.ceil}.get(towards, lambda x: math.floor(x + 0.5))(steps)
    return int(whole) * unit


def in_persons(value: float, unit: int, towards: str = "nearest") -> str:
    """`3,890`: rounded to the unit, with thousands separators."""
    return f"{to_unit(float(value), unit, towards):,}"


YEARS_STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Units of the implied duration [years]."""


def years_unit(persons: float, living: float, duration: float) -> float:
    """Years to which living / deaths is rounded: no finer than what one unit of persons makes of it.

    Parameters
    ----------
    persons : float
        Unit of the living; half of it exceeds their Monte Carlo error, and so does half of what is returned.
    living, duration : float
        Medians of the living and of living / deaths [years].
    """
    needed = persons * duration / living if living > 0 else 0.0
    return next((step for step in YEARS_STEPS if step >= needed * (1 - 1e-9)), YEARS_STEPS[-1])


def in_years(median: float, lower: float, upper: float, unit: float = YEARS_STEPS[0]) -> tuple[str, str, str]:
    """Years to a unit, with one decimal place; the bounds are rounded outwards."""
    steps = (math.floor(median / unit + 0.5), math.floor(lower / unit + 1e-9), math.ceil(upper / unit - 1e-9))
    return f"{steps[0] * unit:.1f}", f"{steps[1] * unit:.1f}", f"{steps[2] * unit:.1f}"
