"""What the lines of a recovery study say together: hits, bias, error; one study, or many side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from sbc_prevalence.errors import ModelError
from sbc_prevalence.posterior.recovery import LEVELS, QUANTITIES

ACCEPTANCE = 0.99


def bounds(n_worlds: int, level: int) -> tuple[int, int]:
    """Hits out of `n_worlds` that a calibrated interval gives with 99 % probability.

    Of 100 worlds: 37-63 at 50 %, 69-90 at 80 %, 89-100 at 95 %.
    """
    low, high = stats.binom.interval(ACCEPTANCE, n_worlds, level / 100)
    return int(low), int(high)


def summarise(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Hits, bounds, refusals and run times of a study.

    Parameters
    ----------
    lines : sequence of mapping
        From `try_world`.

    Returns
    -------
    dict
        ``worlds``, ``fitted``, ``refused`` (numbers), ``hits`` by quantity and level with ``lower`` and ``upper``
        bounds and ``within``, ``errors`` (see `log_errors`), ``areas`` (hits over all areas and worlds), ``ranks`` by
        quantity, ``made`` (see `when_made`), ``median_seconds``, ``total_seconds``.

    Raises
    ------
    ModelError
        If there is no line, or a world occurs twice.
    """
    numbers = [int(line["world"]) for line in lines]
    if not numbers or len(set(numbers)) != len(numbers):
        raise ModelError("a summary needs at least one world, and each world once. Look at the result file.")
    fitted = [line for line in lines if not line["refused"]]
    hits: dict[str, dict[str, Any]] = {}
    for quantity in QUANTITIES:
        hits[quantity] = {}
        for level in LEVELS:
            low, high = bounds(len(fitted), level) if fitted else (0, 0)
            count = sum(bool(line[quantity][f"hit{level}"]) for line in fitted)
            hits[quantity][str(level)] = {"hits": count, "lower": low, "upper": high, "within": low <= count <= high}
    places = [place for line in fitted for place in line["areas"].values()]
    bands = [place for line in fitted for place in line.get("ages", {}).values()]
    errors = {quantity: log_errors([line[quantity] for line in fitted]) for quantity in QUANTITIES}
    seconds = [float(line["seconds"]) for line in lines]
    return {
        "worlds": len(lines), "fitted": len(fitted), "refused": [line["world"] for line in lines if line["refused"]],
        "hits": hits, "errors": errors,
        "areas": _hits_of(places), **({"ages": _hits_of(bands)} if bands else {}),
        "ranks": {quantity: sorted(line[quantity]["rank"] for line in fitted) for quantity in QUANTITIES},
        "made": when_made(lines),
        "median_seconds": float(np.median(seconds)), "total_seconds": float(np.sum(seconds))}


def when_made(lines: Sequence[Mapping[str, Any]]) -> str:
    """Days and versions of sbc_prevalence by which worlds were fitted, in words; empty where no line says so."""
    made = [line["made"] for line in lines if "made" in line]
    if not made:
        return ""
    days = sorted({entry["date"] for entry in made})
    versions = ", ".join(sorted({entry["sbc_prevalence"] for entry in made}))
    return f"{days[0]}{f' to {days[-1]}' if days[1:] else ''}, sbc_prevalence {versions}"


def _hits_of(places: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {"places": len(places), **{
        str(level): sum(bool(place[f"hit{level}"]) for place in places) for level in LEVELS}}


def log_errors(places: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """Bias and root mean square error of the posterior median, on the log scale.

    Parameters
    ----------
    places : sequence of mapping
        From `place_of_truth`; worlds whose truth or median is not positive are left out.

    Returns
    -------
    dict
        ``bias`` and ``rmse`` of log(median / truth), and ``bias_se``, the standard error of the bias; None if there
        is no world.
    """
    pairs = np.array([(place["median"], place["truth"]) for place in places], dtype=float).reshape(-1, 2)
    pairs = pairs[(pairs > 0).all(1)]
    if not len(pairs):
        return {"bias": None, "rmse": None, "bias_se": None}
    error = np.log(pairs[:, 0] / pairs[:, 1])
    spread = float(error.std(ddof=1) / np.sqrt(error.size)) if error.size > 1 else None
    return {"bias": float(error.mean()), "rmse": float(np.sqrt((error**2).mean())), "bias_se": spread}


def in_words(summary: Mapping[str, Any]) -> str:
    """A summary as a Markdown page."""
    rows = ["| quantity | interval | hits | of | calibrated: between |", "|---|---|---|---|---|"]
    for quantity, label in QUANTITIES.items():
        for level in LEVELS:
            found = summary["hits"][quantity][str(level)]
            mark = "" if found["within"] else " (outside)"
            rows.append(f"| {label} | {level} % | {found['hits']}{mark} | {summary['fitted']} | "
                        f"{found['lower']} and {found['upper']} |")
    rows += ["", "| quantity | bias of the median (log) | root mean square error (log) |", "|---|---|---|"]
    for quantity, label in QUANTITIES.items():
        error = summary["errors"][quantity]
        if error["bias"] is not None:
            spread = "" if error["bias_se"] is None else f" (se {error['bias_se']:.3f})"
            rows.append(f"| {label} | {error['bias']:+.3f}{spread} | {error['rmse']:.3f} |")
    places, bands = summary["areas"], summary.get("ages")
    refused = summary["refused"]
    numbers = ", ".join(map(str, refused))
    said = f"Refused by the gate: {len(refused)} (worlds {numbers})." if refused else "No fit was refused."
    return "\n".join([
        f"{summary['worlds']} worlds, every parameter drawn from the priors of the fit; {summary['fitted']} fitted. "
        f"{said} Equal-tailed intervals.", "", *rows, "",
        f"Living by area, all areas and worlds together ({places['places']} places): {_shares(places)}. Areas of one "
        "world are not independent.",
        *([f"Newly diagnosed by age band, all bands and worlds together ({bands['places']} places): {_shares(bands)}."]
          if bands else []),
        *([f"Fitted {summary['made']}."] if summary["made"] else []),
        f"Median {summary['median_seconds']:.0f} s for a world, {summary['total_seconds'] / 3600:.1f} h in all."])


def _shares(places: Mapping[str, int]) -> str:
    return ", ".join(f"{places[str(level)] / max(places['places'], 1):.1%} at {level} %" for level in LEVELS)


def table_of(summaries: Mapping[str, Mapping[str, Any]]) -> str:
    """Studies side by side, as a Markdown table of the number living.

    Parameters
    ----------
    summaries : mapping of name to summary
        From `summarise`, by the name of the design.
    """
    rows = ["| worlds of | worlds | refused | bias (log) | RMSE (log) | 50 % | 80 % | 95 % |",
            "|---|---|---|---|---|---|---|---|"]
    for name, summary in sorted(summaries.items()):
        error, hits, n = summary["errors"]["living"], summary["hits"]["living"], summary["fitted"]
        shares = " | ".join(f"{100 * hits[str(level)]['hits'] / n:.0f} %" if n else "-" for level in LEVELS)
        bias = "-" if error["bias"] is None else f"{error['bias']:+.3f}"
        rmse = "-" if error["rmse"] is None else f"{error['rmse']:.3f}"
        rows.append(f"| {name} | {summary['worlds']} | {len(summary['refused'])} | {bias} | {rmse} | {shares} |")
    return "\n".join(rows)
