"""Rounding of public numbers: medians to the nearest unit, bounds outward, rates from rounded counts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sbc_prevalence.grid import ALL
from sbc_prevalence.prevalence.rounding import years_unit
from sbc_prevalence.release.content import (
    AGES,
    ATTRITION,
    BOUNDS,
    CONFLICT,
    DEATHS,
    DECOMPOSITION,
    DISAGREEMENTS,
    ESTIMATES,
    IDENTIFIABILITY,
    IMPLIED,
    INFLUENCE,
    LIVING,
    NEWLY,
    RATES,
    SENSITIVITY,
    STANDARDISED,
    ReleaseContent,
)

SHARE_UNIT = 0.01
RATE_UNIT = 0.1
SIGNIFICANT = 3
DEATHS_FIT, COMPARISONS = "deaths_fit", "comparisons"
# A rate is shown only where its rounded count is at least so many units: below that, rounding alone
# moves it by more than a sixth.
UNITS_FOR_A_RATE = 3
_ROW = ["basis", "area_code", "year", "index_date", "presentation", "duration_band"]
_AGE_ROW = ("basis", "area_code", "year", "index_date", "age_kind", "age_band")


def nearest(values: ArrayLike, unit: ArrayLike) -> NDArray[np.float64]:
    """Nearest multiple of a unit; halves go up."""
    step = np.asarray(unit, dtype=float)
    ratio = np.asarray(values, dtype=float) / step
    return _clean(np.floor(ratio + 0.5 + _slack(ratio)) * step)


def downward(values: ArrayLike, unit: ArrayLike) -> NDArray[np.float64]:
    """Largest multiple of a unit that is not above the value: for lower bounds."""
    step = np.asarray(unit, dtype=float)
    ratio = np.asarray(values, dtype=float) / step
    return _clean(np.floor(ratio + _slack(ratio)) * step)


def upward(values: ArrayLike, unit: ArrayLike) -> NDArray[np.float64]:
    """Smallest multiple of a unit that is not below the value: for upper bounds."""
    step = np.asarray(unit, dtype=float)
    ratio = np.asarray(values, dtype=float) / step
    return _clean(np.ceil(ratio - _slack(ratio)) * step)


def _slack(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Binary dust that does not make a multiple of the unit into more or less than one."""
    return 1e-9 + 8 * np.finfo(float).eps * np.abs(ratio)


def _clean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Remove binary dust such as 3.4000000000000004 and minus zero."""
    return np.round(values, 6) + 0.0


def significant(values: ArrayLike, digits: int = SIGNIFICANT) -> NDArray[np.float64]:
    """Round to significant digits: for parameters, whose scales differ."""
    x = np.asarray(values, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        power = digits - 1 - np.floor(np.log10(np.abs(x)))
        scaled = np.round(x * 10.0**power) / 10.0**power
    return np.where((x == 0) | ~np.isfinite(x), x, scaled)


def round_interval(frame: pd.DataFrame, unit: ArrayLike, prefix: str = "") -> pd.DataFrame:
    """Copy with `median`, `lower`, `upper` (after a prefix) rounded to a unit, bounds outward."""
    out = frame.copy()
    for name, rule in zip(BOUNDS, (nearest, downward, upward), strict=True):
        out[prefix + name] = rule(out[prefix + name].to_numpy(dtype=float), unit)
    return out


def round_estimates(frame: pd.DataFrame, unit: ArrayLike, keys: Sequence[str] = tuple(_ROW)) -> pd.DataFrame:
    """Round counts; make each rate from its rounded count, so that it tells no more than the count does.

    Parameters
    ----------
    frame : DataFrame
        The table `estimates`.
    unit : int or array, shape (n_rows,)
        Persons.
    keys : sequence of str
        Columns that a rate and its count have in common.

    Returns
    -------
    DataFrame
        The same rows in the same order. A rate whose rounded count is below `UNITS_FOR_A_RATE` units is
        missing; a rate without its count in the table is rounded to 0.1 per 100,000.
    """
    out = frame.copy()
    out[list(BOUNDS)] = out[list(BOUNDS)].astype(float)
    units = np.broadcast_to(np.asarray(unit, dtype=float), len(frame))
    counts = out["quantity"].isin([LIVING, NEWLY])
    out.loc[counts, list(BOUNDS)] = round_interval(out.loc[counts], units[counts.to_numpy()])[list(BOUNDS)]
    for count_name, rate_name in RATES.items():
        rates = out["quantity"] == rate_name
        if not rates.any():
            continue
        is_count = frame["quantity"] == count_name
        exact = frame.loc[is_count, [*keys, "upper"]].rename(columns={"upper": "exact_upper"})
        rounded = out.loc[is_count, [*keys, *BOUNDS]].rename(columns={b: f"count_{b}" for b in BOUNDS})
        rows = frame.loc[rates, [*keys, *BOUNDS]].merge(exact, how="left", on=list(keys))
        rows = rows.merge(rounded, how="left", on=list(keys))
        per_person = np.where(rows["exact_upper"] > 0, rows["upper"] / rows["exact_upper"], np.nan)
        for name, rule in zip(BOUNDS, (nearest, downward, upward), strict=True):
            from_count = rule(rows[f"count_{name}"].to_numpy(dtype=float) * per_person, RATE_UNIT)
            alone = rule(rows[name].to_numpy(dtype=float), RATE_UNIT)
            shown = np.where(np.isnan(from_count), alone, from_count)
            few = rows["count_median"].to_numpy(dtype=float) < UNITS_FOR_A_RATE * units[rates.to_numpy()]
            out.loc[rates, name] = np.where(few, np.nan, shown)
    return out


def round_ages(frame: pd.DataFrame, unit: ArrayLike) -> pd.DataFrame:
    """Round the table `ages`: counts and rates as in `estimates`, standardised rates as the crude ones beside them.

    A standardised rate is rounded to what one rounding unit of persons makes of the crude rate, and left out where
    that one is.
    """
    out = round_estimates(frame, unit, _AGE_ROW)
    units = np.broadcast_to(np.asarray(unit, dtype=float), len(frame))
    place = ["basis", "area_code", "year", "index_date"]
    whole = frame["age_band"] == ALL
    for name, standardised in STANDARDISED.items():
        chosen = (frame["quantity"] == standardised).to_numpy()
        if not chosen.any():
            continue
        counts = frame[whole & (frame["quantity"] == name)].set_index(place)["median"]
        exact = frame[whole & (frame["quantity"] == RATES[name])].set_index(place)["median"]
        shown = out[whole & (frame["quantity"] == RATES[name])].set_index(place)["median"]
        at = pd.MultiIndex.from_frame(frame.loc[chosen, place])
        step = np.maximum(RATE_UNIT, (exact / counts).reindex(at).to_numpy(float) * units[chosen])
        step = upward(step, RATE_UNIT)
        hidden = shown.reindex(at).isna().to_numpy()
        for bound, rule in zip(BOUNDS, (nearest, downward, upward), strict=True):
            out.loc[chosen, bound] = np.where(hidden, np.nan, rule(frame.loc[chosen, bound].to_numpy(float), step))
    return out


def round_headline(headline: Mapping[str, Any], units: Mapping[str, int]) -> dict[str, Any]:
    """Headline numbers as they may be shown; `units` has the persons of the living and of the newly diagnosed."""
    out = dict(headline)
    steps = {LIVING: float(units[LIVING]), NEWLY: float(units[NEWLY]),
             "implied_duration": _years_unit(headline, units[LIVING])}
    for quantity, step in steps.items():
        for name, rule in zip(BOUNDS, (nearest, downward, upward), strict=True):
            value = float(rule(float(out[f"{quantity}_{name}"]), step))
            out[f"{quantity}_{name}"] = value if quantity == "implied_duration" else round(value)
    return out


def _years_unit(headline: Mapping[str, Any], persons: int) -> float:
    return years_unit(persons, float(headline["living_median"]), float(headline["implied_duration_median"]))


def _units_of_rows(name: str, frame: pd.DataFrame, content: ReleaseContent) -> NDArray[np.float64]:
    """Persons to which each row of a table is rounded, shape (n_rows,)."""
    if name == SENSITIVITY:
        return frame["rounded_to"].to_numpy(dtype=float)
    whole = str(content.headline["area_code"])
    areas = frame.get("ours_area_code" if name == COMPARISONS else "area_code", pd.Series(whole, index=frame.index))
    of = pd.Series(DEATHS if name == DEATHS_FIT else LIVING, index=frame.index)
    quantities = frame["quantity"] if name in (ESTIMATES, IDENTIFIABILITY, AGES) else of
    return np.array([content.unit_of(str(code), str(q)) for code, q in zip(areas, quantities, strict=True)], dtype=float)


def _round_table(name: str, frame: pd.DataFrame, content: ReleaseContent) -> pd.DataFrame:
    """Public form of one table."""
    if not len(frame):
        return frame.copy()
    whole = content.unit_of(str(content.headline["area_code"]))
    unit, years = _units_of_rows(name, frame, content), _years_unit(content.headline, whole)
    if name == ESTIMATES:
        return round_estimates(frame, unit)
    if name == AGES:
        return round_ages(frame, unit)
    if name == IMPLIED:
        return round_interval(frame, years)
    if name == SENSITIVITY:
        out = round_interval(frame, unit)
        for share, step in (("implied_duration", _years_of_repetitions(frame)), ("beyond_follow_up_share", SHARE_UNIT)):
            for end, rule in (("", nearest), ("_lower", downward), ("_upper", upward)):
                out[share + end] = rule(out[share + end].to_numpy(dtype=float), step)
        return out
    if name == DEATHS_FIT:
        out = round_interval(frame, unit)
        out["observed"] = nearest(out["observed"].to_numpy(dtype=float), unit)
        return out
    if name == "shares":
        return round_interval(frame, SHARE_UNIT)
    if name == IDENTIFIABILITY:
        return _round_identifiability(frame, unit, years)
    if name == INFLUENCE:
        return _to_shares(frame, exempt=())
    if name == CONFLICT:
        head = str(content.headline["area_code"])
        return _round_conflict(frame, {q: content.unit_of(head, q) for q in (LIVING, NEWLY)})
    if name == DECOMPOSITION:
        return _to_shares(round_interval(frame, unit), exempt=BOUNDS)
    if name == COMPARISONS:
        return round_interval(frame, unit, prefix="ours_")
    if name == "prior_predictive":
        out = frame.copy()
        out[list(BOUNDS)] = out[list(BOUNDS)].astype(float)
        for step, rows in frame.groupby(frame["quantity"].map(_unit_of(whole, years)), sort=False):
            out.loc[rows.index, list(BOUNDS)] = round_interval(rows, float(step))[list(BOUNDS)]
        return out
    if name in (ATTRITION, DISAGREEMENTS):
        return _round_counts(frame, content.rounding_unit)
    if name in ("prior_posterior", "diagnostics"):
        out = frame.copy()
        for column in out.select_dtypes("number"):
            digits = SIGNIFICANT + 1 if column == "rhat" or name == "prior_posterior" else SIGNIFICANT
            out[column] = significant(out[column].to_numpy(dtype=float), digits)
        return out
    return frame.copy()


def _round_counts(frame: pd.DataFrame, unit: int) -> pd.DataFrame:
    """Every count of rows or persons to the nearest unit, each by itself: no small one follows from the others."""
    out = frame.copy()
    for column in ("removed", "remaining", "persons", "in_several", "disagree"):
        if column in out:
            out[column] = nearest(out[column].to_numpy(dtype=float, na_value=np.nan), float(unit))
    return out


def _years_of_repetitions(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Years to which the implied duration of each repetition is rounded, by its own living of the whole."""
    living = frame[frame["quantity"] == LIVING].sort_values("median").groupby(["group", "scenario"], sort=False).last()
    found = {key: years_unit(row["rounded_to"], row["median"], row["implied_duration"])
             for key, row in living.to_dict("index").items()}
    return np.array([found[key] for key in zip(frame["group"], frame["scenario"], strict=True)])


def _to_shares(frame: pd.DataFrame, *, exempt: Sequence[str]) -> pd.DataFrame:
    """Copy with every fraction rounded to `SHARE_UNIT`, some columns left alone."""
    out = frame.copy()
    for column in out.select_dtypes("float"):
        if column not in exempt:
            out[column] = nearest(out[column].to_numpy(dtype=float), SHARE_UNIT)
    return out


def _round_identifiability(frame: pd.DataFrame, unit: ArrayLike, years_step: float) -> pd.DataFrame:
    """Persons to their unit, years and shares to theirs, before and after the data alike."""
    persons = frame["quantity"].isin([LIVING, NEWLY]).to_numpy()
    years = frame["quantity"].str.contains("duration").to_numpy()
    steps = np.where(persons, np.broadcast_to(np.asarray(unit, dtype=float), len(frame)),
                     np.where(years, years_step, SHARE_UNIT))
    out = round_interval(round_interval(frame, steps), steps, prefix="prior_")
    return _to_shares(out, exempt=(*BOUNDS, *(f"prior_{b}" for b in BOUNDS)))


def _round_conflict(frame: pd.DataFrame, units: Mapping[str, int]) -> pd.DataFrame:
    """Totals of counts and persons to the unit, hazards of published survival and p-values to significant digits."""
    out = frame.copy()
    numbers = out.select_dtypes("number").columns
    out[numbers] = out[numbers].astype(float)
    unit = max(units.values())
    counts = (frame["observed"].astype(float) >= unit).to_numpy()
    totals = ("observed", "predicted_median", "predicted_lower", "predicted_upper")
    for column in totals:
        values = out[column].to_numpy(dtype=float)
        out[column] = np.where(counts, nearest(values, unit), significant(values))
    for quantity in (LIVING, NEWLY):
        out = round_interval(out, units[quantity], prefix=f"{quantity}_")
    shown = {*totals, *(f"{q}_{b}" for q in (LIVING, NEWLY) for b in BOUNDS)}
    for column in numbers:
        if column.startswith("p_"):
            out[column] = significant(out[column].to_numpy(dtype=float), 2)
        elif column not in shown:
            out[column] = nearest(out[column].to_numpy(dtype=float), SHARE_UNIT)
    return out


def _unit_of(persons: int, years: float) -> Any:
    """Rounding unit by the name of a quantity of the prior predictive check."""
    def unit(quantity: str) -> float:
        text = quantity.lower()
        if "duration" in text:
            return years
        return SHARE_UNIT if "share" in text else float(persons)
    return unit


def public_content(content: ReleaseContent) -> ReleaseContent:
    """The same content with every number rounded as it may be shown outside."""
    whole = str(content.headline["area_code"])
    units = {quantity: content.unit_of(whole, quantity) for quantity in (LIVING, NEWLY)}
    tables = {name: _round_table(name, frame, content) for name, frame in content.tables.items()}
    return replace(content, tables=tables, headline=round_headline(content.headline, units))
