"""Sections of the configuration file, one frozen class each. What a key means stands in its description."""

from collections.abc import Mapping
from datetime import date, datetime
from math import log
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from sbc_prevalence.defaults import CHAINS, MAX_EXTENSIONS, TARGET_ACCEPT

FIRST_YEAR_ALLOWED, LAST_YEAR_ALLOWED = 1900, 2100

SurvivalFamily = Literal["weibull", "piecewise_exponential", "log_logistic", "generalised_gamma", "mixture_cure"]
Incidence = Literal["natural_history", "smooth"]
AreaEffects = Literal["exchangeable", "bym2"]
Completeness = Literal["by_source", "hierarchical", "joint", "regime"]
Trend = Literal["diagnosis_year", "calendar_year", "none"]


DEFAULT_INDEX_DATE = ("31 December of the last year in which deaths cover every area (without deaths, registrations of "
                      "metastatic disease)")
"""Headline date without a key, in the words of the reference page and of the warning on an older date."""

def _as_date(value: object) -> object:
    """A day from a TOML date or from text in ISO form; anything else is refused."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and len(value) == 10:
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise PydanticCustomError("iso_date", "must be an existing day written as YYYY-MM-DD")


Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Day = Annotated[date, BeforeValidator(_as_date)]
CalendarYear = Annotated[int, Field(ge=FIRST_YEAR_ALLOWED, le=LAST_YEAR_ALLOWED)]
Positive = Annotated[float, Field(gt=0)]
CarriedName = Annotated[str, Field(pattern=r"^carried:[a-z][a-z0-9_]*$")]

# A TOML array becomes a tuple; its items stay strict.
CalendarYears = Annotated[tuple[CalendarYear, ...], Field(strict=False)]
Positives = Annotated[tuple[Positive, ...], Field(strict=False, min_length=1)]
AgeBandList = Annotated[tuple[Text, ...], Field(strict=False)]
Families = Annotated[tuple[SurvivalFamily, ...], Field(strict=False, min_length=1)]


class Section(BaseModel):
    """Strict and frozen: an unknown key, a text for a number or a change after reading is refused."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, str_strip_whitespace=True)


class AreaItem(Section):
    """One modelled area, written in the configuration itself."""

    code: Text = Field(description="Code of the area, as in the evidence tables.")
    name: Text = Field(description="Name of the area, as it is to be printed.")


class AreasSection(Section):
    """The areas that are modelled, and the whole that they make up together."""

    table: CarriedName | None = Field(
        default=None, description="A table that the package carries, e.g. 'carried:scotland_boards'.")
    file: Text | None = Field(
        default=None,
        description="Your own table of areas (area_code, area_name, area_level), relative to "
                    "the folder of this file.")
    list: Annotated[tuple[AreaItem, ...], Field(strict=False, min_length=1)] | None = Field(
        default=None, description="The areas written out here, each with 'code' and 'name'.")
    total_code: Text = Field(description="Code of the whole: all modelled areas together.")
    total_name: Text = Field(description="Name of the whole.")
    level: Text | None = Field(
        default=None,
        description="Word for the kind of area, e.g. 'NHS health board'; without it, 'area_level' of the "
                    "table, or 'area'.")
    total_level: Text = Field(default="total", description="Word for the kind of the whole, e.g. 'nation'.")
    groups_table: CarriedName | None = Field(
        default=None, description="Groups of areas (regions, networks) that the package carries, e.g. "
                                  "'carried:scotland_cancer_networks'.")
    groups_file: Text | None = Field(
        default=None, description="Your own groups: group_code, group_name, area_code, one row per member; a member "
                                  "may be another group. Evidence may sit on groups, and tables show them.")
    neighbours_table: CarriedName | None = Field(
        default=None, description="Borders between areas that the package carries, e.g. "
                                  "'carried:scotland_board_neighbours'; for area_effects = 'bym2'.")
    neighbours_file: Text | None = Field(
        default=None, description="Your own borders: area_code, neighbour_code.")


class GridSection(Section):
    """Calendar years and the headline date."""

    first_reported_year: CalendarYear | None = Field(
        default=None,
        description="First year in the published tables; without it, the first year with deaths "
                    "(or with registrations of metastatic disease).")
    last_year: CalendarYear | None = Field(
        default=None,
        description="Last year in the published tables, flagged as projected where it lies beyond the "
                    "data; without it, the last year with data.")
    index_date: Day | None = Field(
        default=None,
        description=f"Date of the headline: people alive at the end of this day. Without it, {DEFAULT_INDEX_DATE}.")
    pause_years: CalendarYears = Field(
        default=(),
        description="Years in which registration of primaries was interrupted: the dip is not passed on "
                    "to de novo incidence.")
    backcast_years: int = Field(
        default=25, ge=1, le=60,
        description="Years of metastatic diagnoses that are modelled before "
                    "the first year with data.")
    recurrence_lag_years: int = Field(
        default=30, ge=1, le=60, description="Years of primaries before those, from which recurrences arise.")


class PriorOverride(Section):
    """Another prior for one parameter, on the scale on which the model states it."""

    center: float | None = Field(
        default=None,
        description="Centre of the prior, on the scale shown by 'describe'; without it, the model's own. A half-normal "
                    "prior has none.")
    sd: Positive = Field(description="Standard deviation on the same scale.")
    source: Text | None = Field(default=None, description="Publication that the prior rests on.")
    reason: Text | None = Field(
        default=None,
        description="Why this prior, where nothing published supports it: it is then called a "
                    "judgement.")

    @property
    def is_judgement(self) -> bool:
        """Whether no published source stands behind the prior."""
        return self.source is None


class UnregisteredRatio(Section):
    """Hazard of people who are not registered over that of those who are: known, or within bounds."""

    median: Annotated[float, Field(gt=0.05, lt=20)] = Field(description="The ratio, or its median.")
    lower95: Positive | None = Field(default=None, description="Lower end of the central 95 % interval.")
    upper95: Positive | None = Field(default=None, description="Upper end of the central 95 % interval.")
    source: Text | None = Field(default=None, description="Where it comes from, or why it is a judgement.")

    @property
    def on_log(self) -> tuple[float, float]:
        """Centre and sd of its log; sd 0 where it is taken as known."""
        if self.lower95 is None or self.upper95 is None:
            return log(self.median), 0.0
        return log(self.median), log(self.upper95 / self.lower95) / 3.92


class ModelSection(Section):
    """Components of the model."""

    incidence: Incidence = Field(
        default="natural_history",
        description="'natural_history': recurrences arise from earlier primaries; 'smooth': a smooth curve.")
    survival: SurvivalFamily = Field(
        default="weibull", description="Family of survival after metastatic diagnosis, for the headline.")
    completeness: Completeness = Field(
        default="by_source",
        description="Completeness of registrations: 'by_source': the same in all areas; 'hierarchical': areas differ "
                    "around a common level; 'joint': the same, correlated over sources; 'regime': full, partial or "
                    "none, as a survey of the areas has it.")
    trend: Trend = Field(default="diagnosis_year", description="How survival changes over time.")
    area_effects: AreaEffects = Field(
        default="exchangeable",
        description="How areas depart from the whole: 'exchangeable', or 'bym2', in which neighbours resemble each "
                    "other (needs neighbours in [areas]).")
    unregistered_hazard_ratio: UnregisteredRatio | None = Field(
        default=None,
        description="Hazard of people who are not registered over that of those who are; without it they live as long. "
                    "Needs registrations of both presentations with their completeness.")
    men: Literal["excluded", "counted", "only"] = Field(
        default="excluded",
        description="Whether men are counted: 'excluded' (all evidence is of women), 'counted' (of women and men "
                    "together), 'only'. population_described, which stands on every output, must say the same.")
    ages: AgeBandList = Field(
        default=(),
        description="Age bands at diagnosis, e.g. ['0-49', '50-64', '65-79', '80+']: from birth without a gap, the last "
                    "one open. Evidence by age must nest in them. Without it, ages stand together.")
    window_days: int = Field(
        ge=1, le=365,
        description="Days after the first breast cancer diagnosis within which metastatic disease is de "
                    "novo. The same for every piece of evidence; there is no default.")
    priors: Mapping[str, PriorOverride] = Field(
        default_factory=dict,
        description="Other priors, one table per parameter; 'describe' lists the parameters.")


class SamplerSection(Section):
    """How the posterior is drawn."""

    chains: int = Field(default=CHAINS, ge=4, le=64, description="Independent chains; the gate wants at least 4.")
    draws: int = Field(default=1000, ge=100, description="Draws kept per chain.")
    tune: int = Field(default=800, ge=100, description="Draws per chain for adaptation, thrown away.")
    target_accept: float = Field(default=TARGET_ACCEPT, gt=0.5, lt=1,
                                 description="Target acceptance of the sampler.")
    cores: int | None = Field(
        default=None, ge=1, description="Processor cores to use; without it, as many as there are.")
    max_extensions: int = Field(
        default=MAX_EXTENSIONS, ge=0, le=2, description="How often a run may extend itself before the fit is refused.")


class ReportSection(Section):
    """What the published tables look like."""

    ci_prob: float = Field(
        default=0.95, gt=0, lt=1, description="Probability of every interval (equal-tailed), e.g. 0.95.")
    rounding_unit: int = Field(
        default=10, ge=1, le=1000,
        description="Published numbers of persons are rounded to multiples of this.")


class SensitivitySection(Section):
    """Repetitions of the national table under other choices."""

    enabled: bool = Field(default=True, description="Whether the repeated tables are made; each gets half of the "
                                              "headline's draws and passes the same gate.")
    survival_families: Families = Field(
        default=("weibull", "piecewise_exponential", "log_logistic"),
        description="Survival families under which the national table is repeated.")
    hazard_ratios: Positives = Field(
        default=(1.0, 1.35, 1.88),
        description="Recurrent : de novo hazard ratios at which the national table is repeated.")
    unregistered_hazard_ratios: Annotated[tuple[Positive, ...], Field(strict=False)] = Field(
        default=(),
        description="Hazards of people who are not registered over that of those who are, at which the national table is "
                    "repeated; needs registrations of both presentations with their completeness.")
    area_spread: Positives = Field(
        default=(0.5, 2.0), description="Factors on the prior spread between areas.")
    judgement_width: Positives = Field(
        default=(0.5, 2.0), description="Factors on the width of all priors that are judgements.")
