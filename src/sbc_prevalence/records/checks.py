"""Rules that hold between the dates of one record; all faults in one list, counts and row numbers, never a value."""

from typing import Any

from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.grid import DE_NOVO, RECURRENT
from sbc_prevalence.records.apply import Fault, problems_from
from sbc_prevalence.records.dates import last_day
from sbc_prevalence.records.engine import Records

OLDEST = 110
YOUNGEST = 15
SENTINEL_YEARS = (1900, 2100)
"""Dates of the first of these years or before, or after the last, stand for "no date" in many systems."""
DATES = ("primary_date", "metastatic_date", "registration_date", "last_contact_date", "death_date")


def record_problems(records: Records) -> list[Problem]:
    """Every contradiction within single records of the schema; warnings (severity) stop nothing.

    Parameters
    ----------
    records : Records
        Of the record schema.
    """
    return problems_from(records.table, rules(records.table), records.name, records.rows)


def check_records(records: Records) -> list[Problem]:
    """Warnings of sound records.

    Raises
    ------
    DataError
        If a record contradicts itself, with every such fault and the warnings.
    """
    found = record_problems(records)
    if any(p.severity == "error" for p in found):
        raise DataError(found)
    return found


def rules(table: Any) -> list[Fault]:
    """Rules of single rows, as expressions of a table of the record schema."""
    metastatic_end = last_day(table.metastatic_date, table.metastatic_date_precision)
    metastatic_start = table.metastatic_date
    primary_start = table.primary_date
    at_origin = "Correct the dates at their origin; nothing is moved for you."

    def fault(
        code: str,
        column: str,
        broken: Any,
        requirement: str,
        remedy: str = at_origin,
        severity: str = "error",
    ) -> Fault:
        return Fault(code, column, broken, requirement, remedy, severity)

    found = [
        fault(
            "E-DEATH-BEFORE-DIAGNOSIS",
            "death_date",
            table.death_date < metastatic_start,
            "nobody dies before the metastatic diagnosis",
        ),
        fault(
            "E-METASTASIS-BEFORE-PRIMARY",
            "metastatic_date",
            metastatic_end < primary_start,
            "metastasis is not diagnosed before the first breast cancer",
        ),
        fault(
            "E-BEFORE-BIRTH",
            "metastatic_date",
            metastatic_end.year() < table.birth_year,
            "nobody is diagnosed before birth",
        ),
        fault(
            "E-CONTACT-AFTER-DEATH",
            "last_contact_date",
            table.last_contact_date > table.death_date,
            "nobody is seen alive after death",
        ),
        fault(
            "E-STATUS-DATE",
            "vital_status",
            (table.vital_status == "dead") & table.death_date.isnull(),
            "whoever is dead has a date of death",
        ),
        fault(
            "E-STATUS-DATE",
            "death_date",
            table.vital_status.isin(["alive"]) & table.death_date.notnull(),
            "whoever is alive has no date of death",
        ),
        fault(
            "E-AREA-CODE",
            "area_code",
            ~table.area_code.re_search("^[EWSNKJLM][0-9]{8}$"),
            "areas are 9-character GSS codes",
            "Translate the codes of the source in the mapping.",
        ),
        fault(
            "W-SAME-DAY-DEATH",
            "death_date",
            table.death_date == metastatic_start,
            "deaths on the day of diagnosis are often certificates only",
            "Look whether notification says so.",
            "warning",
        ),
        fault(
            "W-PRECISION",
            "metastatic_date",
            table.metastatic_date_precision.isin(["month", "year"]),
            "some diagnoses are known to the month or year",
            "They are placed in the middle of it.",
            "warning",
        ),
        fault(
            "W-OLD-AND-ALIVE",
            "birth_year",
            table.death_date.isnull() & ((table.extract_date.year() - table.birth_year) > OLDEST),
            f"people over {OLDEST} who are not known to have died are often lost",
            "Look at their last contact.",
            "warning",
        ),
        fault(
            "W-YOUNG",
            "birth_year",
            (metastatic_end.year() - table.birth_year).between(0, YOUNGEST - 1)
            | (table.age_at_diagnosis < YOUNGEST),
            f"breast cancer below the age of {YOUNGEST} is nearly always a slip",
            "Look at the year of birth.",
            "warning",
        ),
        fault(
            "W-PRESENTATION-UNKNOWN",
            "presentation",
            table.metastatic_date.notnull() & primary_start.isnull() & ~_stated(table.presentation),
            "neither dates nor words tell de novo from recurrent",
            "Ask for the date of the first breast cancer, or for a word; the case definition says what becomes of them.",
            "warning",
        ),
    ]
    found += [
        fault(
            "E-AFTER-EXTRACT",
            name,
            (table[name] > table.extract_date) & ~_sentinel(table[name]),
            "no date lies after the extraction of the source",
        )
        for name in DATES
    ]
    found += [
        fault(
            "E-SENTINEL",
            name,
            _sentinel(table[name]),
            "dates that stand for no date must be declared",
            "List them as sentinels of the column in the mapping: a death that never was changes who lives.",
        )
        for name in DATES
    ]
    return found


def _stated(presentation: Any) -> Any:
    return presentation.isin([DE_NOVO, RECURRENT]).fill_null(False)


def _sentinel(day: Any) -> Any:
    return (day.year() <= SENTINEL_YEARS[0]) | (day.year() > SENTINEL_YEARS[1])
