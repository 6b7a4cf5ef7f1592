"""A new project folder: a commented configuration and an empty table for every kind of evidence."""

from collections.abc import Mapping
from pathlib import Path

from sbc_prevalence.config.document import CONFIG_FILE
from sbc_prevalence.errors import ConfigError, Problem, count_of, program

TABLES = "tables"

COUNTS = ("count", "count_lower", "count_upper", "count_status")
"""A count, or the bounds of one that is hidden; those that are left empty in the whole table do not count."""

TEMPLATE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "areas": ("area_code", "area_name", "area_level"),
    "deaths": ("area_code", "year", "sex", "age_band", *COUNTS, "source", "as_of"),
    "primary_registrations": ("area_code", "year", "sex", "age_band", *COUNTS, "source", "as_of"),
    "primary_age_profile": ("area_code", "age_band", *COUNTS, "source", "as_of"),
    "population": ("area_code", "year", "sex", "age_band", "population", "source", "as_of"),
    "published_survival": (
        "study", "presentation", "survival_kind", "measure", "duration_from_years", "duration_years", "value",
        "lower", "upper", "n", "diagnosis_year_from", "diagnosis_year_to", "de_novo_share", "note", "source",
        "as_of"),
    "distant_recurrence": (
        "study", "risk_kind", "stage", "receptor", "age_from", "age_to", "diagnosis_year_from",
        "diagnosis_year_to", "duration_from_years", "duration_to_years", "value", "source", "as_of"),
    "registrations": (
        "area_code", "year", "presentation", "sex", "age_band", *COUNTS, "source", "as_of"),
    "completeness_audit": (
        "area_code", "presentation", "source_audited", "n_known", "n_found", "source", "as_of"),
    "validation_sample": (
        "area_code", "presentation", "source_audited", "stratum", "in_source", "n_records", "n_examined", "n_true",
        "source", "as_of"),
    "regime_survey": ("area_code", "answer", "source", "as_of"),
    "overlapping_lists": ("area_code", "year", "history", *COUNTS, "source", "as_of"),
    "grouped_codes": (
        "area_code", "year", "presentation", "sex", "age_band", *COUNTS, "n_validated", "n_metastatic", "source",
        "as_of"),
    "living_counts": (
        "area_code", "index_date", *COUNTS, "base_population", "base_lower", "base_upper", "source", "as_of"),
    "reporting_triangle": (
        "area_code", "year", "presentation", "report_year", "report_date", "count", "source", "as_of"),
    "death_certificate_cases": (
        "area_code", "year", "presentation", "registered_in_life", "death_initiated", "certificate_only", "source",
        "as_of"),
    "patient_survival": (
        "presentation", "diagnosis_date", "entry_date", "exit_date", "died", "sex", "source", "as_of"),
    "life_table_cells": (
        "presentation", "diagnosis_year_from", "diagnosis_year_to", "duration_from_years", "duration_to_years",
        "deaths", "person_years", "source", "as_of"),
    "other_cause_mortality": ("age", "year", "hazard", "source", "as_of"),
    "comparison_figures": (
        "region", "measure", "date_or_period", "value", "counts", "method", "source", "as_of"),
}
"""Header of each empty table. Optional columns that are not used may be deleted from a file."""

_CONFIG = '''\
# One file = one annual run.
#
#     @PROGRAM@ validate @FOLDER@     checks everything, in seconds; lists every problem at once
#     @PROGRAM@ run @FOLDER@          estimates, and writes a release folder
#
# Fill in tables/areas.csv, tables/deaths.csv and tables/primary_registrations.csv; the rest is borrowed from
# the tables that the package carries until you have your own. An unknown key is refused, so that a slip of
# the pen cannot change a result.

version = 1
name = "my-update"                      # small letters, digits, '.', '_', '-': names the release folder
title = "Secondary breast cancer in my country"
population_described = "women"          # whom the numbers describe; said on every output
seed = 20260101                         # any whole number; the same seed, tables and versions repeat the numbers
# note = "..."                          # a remark on this run, printed in the report; what stands in for your own
                                        # figures is said by the notes of the entries below: change them together

[areas]
file = "tables/areas.csv"               # or: list = [{ code = "X01", name = "North" }, ...]
total_code = "MY-TOTAL"                 # the code of all areas together, as in your tables; EDIT
total_name = "My country"               # EDIT
# level = "area"                        # takes the place of the column area_level of the table
total_level = "nation"

[grid]
# first_reported_year = 2000            # default: the first year with deaths
# last_year = 2025                      # default: the last year with data; later years are projected
# index_date = "2024-12-31"             # default: 31 December of the last year in which deaths cover every area
# pause_years = [2020, 2021]            # only where registration or screening of primaries was interrupted, as in the
                                        # pandemic: fewer were registered, and that is not fewer metastatic cases;
                                        # look at your own yearly counts before you take the '#' away

[model]
incidence = "natural_history"           # or "smooth"
survival = "weibull"                    # or "piecewise_exponential", "log_logistic", "generalised_gamma",
                                        # "mixture_cure"
# completeness = "by_source"            # of registrations; or "hierarchical", "joint", "regime"
trend = "diagnosis_year"                # or "calendar_year", "none"
window_days = 120                       # metastatic within this many days of the first diagnosis is de novo
men = "excluded"                        # or "counted" (evidence of women and men together), "only"
# ages = ["0-49", "50-64", "65-79", "80+"]  # age bands; evidence by age must nest in them

# Another prior for one parameter; `@PROGRAM@ describe @FOLDER@` lists them:
# [model.priors.PARAMETER]
# center = 0.0
# sd = 0.1
# source = "publication"                # or: reason = "why", if nothing published supports it

# [sampler]
# chains = 4
# draws = 1000

[report]
ci_prob = 0.95                          # equal-tailed intervals
rounding_unit = 10                      # published numbers of persons are rounded to multiples of this

# [sensitivity]
# enabled = true                        # the national table under other families, ratios and spreads

# [records]                             # patient records; docs/how-to/from-records-to-a-release.md of the package
# followed_to = "extract_date"          # or "last_contact"
# link = "most_precise"                 # where an entry names several sources
# [records.sources.registry]
# file = "registry.parquet"             # CSV, Parquet or DuckDB; then in an entry, in place of file:
# mapping = "mappings/registry.toml"    #     records = { sources = ["registry"], years = [2015, 2024] }

# ---- Evidence: one [[evidence]] table each. Needed: deaths (or registrations), primary_registrations,
# ---- published_survival, and what turns published risks into recurrences.

[[evidence]]
kind = "deaths"
file = "tables/deaths.csv"              # area_code, year, count; at the level of the areas or of the whole
# source = "..."                        # needed here, unless the table has this column
# as_of = "2026-03-31"                  # day of extraction; needed here, unless the table has this column

[[evidence]]
kind = "primary_registrations"
file = "tables/primary_registrations.csv"   # invasive only (C50)

[[evidence]]
kind = "primary_age_profile"            # only the mix of ages is used
table = "carried:scotland_primary_age_profile"
note = "Stand-in: ages of Scottish primaries."      # delete with the table that it speaks of

[[evidence]]
kind = "published_survival"
table = "carried:published_survival"
# own_studies = ["England"]             # studies under the same health system as yours: they count for more

# A study of your own joins the carried ones as a second entry of this kind:
# [[evidence]]
# kind = "published_survival"
# file = "tables/published_survival.csv"
# own_studies = ["My registry"]         # its name in the column 'study'

[[evidence]]
kind = "distant_recurrence"
table = "carried:distant_recurrence_seer"

[[evidence]]
kind = "other_cause_mortality"
table = "carried:other_cause_mortality_scotland"
note = "Stand-in: mortality of Scottish women from other causes."

# ---- Optional: take the '#' away once the table is filled.

# [[evidence]]
# kind = "population"                   # without it there are no rates per 100,000
# file = "tables/population.csv"

# [[evidence]]
# kind = "registrations"                # registrations of metastatic disease
# file = "tables/registrations.csv"
# window_days = 120                     # must equal model.window_days
# completeness = { kind = "logit_normal", median = 0.80, lower95 = 0.65, upper95 = 0.90 }

# [[evidence]]
# kind = "completeness_audit"           # of n_known known cases the register had n_found
# file = "tables/completeness_audit.csv"

# [[evidence]]
# kind = "validation_sample"            # all records by stratum, some of each examined case by case
# file = "tables/validation_sample.csv"

# [[evidence]]
# kind = "regime_survey"                # how each area says it records: full, partial, none, no_answer
# file = "tables/regime_survey.csv"     # needs completeness = "regime" under [model]

# [[evidence]]
# kind = "overlapping_lists"            # people by the lists that they are on: history 10, 01, 11, never 00
# file = "tables/overlapping_lists.csv"
# lists = ["registry", "waiting times"] # 2 to 5, in the order of the signs of a history
# dependence = { odds_ratio = 2.0, lower95 = 0.5, upper95 = 8.0 }   # needed for two lists

# [[evidence]]
# kind = "grouped_codes"                # one code for secondary disease and for local or regional recurrence
# file = "tables/grouped_codes.csv"
# window_days = 120                     # must equal model.window_days
# completeness = { kind = "logit_normal", median = 0.80, lower95 = 0.65, upper95 = 0.90 }
# metastatic_share = { kind = "logit_normal", median = 0.70, lower95 = 0.50, upper95 = 0.85 }   # or a validated sample

# [[evidence]]
# kind = "living_counts"                # people flagged by a register or an algorithm
# file = "tables/living_counts.csv"
# definition = "coded_in_year"          # or "alive_on_date"
# sensitivity = { found = 45, of = 50 } # or { value = 0.9 }
# specificity = { value = 1.0, window = "coded_in_year" }

# [[evidence]]
# kind = "reporting_triangle"           # what the register held of each year at one report after another
# file = "tables/reporting_triangle.csv"
# form = "cumulative"                   # or "increments": net changes, which may be negative

# [[evidence]]
# kind = "death_certificate_cases"      # how the register came to know of people, by year
# file = "tables/death_certificate_cases.csv"
# registrations_hold = "all"            # or "in_life": whom its registrations hold
# mention = { kind = "logit_normal", median = 0.80, lower95 = 0.60, upper95 = 0.92 }

# [[evidence]]
# kind = "patient_survival"             # one row a person; only sums are kept, and nobody is named in a message
# file = "tables/patient_survival.csv"  # entry_date: the day of registration, not of diagnosis
# population = "described"              # or "study": people of another population

# [[evidence]]
# kind = "life_table_cells"             # the same as sums: deaths and person-years by time since diagnosis
# file = "tables/life_table_cells.csv"
# population = "described"

# [[evidence]]
# kind = "comparison_figures"           # printed beside ours
# file = "tables/comparison_figures.csv"
'''

_README = '''\
# A project for sbc-prevalence

1. Fill in the tables in `tables/`: one row per area and year, whole numbers, source and date on every row.
   `tables/areas.csv`, `tables/deaths.csv` and `tables/primary_registrations.csv` are enough for a first run.
2. Edit `config.toml`: title, code and name of the whole, years.
3. `@PROGRAM@ validate @FOLDER@` lists every problem at once, with file, column and rows.
4. `@PROGRAM@ run @FOLDER@` estimates and writes the release folder.

Both are typed in the folder in which this project was made (`init`). `run ... --headline-only` leaves out the repetitions
under other choices and takes minutes. The columns of every table are in docs/reference/evidence-tables.md of the
package, every key in docs/reference/config.md; `@PROGRAM@ tables` lists filled tables to look at.

A column that you do not have (`sex`, `age_band`, `base_population`) may be deleted from a table. The columns
`source` and `as_of` may be deleted where `config.toml` gives them for the whole table. A count that is known
only within bounds ("<5", suppressed, rounded) has `count_lower`, `count_upper` and `count_status` and an
empty `count`: never write 0 for it.
'''


def project_files(folder: str = ".", command: str = "sbc-prevalence") -> dict[str, str]:
    """Relative path and text of every file of a new project; its commands name the folder and the program."""
    files = {name: text.replace("@PROGRAM@", command).replace("@FOLDER@", folder)
             for name, text in ((CONFIG_FILE, _CONFIG), ("README.md", _README))}
    for kind, columns in TEMPLATE_COLUMNS.items():
        files[f"{TABLES}/{kind}.csv"] = ",".join(columns) + "\n"
    return files


def init_project(directory: str | Path) -> tuple[Path, ...]:
    """Write a commented configuration, empty tables and a README. Never overwrites.

    Parameters
    ----------
    directory : path
        Folder of the new project; made if it does not exist.

    Returns
    -------
    tuple of Path
        Files that were written.

    Raises
    ------
    ConfigError
        If one of the files exists already (nothing is written then), or the folder cannot be written.
    """
    folder = Path(directory)
    return write_files(folder, project_files(str(folder), program()))


def write_files(folder: Path, files: Mapping[str, str]) -> tuple[Path, ...]:
    """Write new files into a folder, all of them or none; see :func:`init_project`."""
    standing = [name for name in files if (folder / name).exists()]
    if standing:
        verb, them = ("exists", "it") if len(standing) == 1 else ("exist", "them")
        raise ConfigError(Problem(
            "E-PROJECT-EXISTS", str(folder), f"{count_of(standing, 'file')} {verb} already and nothing was overwritten",
            f"Choose another folder, or move {them} away.", detail=", ".join(standing)))
    try:
        for name, text in files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
    except OSError as error:
        raise ConfigError(Problem("E-PROJECT-WRITE", str(folder), f"cannot be written ({error.strerror})",
                                  "Choose another folder, or check its permissions.")) from None
    return tuple(folder / name for name in files)
