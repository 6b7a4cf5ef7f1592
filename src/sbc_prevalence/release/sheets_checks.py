"""Checks, priors and evidence as tables of the report."""

import re
from collections.abc import Mapping
from typing import Any

from sbc_prevalence.release.content import ESTIMATES, ReleaseContent
from sbc_prevalence.release.sheet import Sheet, generic, interval, key_values, text
from sbc_prevalence.release.tables import coverage_summary, without_weights
from sbc_prevalence.release.words import (
    contraction_words,
    credible,
    date_words,
    decimal,
    heading,
    percent_span,
    persons,
    span,
)

WORST_SHOWN = 12
RUN_WORDS = {
    "rhat": "R-hat, largest", "ess_bulk": "Effective sample size, bulk, smallest",
    "ess_tail": "Effective sample size, tail, smallest", "divergences": "Divergences", "name": "Sampler",
    "version": "Version",
    "method": "Method", "seed": "Seed", "chains": "Chains", "draws": "Draws of each chain",
    "tune": "Draws for tuning, thrown away", "target_accept": "Target acceptance", "cores": "Processor cores",
    "extensions": "Extensions of the run", "seconds": "Seconds of sampling",
    "cpu_seconds": "Processor seconds of sampling", "compile_seconds": "Seconds of compiling"}
ELSEWHERE = ("structure", "versions", "runs")
"""In the manifest, or told by `runs`."""


def predictive(content: ReleaseContent) -> Sheet | None:
    """What the priors alone imply, beside the fit."""
    if not content.has("prior_predictive"):
        return None
    cells = []
    for row in content.tables["prior_predictive"].to_dict("records"):
        name = str(row["quantity"]).lower()
        if "share" in name:
            shown = percent_span(row["median"], row["lower"], row["upper"])
        else:
            shown = interval(row, "", 1 if "duration" in name else None)
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
            row.append("" if not len(part) else percent_span(*(part[b].iloc[0] for b in ("median", "lower", "upper"))))
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
        f"{row['label']}{'\N{NO-BREAK SPACE}†' if row['is_judgement'] else ''}",
        *[span(*(row[f"{s}_{b}"] for b in ("median", "lower", "upper"))) for s in ("prior", "posterior")],
        contraction_words(row["contraction"])]
        for row in without_weights(content.tables["prior_posterior"]).to_dict("records")]
    return Sheet(
        f"Parameters before and after the data: median ({credible(content.headline)}). Contraction: share of the prior "
        "variance that the data removed; about 0 % where simulation cannot tell it from nothing. † judgement. Weights of "
        "smooth curves, which mean nothing one by one, are in prior_posterior.csv.",
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
        origin = text(row["source"])
        if bool(row["is_judgement"]):
            origin = f"Judgement: {text(row['reason'])}"
        elif text(row["reason"]):
            origin = f"{'By definition' if origin == 'definition' else origin}. {text(row['reason'])}"
        name = labels.get(row["parameter"]) or text(row.get("meaning")) or heading(row["parameter"])
        name += f" ({row['symbol']})" if text(row["symbol"]) else ""
        cells.append([name, text(row["distribution"]), text(row["unit"]), origin])
    return Sheet("Priors, each with its published source or the word judgement and a reason.",
                 ["Parameter", "Distribution", "Unit", "Source or reason"], cells, frozenset({1, 2, 3}))


def diagnostics(content: ReleaseContent) -> Sheet | None:
    """The reported quantities that mixed worst."""
    if not content.has("diagnostics"):
        return None
    frame = content.tables["diagnostics"]
    worst = frame.sort_values("rhat", ascending=False, na_position="last").head(WORST_SHOWN)
    names = _area_names(content)
    cells = [[_with_name(str(r["quantity"]), names), decimal(r["rhat"], 3), persons(r["ess_bulk"]),
              persons(r["ess_tail"]), text(r["status"])] for r in worst.to_dict("records")]
    return Sheet(
        f"Sampler diagnostics of the {len(worst)} reported quantities with the highest R-hat, of "
        f"{len(frame)}. "
        "All are in diagnostics.csv. ESS: effective sample size in draws.",
        ["Quantity", "R-hat", "ESS, bulk", "ESS, tail", "Gate"], cells, frozenset({4}))


def _area_names(content: ReleaseContent) -> dict[str, str]:
    known = content.tables[ESTIMATES].drop_duplicates("area_code")
    return dict(zip(known["area_code"], known["area_name"], strict=True))


def _with_name(quantity: str, names: Mapping[str, str]) -> str:
    """`living, NHS Fife, 2020` from a quantity that names its area by code."""
    return re.sub("|".join(map(re.escape, sorted(names, key=len, reverse=True))), lambda m: names[m.group()], quantity)


def sources(content: ReleaseContent) -> Sheet | None:
    """What the evidence is, who published it when and under which licence, and what must be known of it."""
    if not content.has("sources"):
        return None
    cells = []
    for row in content.tables["sources"].to_dict("records"):
        said = {k: text(row.get(k)) for k in ("publisher", "year", "title", "source", "as_of")}
        head = said["publisher"] or said["source"]
        origin = f"{head}{f' ({said["year"]})' if said['year'] else ''}: {said['title'] or said['source']}"
        origin += f". Up to {date_words(said['as_of'])}" if said["as_of"] else ""
        cells.append([heading(text(row.get("used_for"))), origin, text(row.get("licence")), text(row.get("note"))])
    return Sheet("Sources of the data, with their licences and what must be known of them. More is in sources.csv.",
                 ["Used for", "Publisher and title", "Licence", "To know"], cells, frozenset({1, 2, 3}))


def run(content: ReleaseContent) -> Sheet | None:
    """The run that the numbers come from: sampler, draws, time, and every attempt."""
    given = content.diagnostics
    shown = {RUN_WORDS.get(k, heading(k)): v for k, v in given.items() if k not in ELSEWHERE}
    if "cores" in given and given["cores"] is None:
        shown[RUN_WORDS["cores"]] = "as many as there are"
    for i, attempt in enumerate(given.get("runs") or (), 1):
        shown[f"Attempt {i}"] = _attempt(attempt)
    return key_values(shown, "The run that these numbers come from.", ("What", "Value"))


def _attempt(attempt: Mapping[str, Any]) -> str:
    """One run of the sampler in words."""
    failed = [str(f) for f in attempt.get("failures") or ()]
    outcome = "passed its gate" if attempt.get("passed") else f"refused: {'; '.join(failed)}"
    return (f"{attempt.get('draws', 0):,} draws of each chain after {attempt.get('tune', 0):,} for tuning, seed "
            f"{attempt.get('seed')}, {attempt.get('divergences', 0)} divergences, "
            f"{decimal(attempt.get('seconds', float('nan')), 0)} seconds: {outcome}")


def coverage(content: ReleaseContent) -> Sheet | None:
    """Which years of which area rest on which kind of evidence."""
    if not content.has("coverage"):
        return None
    return generic(coverage_summary(content.tables["coverage"], _area_names(content)),
                   "Evidence by area. Own: counts of the area itself; through: counts of a larger area; "
                   "projected: beyond the data; none: no such evidence.")
