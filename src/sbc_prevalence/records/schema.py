"""The record schema: columns, types and words of one row per recorded event. A vocabulary; no engine, no data.

A source has one row for each event that it reports of a person: spread, a recurrence, or a first tumour. The case
definition (:mod:`sbc_prevalence.records.definition`) reduces these rows to one for each person and source.

Sites of disease and treatments are boolean columns, one each, not a text with a separator: every engine holds them in
one byte, sums count them, none needs parsing, and "not stated" (null) stays apart from "not there" (false).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sbc_prevalence.grid import DE_NOVO, RECURRENT

ColumnType = Literal["string", "date", "int64", "boolean"]

UNKNOWN = "unknown"
SEXES = ("female", "male", UNKNOWN)
PRECISIONS = ("day", "month", "year")
EVENTS = ("primary", "local", "regional", "distant", "ambiguous")
STATED_PRESENTATIONS = (DE_NOVO, RECURRENT, UNKNOWN)
ROUTES = ("emergency", "gp", "follow_up", "screening", "other", UNKNOWN)
VITAL_STATUSES = ("alive", "dead", "lost", UNKNOWN)
RECEPTOR = ("positive", "negative", UNKNOWN)
HER2 = ("positive", "low", "negative", UNKNOWN)
NOTIFICATIONS = ("registered_in_life", "death_initiated", "certificate_only")

LOCAL_SITES = ("site_breast", "site_chest_wall", "site_scar_skin")
REGIONAL_SITES = (
    "site_axillary_nodes",
    "site_neck_nodes",
    "site_internal_mammary_nodes",
    "site_regional_nodes",
)
DISTANT_SITES = (
    "site_bone",
    "site_liver",
    "site_lung",
    "site_pleura",
    "site_brain",
    "site_distant_nodes",
    "site_distant_skin",
    "site_other",
    "site_unspecified",
)
AMBIGUOUS_SITES = ("site_skin",)
SITES = (*LOCAL_SITES, *REGIONAL_SITES, *DISTANT_SITES, *AMBIGUOUS_SITES)
TREATMENTS = (
    "treated_surgery",
    "treated_radiotherapy",
    "treated_chemotherapy",
    "treated_endocrine",
    "treated_targeted",
    "treated_supportive",
)


@dataclass(frozen=True)
class RecordColumn:
    """One column of a record.

    Parameters
    ----------
    type : {"string", "date", "int64", "boolean"}
    meaning : str
    required : bool
        Whether the column must be there and every one of its cells filled.
    allowed : tuple of str
        Words that a text may be; empty where any text is sound.
    low, high : int, optional
        Range of a number.
    """

    type: ColumnType
    meaning: str
    required: bool = False
    allowed: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None


def _precision(of: str) -> RecordColumn:
    return RecordColumn(
        "string",
        f"How exactly `{of}` is known; the date is then the first day of its month or year.",
        allowed=PRECISIONS,
    )


def _sites() -> dict[str, RecordColumn]:
    extents = {
        **dict.fromkeys(LOCAL_SITES, "local"),
        **dict.fromkeys(REGIONAL_SITES, "regional"),
        **dict.fromkeys(DISTANT_SITES, "distant"),
        **dict.fromkeys(AMBIGUOUS_SITES, "ambiguous"),
    }
    where = {
        "site_breast": "the breast that had the first tumour",
        "site_chest_wall": "chest wall on the same side",
        "site_scar_skin": "skin near the scar",
        "site_axillary_nodes": "nodes of armpit and chest on the same side",
        "site_neck_nodes": "nodes above and below the collarbone on the same side",
        "site_internal_mammary_nodes": "nodes under the breastbone on the same side",
        "site_bone": "bone or bone marrow",
        "site_liver": "liver",
        "site_lung": "lung",
        "site_pleura": "pleura",
        "site_brain": "brain or its coverings",
        "site_distant_nodes": "any other lymph nodes",
        "site_distant_skin": "skin elsewhere",
        "site_other": "another distant site",
        "site_unspecified": "a distant site that is not named",
        "site_regional_nodes": "regional nodes that are not named",
        "site_skin": "skin, near the scar or elsewhere",
    }
    return {name: RecordColumn("boolean", f"Disease in {where[name]} ({extents[name]}).") for name in SITES}


SCHEMA: Mapping[str, RecordColumn] = {
    "person_id": RecordColumn(
        "string", "Pseudonym of the person, the same in every source; never an NHS or CHI number.", True
    ),
    "source": RecordColumn("string", "Short name of the source.", True),
    "extract_date": RecordColumn("date", "Day at whose end the source was extracted.", True),
    "sex": RecordColumn("string", "Sex as registered.", True, SEXES),
    "birth_year": RecordColumn("int64", "Calendar year of birth.", low=1850, high=2100),
    "age_at_diagnosis": RecordColumn(
        "int64", "Completed years of age at the metastatic diagnosis.", low=0, high=120
    ),
    "area_code": RecordColumn("string", "Area of residence at the metastatic diagnosis, a GSS code.", True),
    "primary_date": RecordColumn("date", "First diagnosis of invasive breast cancer."),
    "primary_date_precision": _precision("primary_date"),
    "event": RecordColumn(
        "string",
        "What this row reports: the first tumour, local or regional recurrence, distant "
        "spread, or a code that may be several of these; null: it follows from the sites.",
        allowed=EVENTS,
    ),
    "metastatic_date": RecordColumn(
        "date", "Diagnosis of the event of this row: of the metastasis where it is distant."
    ),
    "metastatic_date_precision": _precision("metastatic_date"),
    "presentation": RecordColumn(
        "string",
        "Presentation as the source states it; dates come before words.",
        allowed=STATED_PRESENTATIONS,
    ),
    "registration_date": RecordColumn("date", "Day on which the source learned of the metastatic disease."),
    "notification": RecordColumn(
        "string",
        "How the source learned of it: while the person lived; first from the death "
        "certificate and traced back; from the certificate alone.",
        allowed=NOTIFICATIONS,
    ),
    "route": RecordColumn("string", "Route to the metastatic diagnosis.", allowed=ROUTES),
    **_sites(),
    "er": RecordColumn("string", "Oestrogen receptor.", allowed=RECEPTOR),
    "pr": RecordColumn("string", "Progesterone receptor.", allowed=RECEPTOR),
    "her2": RecordColumn("string", "HER2.", allowed=HER2),
    **{
        name: RecordColumn("boolean", f"Treated with {words} after the metastatic diagnosis.")
        for name, words in zip(
            TREATMENTS,
            (
                "surgery",
                "radiotherapy",
                "chemotherapy",
                "endocrine therapy",
                "targeted therapy (HER2, CDK4/6, immunotherapy)",
                "supportive care only",
            ),
            strict=True,
        )
    },
    "vital_status": RecordColumn(
        "string",
        "As last known to the source; `lost` is emigrated or no longer traceable; null: it "
        "follows from the date of death.",
        allowed=VITAL_STATUSES,
    ),
    "last_contact_date": RecordColumn("date", "Last day on which the person was known to be alive."),
    "death_date": RecordColumn("date", "Day of death, from any cause."),
    "death_cause": RecordColumn("string", "Underlying cause of death, ICD-10."),
}
"""Columns in order. A table of records has all of them; those that a source lacks are null throughout."""

REQUIRED = tuple(name for name, column in SCHEMA.items() if column.required)


def as_markdown() -> str:
    """The table of docs/reference/record-schema.md."""
    lines = ["| column | type | required | allowed | meaning |", "|---|---|---|---|---|"]
    for name, column in SCHEMA.items():
        allowed = ", ".join(f"`{word}`" for word in column.allowed)
        if column.low is not None:
            allowed = f"{column.low} to {column.high}"
        lines.append(
            f"| `{name}` | {column.type} | {'yes' if column.required else ''} | {allowed} | {column.meaning} |"
        )
    return "\n".join(lines) + "\n"
