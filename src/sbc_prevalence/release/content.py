"""What goes into a release: tidy tables, sentences and provenance, checked before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from sbc_prevalence.errors import ReleaseError

BANNER: Final = "Not for publication: no disclosure control"

ESTIMATES, IMPLIED, SENSITIVITY, AGES = "estimates", "implied_duration", "sensitivity", "ages"
IDENTIFIABILITY, INFLUENCE = "identifiability", "influence"
CONFLICT, DECOMPOSITION = "conflict", "decomposition"
ATTRITION, DISAGREEMENTS = "records_attrition", "records_disagreements"
LIVING, NEWLY = "living", "newly_diagnosed"
STANDARDISED: Final[Mapping[str, str]] = {LIVING: "living_asr_per_100k", NEWLY: "new_asr_per_100k"}
RATES: Final[Mapping[str, str]] = {LIVING: "living_per_100k", NEWLY: "new_per_100k"}
_COUNT_OF: Final = {rate: count for rates in (RATES, STANDARDISED) for count, rate in rates.items()}
DEATHS: Final = "certified_deaths"
COUNT_WORDS: Final[Mapping[str, str]] = {
    LIVING: "living", NEWLY: "newly diagnosed", DEATHS: "certified and replicated deaths"}
BASES: Final = ("expected", "realised")
BOUNDS: Final = ("median", "lower", "upper")

# Columns that each table must hold; more are carried along. Tables in REQUIRED must be there.
TABLE_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    ESTIMATES: (
        "quantity", "basis", "area_code", "area_name", "area_level", "year", "index_date", "presentation",
        "duration_band", "unit", "median", "lower", "upper", "ci_prob", "ci_kind", "projected", "rests_on"),
    AGES: (
        "quantity", "basis", "area_code", "area_name", "area_level", "year", "index_date", "age_kind", "age_band",
        "unit", "median", "lower", "upper", "ci_prob", "ci_kind", "projected"),
    IMPLIED: ("year", "area_code", "denominator", "median", "lower", "upper", "projected"),
    SENSITIVITY: (
        "group", "scenario", "is_headline", "area_code", "area_name", "quantity", "median", "lower", "upper",
        *(f"{name}{end}" for name in ("implied_duration", "beyond_follow_up_share") for end in ("", "_lower", "_upper")),
        "rounded_to"),
    "deaths_fit": ("area_code", "year", "observed", "median", "lower", "upper"),
    "prior_posterior": (
        "parameter", "label", "group", "is_judgement", "prior_lower", "prior_median", "prior_upper",
        "posterior_lower", "posterior_median", "posterior_upper", "contraction"),
    "prior_predictive": ("quantity", "stage", "median", "lower", "upper"),
    "shares": ("year", "share", "median", "lower", "upper"),
    IDENTIFIABILITY: (
        "quantity", "area_code", "area_name", "source", "prior_median", "prior_lower", "prior_upper", "median", "lower",
        "upper", "contraction", "correlation_with_incidence"),
    INFLUENCE: (
        "quantity", "area_code", "area_name", "part", "name", "title", "information_share", "information_share_mcse",
        "relative_share", "shift", "disagreement", "sensitivity", "k_hat", "method", "reading"),
    CONFLICT: (
        "source", "title", "observed", "predicted_median", "predicted_lower", "predicted_upper", "ratio", "z", "p_level",
        "p_pattern", "p_adjusted", "in_conflict",
        *(f"{q}_{b}" for q in ("living", "newly_diagnosed") for b in ("median", "lower", "upper", "shift", "shift_sd")),
        "method", "k_hat"),
    DECOMPOSITION: ("source", "part", "basis", "area_code", "area_name", "median", "lower", "upper", "share"),
    "coverage": ("area_code", "area_name", "year"),
    "priors": ("parameter", "symbol", "distribution", "unit", "is_judgement", "source", "reason"),
    "comparisons": (
        "region", "date", "what_it_counts", "published", "ours_area_code", "ours_median", "ours_lower", "ours_upper",
        "note"),
    "diagnostics": ("quantity", "rhat", "ess_bulk", "ess_tail", "status"),
    "sources": (),
    ATTRITION: ("source", "rule", "meaning", "removed", "remaining", "persons"),
    DISAGREEMENTS: ("sources", "fact", "in_several", "disagree"),
}
REQUIRED: Final = (ESTIMATES, IMPLIED, "priors", "diagnostics", "sources")
HEADLINE_KEYS: Final = (
    "area_code", "area_name", "index_date", "year", "basis", "ci_prob", "ci_kind",
    *(f"{q}_{b}" for q in (LIVING, NEWLY, "implied_duration") for b in BOUNDS))
WORD_KEYS: Final = (
    "definition", "what_data_inform", "what_they_do_not", "tail", "boards_rest_on", "projection")
SECTION_WORDS: Final = ("what_narrows_the_figures", "conflict_between_sources", "records")
"""Sentences with a place of their own in the report, where they are given."""


@dataclass(frozen=True)
class ReleaseContent:
    """Everything that a release is written from. Holds no draws.

    Parameters
    ----------
    title : str
        Title of the report.
    scope : str
        Who is counted and which disease, in words; printed on every output.
    headline : mapping
        `HEADLINE_KEYS`: the living on `index_date` and the newly diagnosed in `year` [persons], the
        implied duration [years], each with median, lower and upper; `basis` is expected or realised.
    tables : mapping of str to DataFrame
        Tidy tables with the columns of `TABLE_COLUMNS`, unrounded. Those of `REQUIRED` must be present.
    words : mapping of str to str
        Sentences: `WORD_KEYS` and any further notes.
    config_text : str
        The configuration of the run, defaults filled in (TOML).
    input_hashes : mapping
        SHA-256 of every input, by name.
    versions : mapping
        Version of Python and of the packages used.
    seed : int
    diagnostics : mapping
        Summary of the sampler and of the gate.
    rounding_unit : int
        Public counts are rounded to this many persons.
    rounding_units : mapping of quantity to mapping of area code to int
        Figures that are rounded to another unit, because Monte Carlo error does not allow a finer one: the living,
        the newly diagnosed and the certified deaths (``certified_deaths``) of an area each have their own.

    Raises
    ------
    ReleaseError
        With everything that is missing or impossible, in one list.
    """

    title: str
    scope: str
    headline: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    words: Mapping[str, str]
    config_text: str
    input_hashes: Mapping[str, str]
    versions: Mapping[str, str]
    seed: int
    diagnostics: Mapping[str, Any] = field(default_factory=dict)
    rounding_unit: int = 10
    rounding_units: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = _problems(self)
        if problems:
            listed = "\n".join(f"  {i}. {p}" for i, p in enumerate(problems, 1))
            raise ReleaseError(f"the content of the release has {len(problems)} problem(s):\n{listed}")

    def unit_of(self, area_code: str, quantity: str = LIVING) -> int:
        """Persons to which a quantity of an area is rounded; a rate has the unit of its count."""
        return self.rounding_units.get(_COUNT_OF.get(quantity, quantity), {}).get(area_code, self.rounding_unit)

    @property
    def rounding_words(self) -> str:
        """To how many persons counts are rounded, quantities and areas with a coarser unit named."""
        base = "1 person" if self.rounding_unit == 1 else f"{self.rounding_unit:,} persons"
        names = self.tables[ESTIMATES].drop_duplicates("area_code").set_index("area_code")["area_name"]
        place = {code: i for i, code in enumerate(names.index)}
        listed = []
        for quantity, units in self.rounding_units.items():
            coarser: dict[int, list[str]] = {}
            for code, unit in sorted(units.items(), key=lambda item: place.get(item[0], len(place))):
                if unit != self.rounding_unit:
                    coarser.setdefault(unit, []).append(str(names.get(code, code)))
            listed += [f"the {COUNT_WORDS.get(quantity, quantity)} of {', '.join(where)} to {unit:,}"
                       for unit, where in sorted(coarser.items())]
        return f"{base} ({'; '.join(listed)}: Monte Carlo error allows no finer unit there)" if listed else base

    def has(self, name: str) -> bool:
        """Whether a table is present and has rows."""
        return name in self.tables and len(self.tables[name]) > 0


def _problems(content: ReleaseContent) -> list[str]:
    """Faults of the content, in words, without values."""
    found = [f"headline: '{key}' is missing" for key in HEADLINE_KEYS if key not in content.headline]
    found += [f"words: '{key}' is missing or empty" for key in WORD_KEYS if not content.words.get(key)]
    found += [f"table '{name}' is missing" for name in REQUIRED if name not in content.tables]
    if content.headline.get("basis", BASES[0]) not in BASES:
        found.append("headline: 'basis' must be expected or realised")
    if content.rounding_unit < 1 or any(unit < 1 for units in content.rounding_units.values() for unit in units.values()):
        found.append("rounding_unit must be at least 1 person")
    for name, frame in content.tables.items():
        if name not in TABLE_COLUMNS:
            found.append(f"table '{name}' is not a table of a release; known: {', '.join(TABLE_COLUMNS)}")
            continue
        absent = [c for c in TABLE_COLUMNS[name] if c not in frame.columns]
        if absent and len(frame):
            found.append(f"table '{name}': columns missing: {', '.join(absent)}")
        elif name in (ESTIMATES, IMPLIED, SENSITIVITY):
            found += _interval_problems(name, frame)
    return found or _headline_problems(content)


def _headline_problems(content: ReleaseContent) -> list[str]:
    """Headline numbers that are not the ones in the tables."""
    head, frame, found = content.headline, content.tables[ESTIMATES], []
    whole = frame[(frame["area_code"] == head["area_code"]) & (frame["year"] == int(head["year"]))
                  & (frame["basis"] == head["basis"]) & (frame["presentation"] == "all")
                  & (frame["duration_band"] == "all")]
    for quantity in (LIVING, NEWLY):
        rows = whole[whole["quantity"] == quantity]
        if quantity == LIVING:
            rows = rows[rows["index_date"].astype(str).str[:10] == str(head["index_date"])[:10]]
        if len(rows) != 1:
            found.append(f"headline: table '{ESTIMATES}' has {len(rows)} rows for its '{quantity}', not 1")
        elif not np.allclose([float(head[f"{quantity}_{b}"]) for b in BOUNDS],
                             rows[list(BOUNDS)].to_numpy(dtype=float)[0], rtol=1e-6):
            found.append(f"headline: '{quantity}' differs from the row of table '{ESTIMATES}'")
    return found


def _interval_problems(name: str, frame: pd.DataFrame) -> list[str]:
    """Rows whose median or bounds are not finite, negative or out of order."""
    if not len(frame):
        return [f"table '{name}' has no rows"] if name != SENSITIVITY else []
    median, lower, upper = (frame[c].to_numpy(dtype=float) for c in BOUNDS)
    bad = ~(np.isfinite(median) & np.isfinite(lower) & np.isfinite(upper))
    if name == ESTIMATES:  # a rate of too few persons is left out of a public table
        left_out = np.isnan(median) & np.isnan(lower) & np.isnan(upper)
        bad &= ~(frame["quantity"].isin(list(RATES.values())).to_numpy() & left_out)
    found = [f"table '{name}': {int(bad.sum())} rows are not finite"] if bad.any() else []
    disordered = (lower > median) | (median > upper)
    if disordered.any():
        found.append(f"table '{name}': {int(disordered.sum())} rows do not have lower <= median <= upper")
    if (lower < 0).any():
        found.append(f"table '{name}': {int((lower < 0).sum())} rows are negative")
    if name == ESTIMATES:
        for column in ("ci_prob", "ci_kind"):
            if frame[column].nunique(dropna=False) > 1:
                found.append(f"table '{name}': more than one {column}")
        keys = ["quantity", "basis", "area_code", "year", "index_date", "presentation", "duration_band"]
        if frame.duplicated(keys).any():
            found.append(f"table '{name}': {int(frame.duplicated(keys).sum())} rows occur twice")
    return found
