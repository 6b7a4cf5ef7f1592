"""Estimates as tables of the report."""

from collections.abc import Mapping
from typing import Any

from sbc_prevalence.release.content import ESTIMATES, LIVING, NEWLY, RATES, ReleaseContent
from sbc_prevalence.release.sheet import Sheet, interval, number, text, words_on_zeros
from sbc_prevalence.release.tables import (
    area_sensitivity,
    areas_at_index_date,
    denominator,
    maybe,
    national_by_year,
    national_sensitivity,
)
from sbc_prevalence.release.words import credible, date_words, decimal, heading, percent_span

ENDS = ("", "_lower", "_upper")


def by_year(content: ReleaseContent) -> Sheet:
    """The nation year by year."""
    rows = national_by_year(content.tables, content.headline)
    cells, flags = [], []
    for row in rows.to_dict("records"):
        projected = bool(row["projected"])
        cells.append([str(row["year"]), interval(row, LIVING), interval(row, NEWLY),
                      interval(row, "implied_duration", 1), "projected" if projected else "estimated"])
        flags.append("projected" if projected else "")
    name, level = content.headline["area_name"], credible(content.headline)
    return Sheet(
        f"{name} by year: median ({level}); {content.headline['basis']} persons. Living at 31 December of the year; "
        f"newly diagnosed during it. Implied duration: living ÷ {denominator(content.tables, content.headline)}."
        + words_on_zeros((m, _unit(content, q)) for q in (LIVING, NEWLY) for m in rows[f"{q}_median"]),
        ["Year", "Living (persons)", "Newly diagnosed (persons)", "Implied duration (years)", "Status"],
        cells, frozenset({4}), flags)


def _duration(row: Mapping[Any, Any]) -> str:
    middle, lower, upper = (decimal(row[f"implied_duration{end}"]) for end in ENDS)
    return f"{middle} ({lower} to {upper})" if middle else ""


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
            cells.append([f"{row['scenario']}{mark}", interval(row, LIVING), interval(row, NEWLY),
                          _duration(row), percent_span(*(row[f"beyond_follow_up_share{end}"] for end in ENDS))])
            flags.append("headline" if row["is_headline"] else "")
    head = content.headline
    return Sheet(
        f"{head['area_name']} under other choices: median ({credible(head)}). Living on "
        f"{date_words(head['index_date'])}; newly diagnosed in {head['year']}. Each row is rounded as its fit allows.",
        ["Choice", "Living (persons)", "Newly diagnosed (persons)", "Implied duration (years)",
         "Share of the living beyond the last published follow-up"], cells, frozenset(), flags)


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
              interval(r, "")] for r in living.to_dict("records")]
    if newly is not None:
        columns.append("Newly diagnosed (persons)")
        by_key = newly.set_index(column).to_dict("index")
        cells = [[*c, interval(by_key.get(k, {}), "")] for c, k in zip(cells, living[column], strict=True)]
    return Sheet(
        f"{head['area_name']}, {date_words(head['index_date'])}, by "
        f"{'time since diagnosis' if by == 'duration' else 'presentation'}: median ({credible(head)})."
        + words_on_zeros((m, _unit(content, q)) for part, q in ((living, LIVING), (newly, NEWLY)) if part is not None
                         for m in part["median"]),
        columns, cells)


def _unit(content: ReleaseContent, quantity: str) -> int:
    """Persons to which a quantity of the whole is rounded."""
    return content.unit_of(str(content.headline["area_code"]), quantity)


def areas(content: ReleaseContent, *, groups: bool = False) -> tuple[Sheet, str] | None:
    """Areas (or groups of them) at the headline date, and the one sentence on what they rest on if they share it."""
    rows = areas_at_index_date(content.tables, content.headline, groups=groups)
    if not len(rows):
        return None
    shared = rows["rests_on"].nunique() == 1
    head = content.headline
    estimates = content.tables[ESTIMATES]
    rates = estimates.loc[estimates["quantity"].isin(list(RATES.values())), "unit"]
    per = f"({rates.iloc[0]})" if len(rates) else ""
    columns = ["Group of areas" if groups else "Area", "Living (persons)"]
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
        [str(row["area_name"]), *[interval(row, q, p) or "too few" for q, p in shown],
         *([] if shared else [str(row["rests_on"])])]
        for row in rows.to_dict("records")]
    wordy = frozenset() if shared else frozenset({len(columns) - 1})
    what = "Groups of areas" if groups else "Areas"
    rest = "Each is the sum of its areas in every draw." if groups else (
        "Areas rest on the prior and on primary registrations wherever they have no deaths or metastatic "
        "registrations of their own.")
    rest += words_on_zeros((row.get(f"{q}_median"), content.unit_of(str(row["area_code"]), q))
                           for row in rows.to_dict("records") for q in (LIVING, NEWLY))
    sheet = Sheet(
        f"{what}, by name: median ({credible(head)}); {head['basis']} persons. Living on "
        f"{date_words(head['index_date'])}; newly diagnosed in {head['year']}. {rest}",
        columns, cells, wordy)
    return sheet, str(rows["rests_on"].iloc[0]) if shared else ""


def area_spread(content: ReleaseContent) -> Sheet | None:
    """Living by area under other spreads between areas."""
    rows = area_sensitivity(content.tables, content.headline)
    if not len(rows):
        return None
    scenarios = list(dict.fromkeys(rows["scenario"]))
    cells = []
    for name in dict.fromkeys(rows["area_name"]):
        part = rows[rows["area_name"] == name].set_index("scenario")
        cells.append([str(name), *[
            interval(part.loc[s].to_dict(), "") if s in part.index else "" for s in scenarios]])
    return Sheet(
        f"Living by area on {date_words(content.headline['index_date'])} (persons) when the prior spread "
        "between "
        f"areas is changed: median ({credible(content.headline)})."
        + words_on_zeros(zip(rows["median"], rows["rounded_to"], strict=True)),
        ["Area", *[heading(s) for s in scenarios]], cells)


def comparisons(content: ReleaseContent) -> Sheet | None:
    """Published figures beside ours."""
    if not content.has("comparisons"):
        return None
    cells = [[
        str(row["region"]), text(row["date"]), text(row["what_it_counts"]), number(row["published"]),
        interval(row, "ours") or "not estimated", text(row["note"])]
        for row in content.tables["comparisons"].to_dict("records")]
    return Sheet(
        f"Figures that others have published, and ours: median ({credible(content.headline)}). Ours is not "
        "tuned "
        "to any of them.",
        ["Where", "Date or period", "What the published figure counts", "Published", "Ours (persons)",
         "Note"],
        cells, frozenset({1, 2, 5}))
