"""Entries of the ``[[evidence]]`` list: one frozen class per kind, with its own options only."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from sbc_prevalence.config.records import FromRecords
from sbc_prevalence.config.sections import CalendarYear, CarriedName, Day, Positive, Section, Text

Probability = Annotated[float, Field(gt=0, le=1)]
Proportion = Annotated[float, Field(gt=0, lt=1)]
Definition = Literal["alive_on_date", "coded_in_year"]


def _as_text(value: object) -> object:
    """A whole number as text, so that ``year = 2021`` and ``year = "2021"`` mean the same."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class EvidenceEntry(Section):
    """What every entry has: a kind, one place where the figures are, and their origin."""

    kind: str
    table: CarriedName | None = Field(
        default=None, description="A table that the package carries, e.g. 'carried:scotland_deaths'.")
    file: Text | None = Field(
        default=None, description="Your own CSV table, relative to the folder of this file.")
    records: FromRecords | None = Field(
        default=None,
        description="Made from the patient records of [records], e.g. { sources = ['registry'], years = [2015, 2024] }; "
                    "for some kinds.")
    name: Text | None = Field(
        default=None,
        description="Name of this piece of evidence in messages and tables; without it, that of "
                    "the table.")
    source: Text | None = Field(
        default=None,
        description="Where the figures come from; needed with 'file' unless the table has a column "
                    "'source'.")
    as_of: Day | None = Field(
        default=None,
        description="Day on which the figures were extracted or published; needed with 'file' "
                    "unless the table has a column 'as_of'.")
    title: Text | None = Field(default=None, description="Title of the publication.")
    publisher: Text | None = Field(default=None, description="Who publishes the figures.")
    year: Annotated[Text | None, BeforeValidator(_as_text)] = Field(
        default=None,
        description="Year of publication.")
    licence: Text | None = Field(default=None, description="Licence of the figures.")
    note: Text | None = Field(
        default=None,
        description="Remark printed beside the source in every report, e.g. that it is a stand-in.")

    OPTION_KEYS: ClassVar[tuple[str, ...]] = ()

    @property
    def carried(self) -> str | None:
        """Name of the carried table, without the prefix; None where a file is given."""
        return None if self.table is None else self.table.removeprefix("carried:")

    @property
    def label(self) -> str:
        """Name for messages and tables."""
        made = "" if self.records is None else f"{self.kind} of {' + '.join(self.records.sources)}"
        return self.name or self.carried or self.file or made or self.kind

    def column_defaults(self) -> dict[str, str]:
        """Texts for columns that the table may lack, e.g. ``source`` and ``as_of``."""
        return {key: str(getattr(self, key)) for key in ("source", "as_of") if getattr(self, key) is not None}

    def provenance(self) -> dict[str, str]:
        """Origin as the configuration states it; absent keys are absent."""
        keys = ("title", "publisher", "year", "licence", "source", "as_of", "note")
        return {key: str(getattr(self, key)) for key in keys if getattr(self, key) is not None}

    def options(self) -> dict[str, Any]:
        """Options of the evidence class for this kind; tables of options as plain mappings."""
        values = {key: getattr(self, key) for key in self.OPTION_KEYS if getattr(self, key) is not None}
        return {key: _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
    """Sections, alone or in a list, as plain mappings."""
    if isinstance(value, Section):
        return value.model_dump(exclude_none=True)
    return tuple(_plain(item) for item in value) if isinstance(value, tuple) else value


class CountedEntry(EvidenceEntry):
    """Counts of people of one sex."""

    sex: Literal["female", "male", "all"] | None = Field(
        default=None,
        description="Whom the table counts; where it has a column 'sex', these rows are taken ('all' adds the rows of "
                    "women and men where there are no rows of all). Without it, as model.men says: female, all or male.")
    OPTION_KEYS: ClassVar[tuple[str, ...]] = ("sex",)


class DeathsEntry(CountedEntry):
    """Certified breast cancer deaths by area and year."""

    kind: Literal["deaths"]
    icd10: Literal["C50"] = Field(
        default="C50", description="Underlying cause of death that the table counts.")
    OPTION_KEYS = ("sex", "icd10")


class PrimaryRegistrationsEntry(CountedEntry):
    """Registrations of primary breast cancer by area and year."""

    kind: Literal["primary_registrations"]
    behaviour: Literal["invasive"] = Field(
        default="invasive", description="Invasive disease only: in situ disease (D05) enters nowhere.")
    OPTION_KEYS = ("sex", "behaviour")


class PrimaryAgeProfileEntry(CountedEntry):
    """Ages of invasive primaries, used as a mix only."""

    kind: Literal["primary_age_profile"]


class PopulationEntry(CountedEntry):
    """Population by area and year; without it there are no rates per 100,000."""

    kind: Literal["population"]


class PublishedSurvivalEntry(EvidenceEntry):
    """Published survival after metastatic diagnosis."""

    kind: Literal["published_survival"]
    default_sampling_sd: Positive = Field(
        default=0.10,
        description="Sampling sd, on the scale log(-log S), of rows with neither interval nor n.")
    own_studies: Annotated[tuple[Text, ...], Field(strict=False)] = Field(
        default=(),
        description="Studies of populations under the same health system as the one described; they count "
                    "for more than the others.")
    OPTION_KEYS = ("default_sampling_sd", "own_studies")


class DistantRecurrenceEntry(EvidenceEntry):
    """Published risks of distant recurrence after early breast cancer."""

    kind: Literal["distant_recurrence"]
    risk_kind: Literal["net", "crude"] | None = Field(
        default=None,
        description="Whether the risks are net or crude of death from other causes; needed unless the "
                    "table has a column 'risk_kind'. There is no default.")
    study_error_sd: Positive = Field(
        default=0.3, description="Error shared by all risks of one study, sd on the log scale.")
    OPTION_KEYS = ("risk_kind", "study_error_sd")


class KnownCompleteness(Section):
    """Completeness taken as known; the only way to say that nothing is missed."""

    kind: Literal["known"] = Field(description="Which form this is.")
    value: Probability = Field(description="Share of true cases that are registered, above 0 and at most 1.")
    source: Text | None = Field(
        default=None, description="Where it comes from, or why it is a judgement.")


class LogitNormalCompleteness(Section):
    """Uncertain completeness: normal on the logit scale."""

    kind: Literal["logit_normal"] = Field(description="Which form this is.")
    median: Proportion = Field(description="Median of the share of true cases that are registered.")
    lower95: Proportion = Field(description="Lower end of the central 95 % interval.")
    upper95: Proportion = Field(description="Upper end of the central 95 % interval.")
    source: Text | None = Field(
        default=None, description="Where it comes from, or why it is a judgement.")


class Loss(Section):
    """Registered people whom the source no longer follows: known, or uncertain."""

    kind: Literal["share", "per_year"] = Field(
        description="A share of the registered living, or lost people per person-year since diagnosis.")
    value: Positive | None = Field(default=None, description="The number, taken as known.")
    median: Positive | None = Field(default=None, description="Median, where it is uncertain.")
    lower95: Positive | None = Field(default=None, description="Lower end of the central 95 % interval.")
    upper95: Positive | None = Field(default=None, description="Upper end of the central 95 % interval.")
    source: Text | None = Field(default=None, description="Where it comes from, or why it is a judgement.")
class CompletenessStepEntry(Section):
    """A documented change from which completeness is another one."""

    year: CalendarYear = Field(description="First year of diagnosis with the new completeness.")
    reason: Text = Field(
        description="What changed, e.g. 'treatment data are linked from this year'; there is no step without one.")


AnyCompleteness = Annotated[KnownCompleteness | LogitNormalCompleteness, Field(discriminator="kind")]


class RegistrationsEntry(CountedEntry):
    """Registrations of metastatic breast cancer by area and year."""

    kind: Literal["registrations"]
    window_days: int = Field(
        ge=1, le=365,
        description="De novo window of these registrations in days; must equal "
                    "model.window_days.")
    completeness: AnyCompleteness | None = Field(
        default=None,
        description="Prior of completeness; without it, an audit or a survey of regimes has to be given.")
    lost: Loss | None = Field(
        default=None,
        description="Loss to follow-up, for the decomposition of the living; without it nobody is called lost.")
    steps: Annotated[tuple[CompletenessStepEntry, ...], Field(strict=False)] = Field(
        default=(),
        description="Documented changes of how the source is filled, each with its year and reason. Between them "
                    "completeness is constant: free variation over time is not offered.")
    extra_variation: Literal["shared", "by_area"] = Field(
        default="shared",
        description="Whether all areas record equally unevenly from year to year, or each in its own way.")
    OPTION_KEYS = ("sex", "window_days", "completeness", "lost", "steps", "extra_variation")


class CompletenessAuditEntry(EvidenceEntry):
    """Audit: known cases, and how many of them the source had."""

    kind: Literal["completeness_audit"]


class ValidationSampleEntry(EvidenceEntry):
    """Two-phase validation: records by stratum of a cheap classification, some of each examined case by case."""

    kind: Literal["validation_sample"]


class RegimeSurveyEntry(EvidenceEntry):
    """Survey: how each area says it records, in full, in part, not at all, or no answer."""

    kind: Literal["regime_survey"]
    source_surveyed: str = Field(
        default="",
        description="Name or source of the registrations that it speaks of; empty for all registrations.")
    presentation: Literal["all", "de_novo", "recurrent"] = Field(
        default="all", description="Presentation that was asked about; 'all' speaks of every one.")
    OPTION_KEYS = ("source_surveyed", "presentation")


class Dependence(Section):
    """How strongly two lists depend on each other, other lists midway."""

    odds_ratio: Positive = Field(
        description="Median of the odds ratio of being on both lists; 1 is independence, above 1 people on one "
                    "are likelier to be on the other.")
    lower95: Positive = Field(description="Lower end of the central 95 % interval.")
    upper95: Positive = Field(description="Upper end of the central 95 % interval.")
    source: Text | None = Field(
        default=None, description="Where it comes from, or why it is a judgement.")


class OverlappingListsEntry(CountedEntry):
    """Newly diagnosed people by the lists that they are on, linked person by person."""

    kind: Literal["overlapping_lists"]
    lists: Annotated[tuple[Text, ...], Field(strict=False, min_length=2, max_length=5)] = Field(
        description="Names of the 2 to 5 lists, in the order of the signs of a history.")
    dependence: Dependence | None = Field(
        default=None,
        description="Dependence between pairs of lists. Needed for two lists, which cannot tell it; three or more "
                    "shrink every pair towards it, by default towards independence.")
    window_days: Annotated[int, Field(ge=1, le=365)] | None = Field(
        default=None,
        description="De novo window in days where the counts are by presentation; must equal model.window_days.")
    OPTION_KEYS = ("sex", "lists", "dependence", "window_days")


class GroupedCodesEntry(CountedEntry):
    """People under one code for secondary disease and for local or regional recurrence."""

    kind: Literal["grouped_codes"]
    window_days: int = Field(
        ge=1, le=365,
        description="De novo window of these counts in days; must equal model.window_days.")
    completeness: AnyCompleteness | None = Field(
        default=None,
        description="Share of true metastatic cases that are under the code; without it, a completeness audit has "
                    "to be given.")
    metastatic_share: AnyCompleteness | None = Field(
        default=None,
        description="Share of the people under the code who have metastatic disease, in the forms of "
                    "'completeness'; needed where nobody was validated.")
    OPTION_KEYS = ("sex", "window_days", "completeness", "metastatic_share")


class Accuracy(Section):
    """Sensitivity or specificity: known, or as counted in a validation study."""

    value: Probability | None = Field(default=None, description="The proportion, taken as known.")
    found: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Validation study: how many were classed correctly.")
    of: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Validation study: how many were examined.")
    window: Definition | None = Field(
        default=None,
        description="Time window that the proportion belongs to; needed for a specificity below 1, and the "
                    "same as 'definition'.")
    source: Text | None = Field(
        default=None, description="Where it comes from, or why it is a judgement.")


class LivingCountsEntry(CountedEntry):
    """Counts of living people flagged by a register or an algorithm."""

    kind: Literal["living_counts"]
    definition: Definition = Field(
        description="Whom a count holds: alive on the date, or coded at any time in the year before it.")
    sensitivity: Accuracy = Field(description="Share of true cases that are flagged.")
    specificity: Accuracy = Field(
        description="Share of all others that are not flagged; below 1 the table needs 'base_population'.")
    OPTION_KEYS = ("sex", "definition", "sensitivity", "specificity")


class ReportingTriangleEntry(EvidenceEntry):
    """What a source of registrations held of each diagnosis year at successive reports."""

    kind: Literal["reporting_triangle"]
    form: Literal["cumulative", "increments"] = Field(
        description="Whether a row is what the source held at the report, or the net change since the one before.")
    registrations: Text | None = Field(
        default=None,
        description="Name or source of the registrations that it belongs to; without it, those of the same source.")
    delay_cuts: Annotated[tuple[float, ...], Field(strict=False, min_length=1)] = Field(
        default=(0.0, 1.0, 2.0, 4.0),
        description="Years since diagnosis at which the hazard of arrival may change, ascending from 0.")
    OPTION_KEYS = ("form", "registrations", "delay_cuts")


class DeathCertificateCasesEntry(EvidenceEntry):
    """How a source of registrations came to know of people: in life, or at death."""

    kind: Literal["death_certificate_cases"]
    mention: Annotated[KnownCompleteness | LogitNormalCompleteness, Field(discriminator="kind")] = Field(
        description="Probability that the certificate of an unregistered person with the disease mentions it.")
    registrations_hold: Literal["in_life", "all"] = Field(
        description="Whether the registrations of this source hold only people registered in life, or those found at "
                    "death too.")
    registrations: Text | None = Field(
        default=None,
        description="Name or source of the registrations that it belongs to; without it, those of the same source.")
    OPTION_KEYS = ("mention", "registrations_hold", "registrations")


class SurvivalCellsEntry(EvidenceEntry):
    """Survival as seen in a register; deaths are from any cause."""

    population: Literal["described", "study"] = Field(
        description="Whether the people are of the population that this study describes, or of another one.")
    own_system: bool = Field(
        default=False,
        description="Of another population: whether it is under the same health system as the one described.")
    registered_in: Text | None = Field(
        default=None,
        description="Name of the registrations whose people these are; only where survival of the unregistered "
                    "differs and a presentation has several sources.")
    OPTION_KEYS: ClassVar[tuple[str, ...]] = ("population", "own_system", "registered_in")


class PatientSurvivalEntry(SurvivalCellsEntry):
    """Records of patients: diagnosis, entry (registration), exit, died. Only sums of them are kept."""

    kind: Literal["patient_survival"]
    sex: Literal["female", "male", "all"] | None = Field(
        default=None,
        description="Whose records are taken, where the table has a column 'sex'. Without it, as model.men says.")
    period_years: int = Field(
        default=1, ge=1, le=10, description="Years of diagnosis that are taken together.")
    OPTION_KEYS = ("population", "own_system", "registered_in", "sex", "period_years")


class LifeTableCellsEntry(SurvivalCellsEntry):
    """Life table: deaths with person-years or with people at risk, by interval since metastatic diagnosis."""

    kind: Literal["life_table_cells"]


class OtherCauseMortalityEntry(EvidenceEntry):
    """Mortality from all causes but breast cancer, by single year of age."""

    kind: Literal["other_cause_mortality"]


class ComparisonFiguresEntry(EvidenceEntry):
    """Figures that people quote, printed beside ours. Nothing is tuned to them."""

    kind: Literal["comparison_figures"]


AnyEvidenceEntry = Annotated[
    DeathsEntry | PrimaryRegistrationsEntry | PrimaryAgeProfileEntry | PopulationEntry
    | PublishedSurvivalEntry | DistantRecurrenceEntry | RegistrationsEntry | CompletenessAuditEntry
    | OverlappingListsEntry | GroupedCodesEntry
    | LivingCountsEntry | ReportingTriangleEntry | DeathCertificateCasesEntry | PatientSurvivalEntry
    | LifeTableCellsEntry | ValidationSampleEntry | RegimeSurveyEntry | OtherCauseMortalityEntry
    | ComparisonFiguresEntry,
    Field(discriminator="kind"),
]

ENTRY_TYPES: Mapping[str, type[EvidenceEntry]] = {
    "deaths": DeathsEntry,
    "primary_registrations": PrimaryRegistrationsEntry,
    "primary_age_profile": PrimaryAgeProfileEntry,
    "population": PopulationEntry,
    "published_survival": PublishedSurvivalEntry,
    "distant_recurrence": DistantRecurrenceEntry,
    "registrations": RegistrationsEntry,
    "completeness_audit": CompletenessAuditEntry,
    "validation_sample": ValidationSampleEntry,
    "regime_survey": RegimeSurveyEntry,
    "overlapping_lists": OverlappingListsEntry,
    "grouped_codes": GroupedCodesEntry,
    "living_counts": LivingCountsEntry,
    "reporting_triangle": ReportingTriangleEntry,
    "death_certificate_cases": DeathCertificateCasesEntry,
    "patient_survival": PatientSurvivalEntry,
    "life_table_cells": LifeTableCellsEntry,
    "other_cause_mortality": OtherCauseMortalityEntry,
    "comparison_figures": ComparisonFiguresEntry,
}
