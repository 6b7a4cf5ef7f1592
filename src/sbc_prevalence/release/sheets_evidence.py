"""What the data say: narrowing, influence, conflict and the living by what is known of them, as tables of the report."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sbc_prevalence.release.content import (
    BOUNDS,
    CONFLICT,
    DECOMPOSITION,
    IDENTIFIABILITY,
    INFLUENCE,
    LIVING,
    NEWLY,
    SENSITIVITY,
    ReleaseContent,
)
from sbc_prevalence.release.sheet import Sheet, interval, text, words_on_zeros
from sbc_prevalence.release.words import (
    contraction_words,
    credible,
    date_words,
    decimal,
    heading,
    percent,
    percent_span,
    persons,
)

COMPLETENESS, DE_NOVO, DURATION = "completeness", "de_novo_share", "implied_duration"
COMPLETENESS_GROUP = "completeness prior"
PART_WORDS = {
    "diagnosed_before_the_data": "diagnosed before the source began",
    "registered_and_followed": "registered and followed", "registered_and_lost": "registered, lost to follow-up",
    "not_yet_reported": "not yet reported", "never_registered": "never registered", "all": "all of them"}
QUANTITY_WORDS = {
    LIVING: "living (persons)", NEWLY: "newly diagnosed (persons)", DURATION: "implied duration (years)",
    DE_NOVO: "de novo share of the newly diagnosed"}


def influence(content: ReleaseContent) -> Sheet | None:
    """What the figures of the whole rest on: parts in order of their share of the information."""
    if not content.has(INFLUENCE):
        return None
    rows = content.tables[INFLUENCE]
    rows = rows[rows["area_code"] == content.headline["area_code"]]
    cells, flags = [], []
    for quantity, words in ((LIVING, "Living"), (NEWLY, "Newly diagnosed")):
        part = rows[rows["quantity"] == quantity].sort_values(
            ["relative_share", "information_share"], ascending=False, kind="stable")
        cells.append([words, "", "", "", "", ""])
        flags.append("group")
        for row in part.to_dict("records"):
            share = percent(row["relative_share"]) if row["relative_share"] >= 0.005 else "about 0 %"
            cells.append([str(row["title"]), share, f"{decimal(row['information_share'], 2)} "
                          f"± {decimal(2 * row['information_share_mcse'], 2)}",
                          decimal(row["shift"], 2), decimal(row["sensitivity"], 2), text(row["reading"])])
            flags.append("")
    return Sheet(
        f"{content.headline['area_name']}: how the figures answer to each part of the evidence and of the priors. "
        "Share: of what would narrow the figure further. Information: the same before scaling, ± two Monte Carlo errors. "
        "Shift: of the mean, in posterior standard deviations, if the part counted twice. Sensitivity: change of the "
        "whole distribution for each doubling. The words on a prior follow from its share. Areas are in influence.csv.",
        ["Part", "Share", "Information", "Shift", "Sensitivity", "Its doubt rests"], cells, frozenset({5}), flags)


def narrowed(content: ReleaseContent) -> Sheet | None:
    """Before and after the data: figures of the whole, then areas."""
    if not content.has(IDENTIFIABILITY):
        return None
    rows = content.tables[IDENTIFIABILITY]
    whole = content.headline["area_code"]
    first = rows[(rows["area_code"] == whole) & rows["quantity"].isin(list(QUANTITY_WORDS))]
    cells = []
    for row in first.to_dict("records"):
        cells.append([heading(QUANTITY_WORDS[str(row["quantity"])]), _before_or_after(row, "prior_"),
                      _before_or_after(row, ""), contraction_words(row["contraction"])])
    return Sheet(
        f"{content.headline['area_name']}, {date_words(content.headline['index_date'])} and its year: what the priors "
        f"alone say, and what they say with the data: median ({credible(content.headline)}); expected persons. "
        "Contraction: share of the prior variance (of the logarithm; of the logit for shares) that the data removed.",
        ["Figure", "Before the data", "After", "Contraction"], cells)


def _before_or_after(row: Mapping[Any, Any], prefix: str) -> str:
    """A figure with its interval: persons, years, or a share in percent."""
    if row["quantity"] == DE_NOVO:
        return percent_span(*(row[f"{prefix}{b}"] for b in BOUNDS))
    return interval(row, prefix.removesuffix("_"), 1 if row["quantity"] == DURATION else None)


def narrowed_areas(content: ReleaseContent) -> Sheet | None:
    """Contraction by area, and the part that each area's figure rests on most."""
    if not content.has(IDENTIFIABILITY):
        return None
    rows = content.tables[IDENTIFIABILITY]
    rows = rows[rows["area_code"] != content.headline["area_code"]]
    living = rows[rows["quantity"] == LIVING]
    if not len(living):
        return None
    new = rows[rows["quantity"] == NEWLY].set_index("area_code")["contraction"]
    most = _largest(content, LIVING)
    most_new = _largest(content, NEWLY)
    cells = [[str(row["area_name"]), contraction_words(row["contraction"]), most.get(str(row["area_code"]), ""),
              contraction_words(new.get(row["area_code"], float("nan"))), most_new.get(str(row["area_code"]), "")]
             for row in living.to_dict("records")]
    return Sheet(
        "Areas: share of the prior variance that the data removed (contraction), and the part of the evidence or of the "
        "priors that would narrow the figure further most of all, with its share.",
        ["Area", "Contraction, living", "Would narrow the living most", "Contraction, newly diagnosed",
         "Would narrow the newly diagnosed most"], cells, frozenset({2, 4}))


def _largest(content: ReleaseContent, quantity: str) -> dict[str, str]:
    if not content.has(INFLUENCE):
        return {}
    rows = content.tables[INFLUENCE]
    rows = rows[(rows["quantity"] == quantity) & (rows["relative_share"] > 0)].sort_values(
        "relative_share", ascending=False, kind="stable").drop_duplicates("area_code")
    return {str(r["area_code"]): f"{r['title']} ({_tight(r['relative_share'])})" for r in rows.to_dict("records")}


def _tight(share: float) -> str:
    """A percentage that is not broken over two lines."""
    return percent(share).replace(" ", "\N{NO-BREAK SPACE}")


def completeness(content: ReleaseContent) -> Sheet | None:
    """Completeness by source and area, before and after the data, with its correlation with incidence."""
    if not content.has(IDENTIFIABILITY):
        return None
    rows = content.tables[IDENTIFIABILITY]
    rows = rows[rows["quantity"] == COMPLETENESS]
    if not len(rows):
        return None
    cells, flags = [], []
    for source, part in rows.groupby("source", sort=False):
        cells.append([heading(str(source)), "", "", "", ""])
        flags.append("group")
        own = ("area_code", "area_name", "contraction", "correlation_with_incidence")
        alike = not part.drop(columns=list(own)).nunique().gt(1).any()
        for row in part.head(1 if alike else len(part)).to_dict("records"):
            name = f"{row['area_name']}, and alike in every area" if alike and len(part) > 1 else str(row["area_name"])
            cells.append([name, interval(row, "prior", 2), interval(row, "", 2), contraction_words(row["contraction"]),
                          decimal(row["correlation_with_incidence"], 2)])
            flags.append("")
    return Sheet(
        f"Completeness of registration: median ({credible(content.headline)}). Correlation: with the incidence of the "
        "presentations that the source holds; near -1 where the counts fix their product only.",
        ["Source and area", "Before the data", "After", "Contraction", "Correlation with incidence"], cells,
        frozenset(), flags)


def conflict(content: ReleaseContent) -> Sheet | None:
    """Each source beside what all the others predict for it."""
    if not content.has(CONFLICT):
        return None
    cells, flags = [], []
    for row in content.tables[CONFLICT].to_dict("records"):
        done = pd.notna(row["p_adjusted"])
        said = f"{_number(row['predicted_median'])} ({_number(row['predicted_lower'])} to " \
               f"{_number(row['predicted_upper'])})" if done else text(row["method"])
        cells.append([str(row["title"]), _number(row["observed"]) if done else "", said, decimal(row["z"], 1),
                      _p(row["p_level"]), _p(row["p_pattern"]), _p(row["p_adjusted"])])
        flags.append("headline" if bool(row["in_conflict"]) else "")
    return Sheet(
        "Each source left out in turn: its level (a total of counts; for published survival a mean hazard) beside what "
        f"all other evidence predicts, median ({credible(content.headline)}); z: distance in predictive standard "
        "deviations; p: of the level and of the pattern of its rows, and both together, adjusted for the number of "
        "sources (Holm). Marked: contradicted at 0.05.",
        ["Source", "Observed", "Predicted by the others", "z", "p, level", "p, pattern", "p, adjusted"], cells,
        frozenset(), flags)


def conflict_figures(content: ReleaseContent) -> Sheet | None:
    """The figures of the whole without each source."""
    if not content.has(CONFLICT):
        return None
    cells = [[f"without {row['title']}", interval(row, LIVING), _signed(row["living_shift"]), interval(row, NEWLY),
              _signed(row["newly_diagnosed_shift"]), text(row["method"])]
             for row in content.tables[CONFLICT].to_dict("records")]
    head = content.headline
    return Sheet(
        f"{head['area_name']} with each source left out: median ({credible(head)}), expected persons, and how far the "
        f"median moves. Living on {date_words(head['index_date'])}; newly diagnosed in {head['year']}.",
        ["Evidence", "Living (persons)", "Moves by", "Newly diagnosed (persons)", "Moves by", "How"], cells,
        frozenset({5}))


def _signed(share: float) -> str:
    return "" if pd.isna(share) else f"{100 * share:+.0f}\N{NO-BREAK SPACE}%"


def _number(value: float) -> str:
    return "" if pd.isna(value) else persons(value) if abs(value) >= 10 else f"{value:.2f}"


def _p(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def decomposition(content: ReleaseContent) -> Sheet | None:
    """The living of the whole by what each source knows of them."""
    if not content.has(DECOMPOSITION):
        return None
    head = content.headline
    rows = content.tables[DECOMPOSITION]
    rows = rows[(rows["area_code"] == head["area_code"]) & (rows["basis"] == head["basis"])]
    cells, flags = [], []
    for source, part in rows.groupby("source", sort=False):
        if rows["source"].nunique() > 1:
            cells.append([heading(str(source)), "", ""])
            flags.append("group")
        for row in part.to_dict("records"):
            cells.append([heading(PART_WORDS[str(row["part"])]), interval(row, ""), percent(row["share"])])
            flags.append("")
    return Sheet(
        f"{head['area_name']}, living on {date_words(head['index_date'])} by what the register knows of them: median "
        f"({credible(head)}); {head['basis']} persons. Each person is in the first part that fits. Parts sum exactly in "
        "every draw; medians need not. Areas are in decomposition.csv."
        + words_on_zeros((m, content.unit_of(str(head["area_code"]), LIVING)) for m in rows["median"]),
        ["Part", "Living (persons)", "Share (median)"], cells, frozenset(), flags)


def completeness_priors(content: ReleaseContent) -> Sheet | None:
    """Living by area under the declared alternative priors of completeness."""
    rows = content.tables.get(SENSITIVITY)
    if rows is None or not len(rows):
        return None
    rows = rows[(rows["group"] == COMPLETENESS_GROUP) & (rows["quantity"] == LIVING)]
    if not len(rows):
        return None
    scenarios = list(dict.fromkeys(rows["scenario"]))
    cells = []
    for name, part in rows.groupby("area_name", sort=False):
        by_name = part.set_index("scenario")
        shown = [interval(by_name.loc[s].to_dict(), "") if s in by_name.index else "" for s in scenarios]
        cells.append([str(name), *shown])
    return Sheet(
        f"Living on {date_words(content.headline['index_date'])} (persons) under the declared priors of completeness: "
        f"median ({credible(content.headline)})." + words_on_zeros(zip(rows["median"], rows["rounded_to"], strict=True)),
        ["Area", *[heading(s) for s in scenarios]], cells)
