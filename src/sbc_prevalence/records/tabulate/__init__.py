"""Cells from cases: one ibis expression each, answered by a small pandas table in the form that evidence takes."""

from sbc_prevalence.records.tabulate.counts import registrations, routes, spread
from sbc_prevalence.records.tabulate.lexis import lexis_person_years
from sbc_prevalence.records.tabulate.living import living, living_and_lost
from sbc_prevalence.records.tabulate.overlap import overlapping_lists
from sbc_prevalence.records.tabulate.reports import death_certificate_cases, reporting_triangle
from sbc_prevalence.records.tabulate.rows import certified_deaths, first_tumours
from sbc_prevalence.records.tabulate.survival import life_table_cells

__all__ = [
    "certified_deaths",
    "death_certificate_cases",
    "first_tumours",
    "lexis_person_years",
    "life_table_cells",
    "living",
    "living_and_lost",
    "overlapping_lists",
    "registrations",
    "reporting_triangle",
    "routes",
    "spread",
]
