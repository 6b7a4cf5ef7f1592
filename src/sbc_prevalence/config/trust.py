"""A trust's own number: one TOML file beside one sheet of people. Strict, like every configuration."""

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, ValidationError

from sbc_prevalence.config.faults import problems_from
from sbc_prevalence.config.sections import Day, Positive, Section, Text
from sbc_prevalence.errors import ConfigError, Problem

TRUST_FILE = "trust.toml"
LONGEST_SHEET_YEARS = 40
TrustFamily = Literal["weibull", "log_logistic"]


class TrustCompleteness(Section):
    """How many of the people to be counted, diagnosed since the sheet began, are on it."""

    median: Annotated[float | None, Field(gt=0, lt=1)] = Field(
        default=None, description="Median of the share on the sheet, as it is believed.")
    lower95: Annotated[float | None, Field(gt=0, lt=1)] = Field(default=None, description="Lower end of 95 %.")
    upper95: Annotated[float | None, Field(gt=0, lt=1)] = Field(default=None, description="Upper end of 95 %.")
    known: Annotated[int | None, Field(ge=1)] = Field(
        default=None, description="Audit: diagnosed people who were found without the sheet.")
    found: Annotated[int | None, Field(ge=0)] = Field(
        default=None, description="Audit: how many of these were on the sheet.")
    source: Text = Field(description="Where it comes from, or why it is a judgement; printed on the page.")


class TrustReport(Section):
    """What the page looks like."""

    ci_prob: float = Field(default=0.95, gt=0, lt=1, description="Probability of every interval (equal-tailed).")
    smallest_shown: int = Field(
        default=5, ge=1, le=50, description="Smaller counts of routes, sites and years are not shown.")
    draws: int = Field(default=4000, ge=500, le=20000, description="Draws from which intervals are taken.")


class TrustConfig(Section):
    """How many people with secondary breast cancer a trust has, from its own sheet."""

    version: Literal[1] = Field(description="Version of this file format.")
    kind: Literal["trust"] = Field(description="Says that this file is of a trust's own number.")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")] = Field(
        description="Short name of the run: small letters, digits, '.', '_' and '-'; names the folder of results.")
    trust: Text = Field(description="Name of the trust, as it is printed.")
    seed: int = Field(default=1, ge=0, lt=2**32, description="Seed of all random numbers.")
    sheet: Text = Field(description="The sheet, a CSV file relative to this file; one row for each person.")
    mapping: Text | None = Field(
        default=None, description="Your own mapping of its columns (TOML); without it the headings are those of the "
                                  "template that `init --trust` writes.")
    extract_date: Day = Field(description="Day at whose end the sheet was saved.")
    index_date: Day = Field(description="People living at the end of this day are counted.")
    sheet_began: Day = Field(
        description="From this day on everybody who was diagnosed was meant to be put on the sheet.")
    counted: Literal["treated_here", "resident"] = Field(
        description="Who is counted: people treated by this trust wherever they live, or people who live in its "
                    "catchment wherever they are treated. There is no default.")
    catchment: Annotated[tuple[Text, ...], Field(strict=False)] = Field(
        default=(), description="Codes of the areas of the catchment; needed for counted = \"resident\".")
    living_when_it_began: Literal["unknown", "entered"] = Field(
        default="unknown",
        description="People who were diagnosed before the sheet began and lived then: \"entered\" if they were to be put "
                    "on it like everybody diagnosed since, else nothing is taken for granted of their share.")
    followed_to: Literal["last_contact", "extract_date"] = Field(
        description="Until when people without a date of death are known to be alive: their last contact, or the day of "
                    "the extract, if deaths anywhere in the country reach the sheet. There is no default.")
    window_days: int = Field(
        ge=1, le=365, description="Secondary disease within so many days of the first diagnosis is de novo.")
    sex: Literal["all", "female", "male"] = Field(default="all", description="Whom the number describes.")
    unknown_status: Literal["refuse", "lost"] = Field(
        default="refuse", description="People without a status: refused, or taken as lost.")
    families: Annotated[tuple[TrustFamily, ...], Field(strict=False, min_length=1)] = Field(
        default=("weibull", "log_logistic"), description="Families of survival curves; the sheet weighs them.")
    completeness: TrustCompleteness = Field(description="Completeness of the sheet.")
    lost_hazard_ratio: Positive = Field(
        default=1.0, description="Hazard of people lost to follow-up over that of the others.")
    report: TrustReport = Field(default=TrustReport(), description="The page.")

    _directory: Path = PrivateAttr(default=Path())
    _where: str = PrivateAttr(default=TRUST_FILE)

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any], *, where: str = TRUST_FILE, directory: Path | None = None) -> Self:
        """Check the contents of a file.

        Raises
        ------
        ConfigError
            With every fault.
        """
        problems: list[Problem] = []
        config: Self | None = None
        try:
            config = cls.model_validate(dict(raw))
        except ValidationError as error:
            problems = problems_from(error, cls, raw, where)
        problems += _between_keys(raw, where, directory)
        if problems or config is None:
            raise ConfigError(problems)
        config._directory, config._where = directory or Path(), where
        return config

    @property
    def directory(self) -> Path:
        """Folder that files are relative to."""
        return self._directory

    @property
    def where(self) -> str:
        """Name of the file for messages."""
        return self._where

    @property
    def sheet_path(self) -> Path:
        """The sheet."""
        return self._directory / self.sheet

    def __repr__(self) -> str:
        return f"<TrustConfig '{self.name}'>"

    __str__ = __repr__


def trust_file(named: str | Path) -> Path | None:
    """The file of a trust's own number that is named, itself or by its folder; None where it is another kind of run."""
    path = Path(named)
    if path.is_dir():
        path = path / TRUST_FILE
    if path.suffix != ".toml" or not path.is_file():
        return None
    try:
        raw = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return path if path.name == TRUST_FILE else None
    return path if raw.get("kind") == "trust" or path.name == TRUST_FILE else None


def load_trust_config(path: Path) -> TrustConfig:
    """Configuration of a trust's own number from a file.

    Raises
    ------
    ConfigError
        With every fault of the file.
    """
    place = ""
    try:
        raw = tomllib.loads(path.read_text("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        place = str(error).rpartition("(")[2].rstrip(")") if "(at " in str(error) else "somewhere"
        raw = {}
    except UnicodeDecodeError:
        place = "it is not UTF-8"
        raw = {}
    if place:
        raise ConfigError(Problem("E-CONFIG-TOML", path.name, f"is not valid TOML ({place})",
                                  "Texts need quotes, lists square brackets, and no key may occur twice."))
    return TrustConfig.from_mapping(raw, where=path.name, directory=path.parent)


def _between_keys(raw: Mapping[str, Any], where: str, directory: Path | None) -> list[Problem]:
    """Faults that several keys make together."""
    found: list[Problem] = []

    def fault(code: str, key: str, requirement: str, remedy: str) -> None:
        found.append(Problem(code, where, requirement, remedy, key=key))

    began, index, extract = (_day(raw.get(name)) for name in ("sheet_began", "index_date", "extract_date"))
    if began and index and began >= index:
        fault("E-CONFIG-DATE", "sheet_began", "the sheet began before the index date", "Correct one of the two days.")
    if began and index and (index - began).days > 365.25 * LONGEST_SHEET_YEARS:
        fault("E-CONFIG-DATE", "sheet_began", f"a sheet is at most {LONGEST_SHEET_YEARS} years old",
              "Is it a date of birth?")
    if index and extract and index > extract:
        fault("E-FOLLOW-UP-SHORT", "index_date", "the sheet must have been saved on the index date or later",
              "Choose an earlier index date, or save the sheet anew.")
    if raw.get("counted") == "resident" and not raw.get("catchment"):
        fault("E-CONFIG-MISSING", "catchment", "people who live in the catchment need its areas",
              "List their codes, e.g. catchment = [\"E07000110\"].")
    if raw.get("counted") == "treated_here" and raw.get("catchment"):
        fault("E-CONFIG-TWICE", "catchment", "where people are counted by treatment their address does not matter",
              "Leave it out, or count residents.")
    found += _completeness_faults(raw.get("completeness"), where)
    for name in ("sheet", "mapping"):
        file = raw.get(name)
        if directory is not None and isinstance(file, str) and file.strip() and not (directory / file).is_file():
            fault("E-CONFIG-FILE", name, "the file does not exist", "Paths are relative to the folder of this file.")
    return found


def _completeness_faults(raw: Any, where: str) -> list[Problem]:
    if not isinstance(raw, Mapping):
        return []
    found: list[Problem] = []

    def fault(requirement: str, remedy: str) -> None:
        found.append(Problem("E-CONFIG-VALUE", where, requirement, remedy, key="completeness"))

    prior = [raw.get(name) for name in ("lower95", "median", "upper95")]
    audit = [raw.get(name) for name in ("found", "known")]
    numbers = [value for value in (*prior, *audit) if value is not None]
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in numbers):
        return []
    if all(value is None for value in (*prior, *audit)):
        fault("says how much of the disease the sheet holds", "Give median, lower95 and upper95, or found and known.")
    elif None in prior and any(value is not None for value in prior):
        fault("a belief has median, lower95 and upper95", "Give all three.")
    elif None in audit and any(value is not None for value in audit):
        fault("an audit has found and known", "Give both.")
    low, middle, high = prior
    if low is not None and middle is not None and high is not None and not low < middle < high:
        fault("must rise: lower95, median, upper95", "Give proportions between 0 and 1 in this order.")
    if audit[0] is not None and audit[1] is not None and audit[0] > audit[1]:
        fault("an audit cannot find more than were known", "Swap or correct found and known.")
    return found


def _day(value: Any) -> date | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) else None
