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
