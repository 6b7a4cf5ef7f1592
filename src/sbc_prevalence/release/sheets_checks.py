"""Checks, priors and evidence as tables of the report."""

from sbc_prevalence.release.content import ESTIMATES, ReleaseContent
from sbc_prevalence.release.sheet import Sheet, generic, interval, text
from sbc_prevalence.release.tables import coverage_summary
from sbc_prevalence.release.words import credible, decimal, heading, percent, persons, plain

WORST_SHOWN = 12


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
        origin = text(row["source"])
        if bool(row["is_judgement"]):
            origin = f"Judgement: {text(row['reason'])}"
        elif text(row["reason"]):
            origin = f"{origin}. {text(row['reason'])}"
        name = labels.get(row["parameter"]) or heading(row["parameter"])
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
    cells = [[str(r["quantity"]), decimal(r["rhat"], 3), persons(r["ess_bulk"]), persons(r["ess_tail"]),
              text(r["status"])] for r in worst.to_dict("records")]
    return Sheet(
        f"Sampler diagnostics of the {len(worst)} reported quantities with the highest R-hat, of "
        f"{len(frame)}. "
        "All are in diagnostics.csv. ESS: effective sample size in draws.",
        ["Quantity", "R-hat", "ESS, bulk", "ESS, tail", "Gate"], cells, frozenset({4}))


def coverage(content: ReleaseContent) -> Sheet | None:
    """Which years of which area rest on which kind of evidence."""
    if not content.has("coverage"):
        return None
    known = content.tables[ESTIMATES].drop_duplicates("area_code")
    names = dict(zip(known["area_code"], known["area_name"], strict=True))
    return generic(coverage_summary(content.tables["coverage"], names),
                   "Evidence by area. Own: counts of the area itself; through: counts of a larger area; "
                   "projected: beyond the data; none: no such evidence.")
