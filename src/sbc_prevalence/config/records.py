"""Keys of patient records: where extracts are, what their columns mean, what counts as a case, what becomes evidence."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from sbc_prevalence.config.sections import CalendarYear, Day, Section, Text

RECORD_KINDS = ("primary_registrations", "deaths", "registrations", "overlapping_lists", "reporting_triangle",
                "death_certificate_cases", "life_table_cells")
"""Kinds of evidence that can be made from records."""
WHOLE_ROWS = ("primary_registrations", "deaths")
"""Kinds that are counted from rows as they are, without a case definition."""
NOT_SHOWN = "(not shown)"


class RecordSourceSection(Section):
    """One extract of patient records; the key of the table is the name of the source."""

    file: Text = Field(
        description="The extract: CSV, Parquet (a pattern of several is allowed) or a DuckDB file, relative to the "
                    "folder of this file. It is never written to a release, nor is its path: only its hash is.")
    mapping: Text | None = Field(
        default=None, description="TOML file that says what each column means; or give `preset`.")
    preset: Text | None = Field(
        default=None, description="A mapping that the package carries, e.g. 'trust_sheet'; or give `mapping`.")
    extract_date: Day | None = Field(
        default=None, description="Day at whose end the extract was made, where the mapping does not say.")
    table: Text | None = Field(default=None, description="Table of a DuckDB file that holds several.")
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = Field(
        default=",", description="What parts the cells of a CSV file.")


class RecordsSection(Section):
    """Patient records. Rows stay on their engine; what leaves it are counts."""

    engine: Literal["duckdb", "spark"] = Field(
        default="duckdb", description="Where records are read and counted: embedded, or a running Spark session.")
    followed_to: Literal["last_contact", "extract_date"] = Field(
        description="Until when people without a date of death are known to be alive: their last contact, or the "
                    "extract of a source that is linked to every death. Whoever is lost is followed to the last contact.")
    ambiguous: Literal["exclude", "include"] = Field(
        default="exclude", description="Rows under a code that may be local, regional or distant.")
    unknown_presentation: Literal["exclude", "keep"] = Field(
        default="exclude", description="Cases of which neither dates nor words tell de novo from recurrent; kept, they "
                                       "can be counted with presentations together only.")
    unknown_status: Literal["refuse", "lost", "alive"] = Field(
        default="refuse",
        description="People without a date of death whose vital status is stated as unknown: refused where they would be "
                    "taken for alive, or followed to the last contact, or as all others.")
    link: Literal["earliest", "highest_rank", "most_precise"] | None = Field(
        default=None, description="Which source is believed first where facts of one person disagree; needed where an "
                                  "entry names several sources.")
    sources: Annotated[Mapping[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9 _-]{0,39}$")], RecordSourceSection],
                       Field(min_length=1)] = Field(
        description="The extracts, one table `[records.sources.NAME]` each.")


class FromRecords(Section):
    """Evidence made from records: takes the place of `table` or `file`."""

    sources: Annotated[tuple[Text, ...], Field(strict=False, min_length=1, max_length=5)] = Field(
        description="Names of the sources. Several are linked person by person, and nobody counts twice.")
    years: Annotated[tuple[CalendarYear, CalendarYear], Field(strict=False)] | None = Field(
        default=None, description="First and last calendar year; needed for all kinds but life_table_cells.")
    areas: Literal["apart", "together"] = Field(
        default="apart", description="Whether each modelled area is counted, or the whole.")
    presentations: Literal["apart", "together"] = Field(
        default="apart", description="Whether de novo and recurrent disease are counted apart; needs to be known of "
                                     "every case then.")
    entry: Literal["registration", "diagnosis"] | None = Field(
        default=None, description="From when people are at risk, for life_table_cells: whoever was registered alive must "
                                  "have lived until then.")
    period_years: int = Field(
        default=1, ge=1, le=10, description="Years of diagnosis taken together, for life_table_cells.")
