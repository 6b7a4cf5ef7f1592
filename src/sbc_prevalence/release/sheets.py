"""Tables of the report as words: captions, headings, cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sbc_prevalence.release.content import ESTIMATES, LIVING, NEWLY, RATES, ReleaseContent
from sbc_prevalence.release.tables import (
    area_sensitivity,
    areas_at_index_date,
    coverage_summary,
    denominator,
    maybe,
    national_by_year,
    national_sensitivity,
)
from sbc_prevalence.release.words import credible, date_words, decimal, heading, percent, persons, plain

WORST_SHOWN = 12


@dataclass(frozen=True)
class Sheet:
    """One table of the report.

    Parameters
    ----------
    caption : str
        What is shown, in which unit, with which interval.
    columns : sequence of str
    rows : sequence of sequence of str
        The first cell of a row is its heading.
    text_columns : frozenset of int
        Columns set as running text; all others hold numbers.
    flags : sequence of str
        Class of each row: "", "projected", "headline" or "group".
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    text_columns: frozenset[int] = frozenset()
    flags: Sequence[str] = field(default=())

    def flag(self, row: int) -> str:
        """Class of a row."""
        return self.flags[row] if self.flags else ""


def _interval(row: Mapping[Any, Any], prefix: str, places: int | None = None) -> str:
    """`3,890 (3,240 to 4,660)` from the columns of a quantity; empty where missing."""
    show = persons if places is None else lambda v: decimal(v, places)
    start = f"{prefix}_" if prefix else ""
    values = [row.get(start + b, float("nan")) for b in ("median", "lower", "upper")]
    if any(pd.isna(v) for v in values):
        return ""
    return f"{show(values[0])} ({show(values[1])} to {show(values[2])})"


def by_year(content: ReleaseContent) -> Sheet:
    """The nation year by year."""
    rows = national_by_year(content.tables, content.headline)
    cells, flags = [], []
    for row in rows.to_dict("records"):
        projected = bool(row["projected"])
        cells.append([str(row["year"]), _interval(row, LIVING), _interval(row, NEWLY),
                      _interval(row, "implied_duration", 1), "projected" if projected else "estimated"])
        flags.append("projected" if projected else "")
    name, level = content.headline["area_name"], credible(content.headline)
    return Sheet(
        f"{name} by year: median ({level}); {content.headline['basis']} persons. Living at 31 December of "
        "the "
        "year; newly diagnosed during it.",
        ["Year", "Living (persons)", "Newly diagnosed (persons)",
         f"Implied duration (years; living ÷ {denominator(content.tables, content.headline)})", "Status"],
        cells, frozenset({4}), flags)


def sensitivity(content: ReleaseContent) -> Sheet | None:
    """The national table under other choices."""
    rows = national_sensitivity(content.tables, content.headline)
    if not len(rows):
        return None
    cells, flags = [], []
    for group, part in rows.groupby("group", sort=False):
        cells.append([heading(str(group)), "", "", "", ""])
        flags.append("group")
        for row in part.to_dict("records"):
            mark = " (headline)" if row["is_headline"] else ""
            cells.append([f"{row['scenario']}{mark}", _interval(row, LIVING), _interval(row, NEWLY),
                          decimal(row["implied_duration"]), percent(row["beyond_follow_up_share"])])
            flags.append("headline" if row["is_headline"] else "")
    head = content.headline
    return Sheet(
        f"{head['area_name']} under other choices: median ({credible(head)}). Living on "
        f"{date_words(head['index_date'])}; newly diagnosed in {head['year']}.",
        ["Choice", "Living (persons)", "Newly diagnosed (persons)", "Implied duration (years, median)",
         "Share of the living beyond the last published follow-up (median)"], cells, frozenset(), flags)


def split(content: ReleaseContent, by: str) -> Sheet | None:
    """The living of the headline date by duration or presentation, and the newly diagnosed if split too."""
    head = content.headline
    living = maybe(content.tables[ESTIMATES], head, LIVING, by=by)
    if living is None:
        return None
    column = {"duration": "duration_band", "presentation": "presentation"}[by]
    newly = maybe(content.tables[ESTIMATES], head, NEWLY, by=by)
    columns = [{"duration": "Years since metastatic diagnosis", "presentation": "Presentation"}[by],
               "Living (persons)"]
    cells = [[str(r[column]).replace("de_novo", "de novo").replace("<1", "under 1").replace("-", "–"),
              _interval(r, "")] for r in living.to_dict("records")]
    if newly is not None:
        columns.append("Newly diagnosed (persons)")
        by_key = newly.set_index(column).to_dict("index")
        cells = [[*c, _interval(by_key.get(k, {}), "")] for c, k in zip(cells, living[column], strict=True)]
    return Sheet(
        f"{head['area_name']}, {date_words(head['index_date'])}, by "
        f"{'time since diagnosis' if by == 'duration' else 'presentation'}: median ({credible(head)}).",
        columns, cells)


def areas(content: ReleaseContent) -> tuple[Sheet, str] | None:
    """Areas at the headline date, and the one sentence on what they rest on if they share it."""
    rows = areas_at_index_date(content.tables, content.headline)
    if not len(rows):
        return None
    shared = rows["rests_on"].nunique() == 1
    head = content.headline
    estimates = content.tables[ESTIMATES]
    rates = estimates.loc[estimates["quantity"].isin(list(RATES.values())), "unit"]
    per = f"({rates.iloc[0]})" if len(rates) else ""
    columns = ["Area", "Living (persons)"]
    shown: list[tuple[str, int | None]] = [(LIVING, None)]
    for quantity, label, places in (
            (RATES[LIVING], f"Living {per}", 0), (NEWLY, "Newly diagnosed (persons)", None),
            (RATES[NEWLY], f"Newly diagnosed {per}", 0)):
        if f"{quantity}_median" in rows:
            columns.append(label)
            shown.append((quantity, places))
    if not shared:
        columns.append("Rests on")
    cells = [
        [str(row["area_name"]), *[_interval(row, q, p) or "too few" for q, p in shown],
         *([] if shared else [str(row["rests_on"])])]
        for row in rows.to_dict("records")]
    text = frozenset() if shared else frozenset({len(columns) - 1})
    sheet = Sheet(
        f"Areas, largest first: median ({credible(head)}); {head['basis']} persons. Living on "
        f"{date_words(head['index_date'])}; newly diagnosed in {head['year']}. Areas rest on the prior and "
        "on "
        "primary registrations wherever they have no deaths or metastatic registrations of their own.",
        columns, cells, text)
    return sheet, str(rows["rests_on"].iloc[0]) if shared else ""


def area_spread(content: ReleaseContent) -> Sheet | None:
    """Living by area under other spreads between areas."""
    rows = area_sensitivity(content.tables, content.headline)
    if not len(rows):
        return None
    scenarios = list(dict.fromkeys(rows["scenario"]))
    order = rows.groupby("area_name")["median"].max().sort_values(ascending=False).index
    cells = []
    for name in order:
        part = rows[rows["area_name"] == name].set_index("scenario")
        cells.append([str(name), *[
            _interval(part.loc[s].to_dict(), "") if s in part.index else "" for s in scenarios]])
    return Sheet(
        f"Living by area on {date_words(content.headline['index_date'])} (persons) when the prior spread "
        "between "
        f"areas is changed: median ({credible(content.headline)}).",
        ["Area", *[heading(s) for s in scenarios]], cells)


def comparisons(content: ReleaseContent) -> Sheet | None:
    """Published figures beside ours."""
    if not content.has("comparisons"):
        return None
    cells = [[
        str(row["region"]), _text(row["date"]), _text(row["what_it_counts"]), _number(row["published"]),
        _interval(row, "ours") or "not estimated", _text(row["note"])]
        for row in content.tables["comparisons"].to_dict("records")]
    return Sheet(
        f"Figures that others have published, and ours: median ({credible(content.headline)}). Ours is not "
        "tuned "
        "to any of them.",
        ["Where", "Date or period", "What the published figure counts", "Published", "Ours (persons)",
         "Note"],
        cells, frozenset({1, 2, 5}))


def predictive(content: ReleaseContent) -> Sheet | None:
    """What the priors alone imply, beside the fit."""
    if not content.has("prior_predictive"):
        return None
    cells = []
    for row in content.tables["prior_predictive"].to_dict("records"):
        name = str(row["quantity"]).lower()
        if "share" in name:
            values = [percent(row[b]) for b in ("median", "lower", "upper")]
            shown = f"{values[0]} ({values[1]} to {values[2]})"
        else:
            shown = _interval(row, "", 1 if "duration" in name else None)
        cells.append([heading(row["quantity"]), str(row["stage"]), shown])
    return Sheet(
        f"Before and after the data: median ({credible(content.headline)}). Durations in years, living in "
        "persons.",
        ["Quantity", "Stage", "Median and interval"], cells, frozenset({1}))


def shares(content: ReleaseContent) -> Sheet | None:
    """Shares of the answer that rest on what was not seen, in a few years."""
    if not content.has("shares"):
        return None
    frame = content.tables["shares"]
    years = sorted(frame["year"].unique())
    head_year = int(content.headline["year"])
    fifth = [int(y) for y in years if int(y) % 5 == 0 and int(y) < head_year]
    wanted = sorted({int(years[0]), *fifth, head_year})
    kinds = list(dict.fromkeys(frame["share"]))
    cells = []
    for year in wanted:
        row = [str(year)]
        for kind in kinds:
            part = frame[(frame["year"] == year) & (frame["share"] == kind)]
            row.append("" if not len(part) else f"{percent(part['median'].iloc[0])} "
                       f"({percent(part['lower'].iloc[0])} to {percent(part['upper'].iloc[0])})")
        cells.append(row)
    return Sheet(
        "Share of the national answer that rests on what was not observed: median "
        f"({credible(content.headline)}). "
        "Every year is in shares.csv.", ["Year", *[heading(k) for k in kinds]], cells)


def parameters(content: ReleaseContent) -> Sheet | None:
    """Prior and posterior of each parameter in numbers."""
    if not content.has("prior_posterior"):
        return None
    cells = [[
        f"{row['label']}{' †' if row['is_judgement'] else ''}",
        *[f"{plain(row[f'{s}_median'])} ({plain(row[f'{s}_lower'])} to {plain(row[f'{s}_upper'])})"
          for s in ("prior", "posterior")], percent(row["contraction"])]
        for row in content.tables["prior_posterior"].to_dict("records")]
    return Sheet(
        f"Parameters before and after the data: median ({credible(content.headline)}). Contraction: share "
        "of the "
        "prior variance that the data removed. † judgement.",
        ["Parameter", "Prior", "Posterior", "Contraction"], cells)


def priors(content: ReleaseContent) -> Sheet | None:
    """Every prior with its source, or the word judgement and the reason."""
    if not content.has("priors"):
        return None
    labels: dict[str, str] = {}
    if content.has("prior_posterior"):
        fitted = content.tables["prior_posterior"]
        labels = dict(zip(fitted["parameter"], fitted["label"], strict=True))
    cells = []
    for row in content.tables["priors"].to_dict("records"):
        origin = _text(row["source"])
        if bool(row["is_judgement"]):
            origin = f"Judgement: {_text(row['reason'])}"
        elif _text(row["reason"]):
            origin = f"{origin}. {_text(row['reason'])}"
        name = labels.get(row["parameter"]) or heading(row["parameter"])
        name += f" ({row['symbol']})" if _text(row["symbol"]) else ""
        cells.append([name, _text(row["distribution"]), _text(row["unit"]), origin])
    return Sheet("Priors, each with its published source or the word judgement and a reason.",
                 ["Parameter", "Distribution", "Unit", "Source or reason"], cells, frozenset({1, 2, 3}))


def diagnostics(content: ReleaseContent) -> Sheet | None:
    """The reported quantities that mixed worst."""
    if not content.has("diagnostics"):
        return None
    frame = content.tables["diagnostics"]
    worst = frame.sort_values("rhat", ascending=False, na_position="last").head(WORST_SHOWN)
    cells = [[str(r["quantity"]), decimal(r["rhat"], 3), persons(r["ess_bulk"]), persons(r["ess_tail"]),
              _text(r["status"])] for r in worst.to_dict("records")]
    return Sheet(
        f"Sampler diagnostics of the {len(worst)} reported quantities with the highest R-hat, of "
        f"{len(frame)}. "
        "All are in diagnostics.csv. ESS: effective sample size in draws.",
        ["Quantity", "R-hat", "ESS, bulk", "ESS, tail", "Gate"], cells, frozenset({4}))


def generic(frame: pd.DataFrame | None, caption: str) -> Sheet | None:
    """A table of words as it stands."""
    if frame is None or not len(frame):
        return None
    cells = [[_text(v) for v in row] for row in frame.itertuples(index=False)]
    return Sheet(caption, [heading(c) for c in frame.columns], cells, frozenset(range(len(frame.columns))))


def coverage(content: ReleaseContent) -> Sheet | None:
    """Which years of which area rest on which kind of evidence."""
    if not content.has("coverage"):
        return None
    known = content.tables[ESTIMATES].drop_duplicates("area_code")
    names = dict(zip(known["area_code"], known["area_name"], strict=True))
    return generic(coverage_summary(content.tables["coverage"], names),
                   "Evidence by area. Own: counts of the area itself; through: counts of a larger area; "
                   "projected: beyond the data; none: no such evidence.")


def key_values(values: Mapping[str, Any], caption: str, columns: tuple[str, str]) -> Sheet | None:
    """A mapping as a two-column table."""
    if not values:
        return None
    return Sheet(caption, columns, [[heading(k) if "_" in k or k.islower() else k, _value(v)]
                                    for k, v in values.items()], frozenset({1}))


def _value(value: Any) -> str:
    """A value of a mapping in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return "; ".join(f"{k}: {_value(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_value(v) for v in value) or "none"
    return str(value)


def _text(value: Any) -> str:
    """Text of a cell; empty where missing."""
    return "" if value is None or (not isinstance(value, str) and pd.isna(value)) else str(value)


def _number(value: Any) -> str:
    """A published figure: with thousands separators if it is a number, else as quoted."""
    try:
        return f"{float(value):,.10g}"
    except (TypeError, ValueError):
        return _text(value)
