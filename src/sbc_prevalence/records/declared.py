"""What only a person can say of an extract: whom to count, until when people were followed, to which date it serves."""

from collections.abc import Sequence
from datetime import date

from sbc_prevalence.errors import Problem
from sbc_prevalence.records.apply import whole
from sbc_prevalence.records.definition import CaseDefinition
from sbc_prevalence.records.engine import Records
from sbc_prevalence.records.schema import UNKNOWN


def declared_problems(
    records: Records, definition: CaseDefinition | None, index_dates: Sequence[date] = ()
) -> list[Problem]:
    """Declarations that the records call for and nobody made.

    Parameters
    ----------
    records : Records
        Of the record schema.
    definition : CaseDefinition, optional
    index_dates : sequence of date
        Dates on which the living will be counted.
    """
    table = records.table
    alive = table.death_date.isnull()
    told = (
        table.aggregate(
            men=(table.sex == "male").cast("int64").sum(),
            alive=alive.cast("int64").sum(),
            unknown=(alive & (table.vital_status == UNKNOWN)).cast("int64").sum(),
            lost=(table.vital_status == "lost").cast("int64").sum(),
            uncontacted=(alive & table.last_contact_date.isnull()).cast("int64").sum(),
            last=table.extract_date.min(),
        )
        .execute()
        .iloc[0]
    )
    count = {name: whole(told[name]) for name in told.index if name != "last"}
    found: list[Problem] = []

    def say(code: str, n: int, column: str, requirement: str, remedy: str, *, warning: bool = False) -> None:
        found.append(
            Problem(
                code,
                records.name,
                requirement,
                remedy,
                column=column,
                detail=f"{n:,} of {records.rows:,} rows",
                severity="warning" if warning else "error",
            )
        )

    if definition is None:
        if count["men"]:
            say(
                "E-SEX-UNDECLARED",
                count["men"],
                "sex",
                "records of men need a declaration: counted or not",
                "Give a case definition with sex.",
            )
        if count["alive"]:
            say(
                "E-CENSORING",
                count["alive"],
                "last_contact_date",
                "it must be declared until when people without a date of death were followed",
                "Give a case definition with followed_to: last_contact or extract_date.",
            )
    assumed = definition is None or definition.followed_to == "extract_date"
    if count["unknown"] and assumed and (definition is None or definition.unknown_status == "refuse"):
        say(
            "E-STATUS-UNKNOWN",
            count["unknown"],
            "vital_status",
            "people of unknown vital status must not be taken for alive",
            "Declare unknown_status in the case definition: lost (followed to the last contact) or alive (the source is "
            "linked to every death).",
        )
    if definition is not None and definition.followed_to == "last_contact" and count["uncontacted"]:
        say(
            "W-NO-CONTACT",
            count["uncontacted"],
            "last_contact_date",
            "some people without a date of death have no last contact: they count as followed to their diagnosis only",
            "Fill the last contact.",
            warning=True,
        )
    if count["lost"]:
        say(
            "W-LOST",
            count["lost"],
            "vital_status",
            "some people have emigrated, moved away or can no longer be traced",
            "They are followed to their last contact and are neither dead nor known to live afterwards.",
            warning=True,
        )
    late = [day for day in index_dates if told["last"] == told["last"] and day > _as_date(told["last"])]
    if late:
        found.append(
            Problem(
                "E-FOLLOW-UP-SHORT",
                records.name,
                "a source must have been extracted on the index date or later",
                "Ask for a later extract, or choose an earlier index date.",
                column="extract_date",
                detail=f"{len(late)} of {len(index_dates)} index dates",
            )
        )
    return found


def _as_date(value: object) -> date:
    import pandas as pd

    return pd.Timestamp(value).date()  # type: ignore[arg-type]
