"""Writes the tables of docs/explanation/recovery.md from the results in tests/recovery/results.

Run it after more worlds were fitted: python docs/explanation/build_recovery_tables.py
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sbc_prevalence.posterior.recovery import LEVELS
from sbc_prevalence.posterior.recovery_summary import bounds, log_errors, summarise, when_made
from sbc_prevalence.recovery import read_lines

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "recovery.md"
RECOVERY = ROOT / "tests" / "recovery"
FEWEST = 5
"""Fitted worlds below which shares are not printed."""
ENOUGH = 50
"""Worlds of a study below which its coverage says little."""


def listed() -> list[dict[str, Any]]:
    """The studies of the list, in order."""
    found: list[dict[str, Any]] = tomllib.loads((RECOVERY / "studies.toml").read_text("utf-8"))["study"]
    return found


def wanted(study: Mapping[str, Any]) -> int:
    """Worlds that a study is to have."""
    settings = tomllib.loads((RECOVERY / "studies.toml").read_text("utf-8"))["settings"]
    return int(study.get("worlds", settings["worlds"]))


def result_file(study: Mapping[str, Any]) -> Path:
    """Where `tools/study_evidence.py` keeps the worlds of a study."""
    folder = "misspecified" if study.get("misspecified") else "evidence"
    return RECOVERY / "results" / folder / f"{study['name']}.jsonl"


def table(studies: Sequence[Mapping[str, Any]], quantity: str, *, marked: bool) -> str:
    """Bias, error and coverage of one quantity, a row for each study; `marked`: coverage out of bounds is pointed at."""
    rows = ["| worlds of | issue 3, item | worlds | refused | bias (log) | RMSE (log) | 50 % | 80 % | 95 % |",
            "|---|---|---|---|---|---|---|---|---|"]
    if not marked:
        rows = [row.replace(" issue 3, item |", "", 1) if i == 0 else row[4:] for i, row in enumerate(rows)]
    for study in studies:
        lines = read_lines(result_file(study))
        item = [study["items"]] if marked else []
        summary = summarise(lines) if lines else {"worlds": 0, "fitted": 0, "refused": []}
        cells = [study["title"], *item, f"{summary['worlds']} of {wanted(study)}", str(len(summary["refused"]))]
        if summary["fitted"] < FEWEST:
            cells += ["-"] * (2 + len(LEVELS))
        else:
            error, n = summary["errors"][quantity], summary["fitted"]
            cells += [f"{error['bias']:+.3f} ± {error['bias_se']:.3f}", f"{error['rmse']:.3f}"]
            for level in LEVELS:
                hits = summary["hits"][quantity][str(level)]
                mark = " (!)" if marked and not hits["within"] else ""
                cells.append(f"{100 * hits['hits'] / n:.0f} %{mark}")
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([*rows, together(studies, quantity)] if marked else rows)


def together(studies: Sequence[Mapping[str, Any]], quantity: str) -> str:
    """A row for all studies at once: worlds have seeds of their own, and each interval should cover at its level."""
    places = [line[quantity] for study in studies for line in read_lines(result_file(study)) if not line["refused"]]
    n = len(places)
    shares = []
    for level in LEVELS:
        low, high = bounds(max(n, 1), level)
        hits = sum(bool(place[f"hit{level}"]) for place in places)
        shares.append(f"{100 * hits / max(n, 1):.0f} %{'' if low <= hits <= high else ' (!)'}")
    error = log_errors(places)
    found = [f"{error['bias']:+.3f} ± {error['bias_se']:.3f}", f"{error['rmse']:.3f}"] if n > 1 else ["-", "-"]
    return f"| **All of these together** | | {n} fitted | | {' | '.join([*found, *shares])} |"


def areas_table(studies: Sequence[Mapping[str, Any]]) -> str:
    """Coverage of the living by area, all areas and worlds of a study together."""
    rows = ["| worlds of | areas x worlds | 50 % | 80 % | 95 % |", "|---|---|---|---|---|"]
    for study in studies:
        lines = read_lines(result_file(study))
        places = summarise(lines)["areas"] if lines else {"places": 0}
        fitted = sum(not line["refused"] for line in lines)
        if fitted < FEWEST or places["places"] == fitted:
            continue
        shares = " | ".join(f"{100 * places[str(level)] / places['places']:.0f} %" for level in LEVELS)
        rows.append(f"| {study['title']} | {places['places']} | {shares} |")
    return "\n".join(rows)


def numbers() -> str:
    """How many worlds there are, and what made them."""
    found = [read_lines(result_file(study)) for study in listed()]
    counts = [len(lines) for lines in found]
    versions = sorted({f"{name} {version}" for lines in found for line in lines if not line["refused"]
                       for name, version in line["versions"].items()})
    n = min((c for c in counts if c), default=0)
    held = ", ".join(f"{low} to {high} at {level} %" for level in LEVELS for low, high in [bounds(max(n, 1), level)])
    studies = sum(c > 0 for c in counts)
    begun = (f"{sum(counts)} worlds of {studies} of {len(counts)} studies, from {n} to {max(counts, default=0)} of each; "
             f"{sum(wanted(study) for study in listed()):,} are wanted, 50 of a variant of a kind of evidence.")
    if n < ENOUGH:
        begun += (" **That is too few to judge coverage**: so far the table shows that designs run, and whether fits "
                  "pass the gate, and no more. The studies go on.")
    return (f"{begun} A calibrated interval holds the truth of {n} worlds, with 99 % probability: {held}. "
            f"Made by `make study-evidence` ({when_made([line for lines in found for line in lines])}), with "
            f"{', '.join(versions)}.")


def filled(text: str) -> str:
    """The page with its tables as the results are now."""
    own = [study for study in listed() if not study.get("misspecified")]
    wrong = [study for study in listed() if study.get("misspecified")]
    parts = {
        "numbers": numbers(), "living": table(own, "living", marked=True),
        "newly diagnosed": table(own, "newly_diagnosed", marked=True), "areas": areas_table(own),
        "misspecified": table(wrong, "living", marked=False),
        "misspecified newly diagnosed": table(wrong, "newly_diagnosed", marked=False)}
    for name, part in parts.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        new = f"{begin}\n{part}\n{end}".replace("\\", r"\\")
        text, count = re.subn(f"{begin}.*?{end}", new, text, flags=re.DOTALL)
        if count != 1:
            raise ValueError(f"the page has {count} places for '{name}', one is needed")
    return text


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
