"""From simulated records to figures, seed by seed: is the truth inside? It resumes where it stopped.

    python tools/registry_demonstration.py --seeds 20 --out benchmarks/results/registry_demonstration.jsonl
    python tools/registry_demonstration.py --summary benchmarks/results/registry_demonstration.jsonl

Each seed is a registry of its own (``sbc-prevalence simulate-registry``), whose configuration is fitted as it is written;
one line of JSON is appended for each. The program is compiled once: all registries have evidence of the same shapes.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sbc_prevalence.config import Config, load_config
from sbc_prevalence.errors import FitRefused
from sbc_prevalence.estimators.counting import count_living
from sbc_prevalence.grid import DURATION_BANDS
from sbc_prevalence.posterior import compile_model, fit, load_fitted
from sbc_prevalence.prevalence.estimate import estimate
from sbc_prevalence.records import simulate_registry
from sbc_prevalence.records.simulate.write import FILES
from sbc_prevalence.study import Study, prepare

CI = 0.95
RECENT_YEARS = 10.0
REPORTED_AFTER = 2
"""Years before the extract after which hardly anybody is still to be reported."""
PRESENTATIONS = ("de_novo", "recurrent")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, default=20, help="seeds 1 to this one")
    parser.add_argument("--out", type=Path, help="result file; seeds that it holds are passed over")
    parser.add_argument("--draws", type=int, default=500, help="draws of each of four chains")
    parser.add_argument("--tune", type=int, default=600)
    parser.add_argument("--cores", type=int)
    parser.add_argument("--fits", type=Path, help="folder that keeps fits, and has those that need not be made again")
    parser.add_argument("--summary", type=Path, help="print the hits of a result file")
    chosen = parser.parse_args()
    if chosen.out:
        _run(chosen)
    if chosen.out or chosen.summary:
        print(summary(chosen.out or chosen.summary))


def _run(chosen: argparse.Namespace) -> None:
    done = {(line["people"], line["seed"]) for line in _lines(chosen.out)}
    compiled: Any = None
    for seed in range(1, chosen.seeds + 1):
        if (chosen.people, seed) in done:
            continue
        with tempfile.TemporaryDirectory() as folder:
            line, compiled = one_seed(seed, Path(folder), chosen, compiled)
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        with chosen.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
        print(_in_words(line), file=sys.stderr, flush=True)


def one_seed(seed: int, folder: Path, chosen: argparse.Namespace, compiled: Any) -> tuple[dict[str, Any], Any]:
    """One registry: simulated, tabulated, fitted, held against its truth."""
    started = time.perf_counter()
    made = simulate_registry(chosen.people, seed, folder)
    study = prepare(load_config(made.config))
    line: dict[str, Any] = {
        "seed": seed, "people": chosen.people, "year": study.index_date.year, "date": date.today().isoformat(),
        "version": version("sbc-prevalence"), "draws": chosen.draws, "tune": chosen.tune,
        "seconds_to_evidence": round(time.perf_counter() - started, 1)}
    kept = chosen.fits / f"{chosen.people}-{seed}.nc" if chosen.fits else None
    if kept is not None and kept.exists():
        fitted = load_fitted(kept)
    else:
        if compiled is None or not compiled.fits(study.model, study.inputs):
            compiled = compile_model(study.model, study.inputs)
        try:
            fitted = fit(study.model, study.inputs, seed=seed, chains=4, draws=chosen.draws, tune=chosen.tune,
                         target_accept=study.config.sampler.target_accept, cores=chosen.cores, max_extensions=2,
                         progress=False, compiled=compiled)
        except FitRefused as error:
            return {**line, "refused": str(error), "seconds": round(time.perf_counter() - started, 1)}, compiled
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            fitted.save(kept)
    line |= judged(fitted, study, made.truth)
    return {**line, "seconds": round(time.perf_counter() - started, 1)}, compiled


def judged(fitted: Any, study: Study, truths: pd.DataFrame) -> dict[str, Any]:
    """Figures of a fit beside the truth."""
    estimates = estimate(fitted, index_date=study.index_date, seed=study.config.seed)
    year, counted = study.index_date.year, study.index_date.year - REPORTED_AFTER
    truth = truths[truths["year"] == year]
    nation = estimates.point_prevalence().table(CI).iloc[0]
    kinds = estimates.point_prevalence("presentation").table(CI).set_index("presentation")
    boards = estimates.point_prevalence("area").table(CI).set_index("area_code")
    newly = estimates.newly_diagnosed().table(CI).iloc[0]
    true_boards = truth.groupby("area_code")["living"].sum().reindex(boards.index)
    inside = (boards["lower"] <= true_boards) & (true_boards <= boards["upper"])
    true = truth.groupby("presentation")[["living", "newly_diagnosed"]].sum()
    position = list(estimates.draws.years).index(counted)
    recent = estimates.draws.living_rep[:, :, 0, position, :DURATION_BANDS.index("10+")].sum((1, 2))
    true_recent = truths[(truths["year"] == counted) & (truths["presentation"] == "de_novo")]["living_recent"].sum()
    lower, median, upper = np.quantile(recent, [(1 - CI) / 2, 0.5, (1 + CI) / 2])
    return {
        "seconds_of_sampling": round(fitted.sampler["seconds"], 1), "cpu_seconds_of_sampling": round(
            fitted.sampler["cpu_seconds"], 1), "divergences": fitted.gate.divergences,
        "living": _held(float(true["living"].sum()), nation),
        "newly_diagnosed": _held(float(true["newly_diagnosed"].sum()), newly),
        **{f"living_{kind}": _held(float(true.loc[kind, "living"]), kinds.loc[kind]) for kind in PRESENTATIONS},
        "living_de_novo_recent": _held(
            float(true_recent), {"median": median, "lower": lower, "upper": upper}),
        "counting": counting(study.config, date(counted, 12, 31)),
        "boards_inside": int(inside.sum()), "boards": len(inside),
        "boards_out": sorted(str(code) for code in inside.index[~inside])}


def counting(config: Config, day: date) -> dict[str, Any]:
    """The counting method where records are nearly complete: de novo disease of ten years, two years before the extract.

    People of either source by the case definition, those lost to follow-up with the survival of the others. Two in a
    hundred are in neither source, so it lies below the truth by as much; it is held against the model's figure for
    the same people.
    """
    from sbc_prevalence.records import (
        CaseDefinition,
        apply_mapping,
        define_cases,
        link_sources,
        load_mapping,
        open_records,
    )
    from sbc_prevalence.records.definition import Cases
    from sbc_prevalence.records.engine import backend

    section, engine = config.records, backend("duckdb")
    assert section is not None
    definition = CaseDefinition(window_days=config.model.window_days, sex="female", followed_to=section.followed_to)
    every = []
    for name in ("registry", "treatment"):
        rows = open_records(config.directory / FILES[name], engine=engine)
        mapping = load_mapping(config.directory / str(section.sources[name].mapping))
        every.append(define_cases(apply_mapping(rows, mapping).cached(), definition))
    both = Cases(every[0].table.union(every[1].table), "both", sum(c.rows for c in every), definition, every[0].attrition)
    linked = link_sources(both, rule="most_precise", sources=["registry", "treatment"]).table
    people = linked.filter(linked.presentation == "de_novo").select(
        diagnosis_date=linked.metastatic_date, entry_date=linked.registration_date, exit_date=linked.exit_date,
        died=linked.died.cast("int64"), presentation=linked.presentation).execute()
    people = people.assign(entry_date=people[["diagnosis_date", "entry_date"]].max(axis=1))
    people["entry_date"] = people[["entry_date", "exit_date"]].min(axis=1)
    for name in ("diagnosis_date", "entry_date", "exit_date"):
        people[name] = pd.to_datetime(people[name]).dt.strftime("%Y-%m-%d")
    found = count_living(people, [day], windows=(RECENT_YEARS,), beyond="flat").iloc[0]
    return {name: float(found[name]) for name in ("living", "lower", "upper", "known_alive", "lost")}


def _held(true: float, row: Any) -> dict[str, Any]:
    median, lower, upper = (float(row[name]) for name in ("median", "lower", "upper"))
    return {"true": true, "median": median, "lower": lower, "upper": upper, "inside": lower <= true <= upper}


def summary(path: Path) -> str:
    """Hits of all seeds of a result file, and its lines as a table."""
    lines = _lines(path)
    sound = [line for line in lines if "refused" not in line]
    if not sound:
        return f"{len(lines)} seeds, none fitted"
    boards = sum(line["boards_inside"] for line in sound)
    of = sum(line["boards"] for line in sound)
    agree = [abs(line["counting"]["living"] / line["living_de_novo_recent"]["median"] - 1) for line in sound]
    rows = ["| seed | true living | median (95 %) | inside | boards inside | recent de novo: true, counted (95 %), "
            "model (95 %) | seconds |",
            "|---|---|---|---|---|---|---|"]
    for line in sound:
        kind, head, counted = line["living_de_novo_recent"], line["living"], line["counting"]
        rows.append(
            f"| {line['seed']} | {head['true']:,.0f} | {head['median']:,.0f} "
            f"({head['lower']:,.0f}-{head['upper']:,.0f}) | "
            f"{'yes' if head['inside'] else 'no'} | {line["boards_inside"]}/{line["boards"]} | {kind['true']:,.0f}, "
            f"{counted['living']:,.0f} ({counted['lower']:,.0f}-{counted['upper']:,.0f}), "
            f"{kind['median']:,.0f} ({kind['lower']:,.0f}-{kind['upper']:,.0f}) | "
            f"{line['seconds']:.0f} |")
    held = sum(line["living_de_novo_recent"]["lower"] <= line["counting"]["living"]
               <= line["living_de_novo_recent"]["upper"] for line in sound)
    head = (f"{len(sound)} of {len(lines)} seeds fitted: the nation's living inside in "
            f"{sum(line['living']['inside'] for line in sound)}, newly diagnosed in "
            f"{sum(line['newly_diagnosed']['inside'] for line in sound)}; boards {boards} of {of} ({boards / of:.1%}); "
            f"recent de novo disease, where records are nearly complete: counting inside the model's interval in {held}, "
            f"at most {max(agree):.1%} from its median.")
    return "\n".join([head, "", *rows])


def _in_words(line: dict[str, Any]) -> str:
    if "refused" in line:
        return f"seed {line['seed']}: refused"
    head = line["living"]
    return (f"seed {line['seed']}: true {head['true']:.0f}, {head['median']:.0f} "
            f"({head['lower']:.0f}-{head['upper']:.0f}), boards {line['boards_inside']}/{line['boards']}, "
            f"{line['seconds']:.0f} s")


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(text) for text in path.read_text("utf-8").splitlines() if text.strip()]


if __name__ == "__main__":
    main()
