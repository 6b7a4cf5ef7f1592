"""Printed numbers: bounds outwards, as in the report."""

import pytest

from sbc_prevalence.prevalence.rounding import in_persons, in_years, years_unit
from sbc_prevalence.release.rounding import downward, nearest, upward


@pytest.mark.parametrize("value", [0.0, 2.44, 2.45, 2.5, 6.61, 6.7, 12.349])
def test_years_are_rounded_in_the_terminal_as_in_the_report(value):
    expected = tuple(f"{float(rule(value, 0.1)):.1f}" for rule in (nearest, downward, upward))
    assert in_years(value, value, value) == expected


def test_bounds_are_rounded_outwards():
    assert (in_persons(2551, 50, "down"), in_persons(6949, 50), in_persons(6901, 50, "up")) == ("2,550", "6,950", "6,950")


@pytest.mark.parametrize(("persons", "expected"), [(10, 0.1), (50, 0.1), (200, 0.2), (250, 0.5), (1000, 1.0)])
def test_a_duration_tells_no_more_than_the_count_of_the_living(persons, expected):
    assert years_unit(persons, living=4000.0, duration=4.0) == expected


def test_a_coarser_unit_of_years_is_kept_outwards():
    assert in_years(4.06, 2.44, 6.61, unit=0.5) == ("4.0", "2.0", "7.0")
