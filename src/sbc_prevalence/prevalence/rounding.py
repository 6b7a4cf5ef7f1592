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


def in_years(median: float, lower: float, upper: float) -> tuple[str, str, str]:
    """Years to one decimal place; the bounds are rounded outwards."""
    tenths = (math.floor(10 * median + 0.5), math.floor(10 * lower + 1e-9), math.ceil(10 * upper - 1e-9))
    return f"{tenths[0] / 10:.1f}", f"{tenths[1] / 10:.1f}", f"{tenths[2] / 10:.1f}"
