"""Kinds of tidy tables: their columns, what makes a row unique, and the checks that need several rows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sbc_prevalence.data import cells, checked, checks, columns, list_checks, published_checks, record_columns
from sbc_prevalence.errors import Problem
from sbc_prevalence.grid import (
    ALL,
    AS_OF,
    COUNT,
    COUNT_LOWER,
    COUNT_STATUS,
    COUNT_STATUSES,
    COUNT_UPPER,
    HISTORY,
    PRESENTATIONS,
    SOURCE,
    YEAR_TO,
)

REGIME_ANSWERS = ("full", "partial", "none", "no_answer")
CARRIED_ALONG = ("area_name", "area_level", "note")
_ORIGIN = {SOURCE: columns.words(), AS_OF: columns.ColumnSpec(cells.iso_date, "str")}
_ALONG = {name: columns.words(required=False, blank=True) for name in CARRIED_ALONG}
_SEX = {"sex": columns.choice("female", "male", "all", required=False)}
_AGE = {"age_band": columns.ColumnSpec(cells.age_band, "str", required=False)}
_COUNTED = {
    COUNT: columns.whole(required=False, blank=True),
    COUNT_LOWER: columns.whole(required=False, blank=True),
    COUNT_UPPER: columns.whole(required=False, blank=True),
    COUNT_STATUS: columns.choice(*COUNT_STATUSES, required=False, blank=True),
}
_CODES = {
    "icd10": columns.words(required=False, blank=True),
    "behaviour": columns.words(required=False, blank=True),
}
_STRATA = {"area_code": columns.area(), "year": columns.year(), **_SEX, **_AGE}
_DIAGNOSED = {"diagnosis_year_from": columns.year(blank=True), "diagnosis_year_to": columns.year(blank=True)}


@dataclass(frozen=True)
class TableSchema:
    """Columns of one kind of table, what makes a row unique, and the checks that need several rows.

    Parameters
    ----------
    kind : str
    columns : mapping of str to ColumnSpec
        In the order of a template.
    key : tuple of str
        Columns that together identify a row; those absent from the table are left out.
    counted : bool
        Whether the table holds counts (a value or an interval).
    checks : tuple of callable
        Functions of :mod:`sbc_prevalence.data.checks`.
    """

    kind: str
    columns: Mapping[str, columns.ColumnSpec]
    key: tuple[str, ...]
    counted: bool = False
    checks: "tuple[Callable[[checked.Checked], Iterable[Problem]], ...]" = field(default=())

    @property
    def template(self) -> tuple[str, ...]:
        """Column names of an empty template: what is required, plus the plain form of a count."""
        needed = [c for c, spec in self.columns.items() if spec.required or (self.counted and c == COUNT)]
        return tuple(needed)


def _schemas(*schemas: TableSchema) -> dict[str, TableSchema]:
    return {schema.kind: schema for schema in schemas}


SCHEMAS: dict[str, TableSchema] = _schemas(
    TableSchema(
        "deaths",
        {**_STRATA, **_COUNTED, **_CODES, **_ALONG, **_ORIGIN},
        ("area_code", "year", "sex", "age_band"),
        True,
        (
            checks.year_gaps,
            checks.totals_among_parts,
            checks.age_bands,
            checks.invasive_only,
            checks.full_years,
        ),
    ),
    TableSchema(
        "primary_registrations",
        {**_STRATA, **_COUNTED, **_CODES, **_ALONG, **_ORIGIN},
        ("area_code", "year", "sex", "age_band"),
        True,
        (
            checks.area_years,
            checks.totals_among_parts,
            checks.age_bands,
            checks.invasive_only,
            checks.full_years,
        ),
    ),
    TableSchema(
        "primary_age_profile",
        {
            "area_code": columns.area(),
            "age_band": columns.ColumnSpec(cells.age_band, "str"),
            **_COUNTED,
            "year": columns.year(required=False),
            **_SEX,
            **_CODES,
            **_ALONG,
            **_ORIGIN,
        },
        ("area_code", "year", "sex", "age_band"),
        True,
        (checks.age_bands, checks.invasive_only),
    ),
    TableSchema(
        "population",
        {**_STRATA, "population": columns.whole(low=1, high=cells.MAX_PEOPLE),
         "population_at": columns.choice("mid_year", "year_end", required=False), **_ALONG, **_ORIGIN},
        ("area_code", "year", "sex", "age_band"),
        False,
        (checks.year_gaps, checks.age_bands),
    ),
    TableSchema(
        "published_survival",
        {
            "study": columns.words(),
            "presentation": columns.choice(*PRESENTATIONS, ALL),
            "survival_kind": columns.choice("observed", "net", "relative", "cause_specific"),
            "measure": columns.choice("survival", "median", "hazard"),
            "duration_from_years": columns.number(0, 60, required=False, blank=True),
            "duration_years": columns.number(0, 60, blank=True),
            "value": columns.number(0, 1000, open_low=True),
            "lower": columns.number(0, 1000, required=False, blank=True),
            "upper": columns.number(0, 1000, required=False, blank=True),
            "n": columns.whole(required=False, blank=True, low=1),
            **_DIAGNOSED,
            "de_novo_share": columns.number(
                0, 1, required=False, blank=True, open_low=True, open_high=True, proportion=True
            ),
            **_ALONG,
            **_ORIGIN,
        },
        (
            "study",
            "presentation",
            "survival_kind",
            "measure",
            "duration_from_years",
            "duration_years",
            "diagnosis_year_from",
            "diagnosis_year_to",
        ),
        False,
        (
            published_checks.diagnosis_years,
            published_checks.survival_points,
            published_checks.survival_values,
            published_checks.survival_falls,
            published_checks.survival_kinds,
        ),
    ),
    TableSchema(
        "distant_recurrence",
        {
            "study": columns.words(),
            "risk_kind": columns.choice("net", "crude"),
            "stage": columns.choice("I", "II", "III", ALL),
            "receptor": columns.choice("HR+", "HR-", ALL),
            "age_from": columns.whole(high=120),
            "age_to": columns.whole(high=120),
            **_DIAGNOSED,
            "duration_from_years": columns.number(0, 60),
            "duration_to_years": columns.number(0, 60, open_low=True),
            "value": columns.number(0, 1, open_high=True, proportion=True),
            **_ALONG,
            **_ORIGIN,
        },
        (
            "study",
            "stage",
            "receptor",
            "age_from",
            "age_to",
            "diagnosis_year_from",
            "diagnosis_year_to",
            "duration_from_years",
            "duration_to_years",
        ),
        False,
        (published_checks.diagnosis_years, published_checks.recurrence_intervals),
    ),
    TableSchema(
        "registrations",
        {
            "area_code": columns.area(),
            "year": columns.year(),
            "presentation": columns.choice(*PRESENTATIONS, ALL),
            **_SEX,
            **_AGE,
            **_COUNTED,
            **_ALONG,
            **_ORIGIN,
        },
        ("area_code", "year", "presentation", "sex", "age_band"),
        True,
        (
            checks.year_gaps,
            checks.totals_among_parts,
            checks.age_bands,
            checks.presentations,
            checks.full_years,
        ),
    ),
    TableSchema(
        "completeness_audit",
        {
            "area_code": columns.area(),
            "presentation": columns.choice(*PRESENTATIONS, ALL),
            "source_audited": columns.words(),
            "n_known": columns.whole(low=1),
            "n_found": columns.whole(),
            "year": columns.year(required=False),
            **_ALONG,
            **_ORIGIN,
        },
        ("area_code", "presentation", "source_audited", "year"),
        False,
        (checks.found_among_known,),
    ),
    TableSchema(
        "validation_sample",
        {
            "area_code": columns.area(),
            "presentation": columns.choice(*PRESENTATIONS, ALL),
            "source_audited": columns.words(),
            "stratum": columns.words(),
            "in_source": columns.choice("yes", "no"),
            "n_records": columns.whole(),
            "n_examined": columns.whole(),
            "n_true": columns.whole(),
            "year": columns.year(required=False),
            **_ALONG,
            **_ORIGIN,
        },
        ("area_code", "presentation", "source_audited", "year", "stratum"),
        False,
        (checks.examined_among_records, checks.strata),
    ),
    TableSchema(
        "regime_survey",
        {"area_code": columns.area(), "answer": columns.choice(*REGIME_ANSWERS), **_ALONG, **_ORIGIN},
        ("area_code",),
    ),
    TableSchema(
        "overlapping_lists",
        {
            "area_code": columns.area(),
            "year": columns.year(),
            YEAR_TO: columns.year(required=False, blank=True),
            "presentation": columns.choice(*PRESENTATIONS, ALL, required=False),
            **_SEX,
            **_AGE,
            HISTORY: columns.history(),
            **_COUNTED,
            **_ALONG,
            **_ORIGIN,
        },
        ("area_code", "year", YEAR_TO, "presentation", "sex", "age_band", HISTORY),
        True,
        (
            list_checks.periods,
            list_checks.cells,
            checks.totals_among_parts,
            checks.age_bands,
            checks.presentations,
        ),
    ),
    TableSchema(
        "grouped_codes",
        {
            "area_code": columns.area(),
            "year": columns.year(),
            "presentation": columns.choice(*PRESENTATIONS, ALL),
            **_SEX,
            **_AGE,
            **_COUNTED,
            "n_validated": columns.whole(required=False, blank=True),
            "n_metastatic": columns.whole(required=False, blank=True),
            **_ALONG,
            **_ORIGIN,
        },
        ("area_code", "year", "presentation", "sex", "age_band"),
        True,
        (
            checks.year_gaps,
            checks.totals_among_parts,
            checks.age_bands,
            checks.presentations,
            checks.full_years,
            list_checks.validated,
        ),
    ),
    TableSchema(
        "living_counts",
        {
            "area_code": columns.area(),
            "index_date": columns.ColumnSpec(cells.iso_date, "str"),
            **_SEX,
            **_AGE,
            **_COUNTED,
            "base_population": columns.whole(required=False, blank=True, low=1, high=cells.MAX_PEOPLE),
            "base_lower": columns.whole(required=False, blank=True, low=1, high=cells.MAX_PEOPLE),
            "base_upper": columns.whole(required=False, blank=True, low=1, high=cells.MAX_PEOPLE),
            **_ALONG,
            **_ORIGIN,
        },
        ("area_code", "index_date", "sex", "age_band"),
        True,
        (checks.age_bands, checks.within_base, checks.base_bounds),
    ),
    TableSchema(
        "reporting_triangle",
        {
            "area_code": columns.area(),
            "year": columns.year(),
            "presentation": columns.choice(*PRESENTATIONS, ALL),
            "report_year": columns.year(required=False),
            "report_date": columns.ColumnSpec(cells.iso_date, "str", required=False),
            COUNT: columns.whole(low=-cells.MAX_COUNT),
            **_ALONG,
            **_ORIGIN,
        },
        ("area_code", "year", "presentation", "report_year", "report_date"),
    ),
    TableSchema(
        "death_certificate_cases",
        {
            "area_code": columns.area(),
            "year": columns.year(),
            "presentation": columns.choice(*PRESENTATIONS, ALL),
            "registered_in_life": columns.whole(),
            "death_initiated": columns.whole(),
            "certificate_only": columns.whole(),
            **_ALONG,
            **_ORIGIN,
        },
        ("area_code", "year", "presentation"),
        False,
        (checks.totals_among_parts, checks.presentations, checks.full_years),
    ),
    TableSchema(
        "patient_survival",
        {**record_columns.PATIENT, **_ORIGIN},
        (),
        False,
        (record_columns.time_form, record_columns.order_of_times),
    ),
    TableSchema(
        "life_table_cells",
        {**record_columns.CELLS, **_ALONG, **_ORIGIN},
        record_columns.CELL_KEY,
        False,
        (record_columns.cell_intervals, record_columns.cell_exposure),
    ),
    TableSchema(
        "other_cause_mortality",
        {
            "age": columns.whole(high=120),
            "year": columns.year(),
            "hazard": columns.number(0, 5),
            **_ALONG,
            **_ORIGIN,
        },
        ("age", "year"),
        False,
        (checks.single_ages,),
    ),
    TableSchema(
        "comparison_figures",
        {
            "region": columns.words(),
            "measure": columns.words(),
            "date_or_period": columns.words(),
            "date_from": columns.ColumnSpec(cells.iso_date, "str", required=False, blank=True),
            "date_to": columns.ColumnSpec(cells.iso_date, "str", required=False, blank=True),
            "value": columns.number(0, cells.MAX_PEOPLE),
            "counts": columns.words(),
            "method": columns.words(required=False, blank=True),
            "unit": columns.words(required=False, blank=True),
            "role": columns.words(required=False, blank=True),
            **_ALONG,
            **_ORIGIN,
        },
        ("region", "measure", "date_or_period", "counts", "source"),
        False,
    ),
)
