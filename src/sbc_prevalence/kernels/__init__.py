"""Pure mathematics and the fast samplers: arrays in, arrays out. No labels, no input, no output."""

from sbc_prevalence.kernels.convolution import deaths_by_year, incidence_from_deaths, living_by_duration
from sbc_prevalence.kernels.recurrence import crude_recurrence
from sbc_prevalence.kernels.survivorship import survivorship, survivorship_at

__all__ = [
    "crude_recurrence",
    "deaths_by_year",
    "incidence_from_deaths",
    "living_by_duration",
    "survivorship",
    "survivorship_at",
]
