"""Every kind of evidence together: UK nations, Scotland by its 14 boards, four age bands, twenty years.

``make bench-sources`` (on a machine that does nothing else) writes the tables of ``benchmarks/all_sources/``, simulates
one world from the model on their shapes, and measures

- ``fit``: processor time of compilation and of sampling to the gate with the program's own settings (the limit is
  300 CPU-seconds of sampling), draws, steps and effective draws, and peak memory;
- ``costs``: the log density with its gradient, of a base without further sources, of the base with each source added, of
  all sources together, and of both without age bands. Timings are taken in turn in one process, so that their ratios do
  not depend on what else the machine does.

It appends one line of JSON for each part to ``benchmarks/results/all_sources.jsonl``. ``--part`` chooses one.
"""

import argparse
import json
import os
import resource
import sys
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FOLDER = HERE / "all_sources"
sys.path[:0] = [str(FOLDER), str(HERE)]

import make_tables  # noqa: E402
import numpy as np  # noqa: E402
import update  # noqa: E402

from sbc_prevalence.config import Config  # noqa: E402
from sbc_prevalence.model.simulate import simulate_world  # noqa: E402
from sbc_prevalence.study import Study, prepare  # noqa: E402

RESULTS = HERE / "results" / "all_sources.jsonl"
COMMAND = "make bench-sources"
LIMIT_SECONDS = 300.0
"""Processor time of sampling to the gate, all sources on together."""
REPEATS, CALLS = 15, 20
BASE, ALL_SOURCES = "base", "all sources"
WITHOUT_AGES = "{} without age bands"


@dataclass(frozen=True)
class Source:
    """One source that is added.

    Parameters
    ----------
    files : tuple of str
        Tables that come with it.
    over : str
        The variant it is added to.
    """

    files: tuple[str, ...]
    over: str = BASE


BOARDS = "registrations by board and age, audited"
SOURCES: Mapping[str, Source] = {
    BOARDS: Source(("boards", "audit")),
    "survey of regimes": Source(("boards", "audit", "survey"), BOARDS),
    "reporting triangle": Source(("boards", "audit", "triangle"), BOARDS),
    "three overlapping lists by board": Source(("lists",)),
    "registrations validated in two phases": Source(("england", "validation")),
    "people flagged by an algorithm": Source(("flagged",)),
    "one code for several recurrences": Source(("wales",)),
    "registrations and cases found at death": Source(("northern-ireland", "found-at-death")),
    "records of patients": Source(("patients",)),
    "life table of another population": Source(("cells",)),
}


def study_of(files: tuple[str, ...] | None, *, ages: bool = True) -> Study:
    """The study with the tables named, or with all; those that every study needs are always there."""
    raw = tomllib.loads((FOLDER / "all-sources.toml").read_text("utf-8"))
    optional = {f"tables/{name}.csv" for source in SOURCES.values() for name in source.files}
    if files is not None:
        kept = {f"tables/{name}.csv" for name in files}
        raw["evidence"] = [e for e in raw["evidence"] if e.get("file") not in optional - kept]
        raw["model"]["completeness"] = "regime" if "survey" in files else "by_source"
    if not ages:
        del raw["model"]["ages"]
    return prepare(Config.from_mapping(raw, where="all-sources.toml", directory=FOLDER))


def gradient(study: Study, world: int) -> tuple[Callable[[], Any], dict[str, Any]]:
    """The compiled log density with its gradient at one place, and what compiling took."""
    import pytensor

    from sbc_prevalence.model.build import build

    started = time.process_time()
    built = build(study.model, simulate_world(study.model, study.inputs, (world,)).inputs)
    density = built.logp()
    program = pytensor.function(built.value_vars, [density, *pytensor.grad(density, built.value_vars)], mode="NUMBA")
    program.trust_input = True
    rng, start = np.random.default_rng(1), built.initial_point()
    values = [0.2 * rng.standard_normal(np.shape(start[v.name])) for v in built.value_vars]
    found = program(*values)
    if not all(np.isfinite(x).all() for x in found):
        raise SystemExit("the log density or its gradient is not finite: nothing was measured")
    return lambda: program(*values), {
        "compile_cpu_seconds": round(time.process_time() - started, 1),
        "coordinates": int(sum(np.size(v) for v in values)), "operations": len(program.maker.fgraph.apply_nodes)}


def costs(world: int, chosen: tuple[str, ...] = ()) -> dict[str, Any]:
    """Microseconds of every variant, and ratios to what it is added to."""
    everything: dict[str, tuple[tuple[str, ...] | None, bool]] = {BASE: ((), True)}
    everything |= {name: (source.files, True) for name, source in SOURCES.items()}
    everything |= {ALL_SOURCES: (None, True), WITHOUT_AGES.format(BASE): ((), False),
                   WITHOUT_AGES.format(ALL_SOURCES): (None, False)}
    wanted = {name: how for name, how in everything.items() if not chosen or name in chosen}
    programs, about = {}, {}
    for name, (files, ages) in wanted.items():
        print(f"compiling: {name} ...", file=sys.stderr, flush=True)
        programs[name], about[name] = gradient(study_of(files, ages=ages), world)
    best = dict.fromkeys(programs, np.inf)
    for _ in range(REPEATS):
        for name, program in programs.items():
            started = time.process_time()
            for _ in range(CALLS):
                program()
            best[name] = min(best[name], (time.process_time() - started) / CALLS)
    found = {name: {"microseconds": round(1e6 * best[name], 1), **about[name]} for name in programs}
    for name, source in SOURCES.items():
        if name in best and source.over in best:
            found[name] |= {"over": source.over, "ratio": round(best[name] / best[source.over], 3)}
    for name in (BASE, ALL_SOURCES):
        if name in best and (plain := WITHOUT_AGES.format(name)) in best:
            found[name]["ratio_to_without_ages"] = round(best[name] / best[plain], 2)
    if {BASE, ALL_SOURCES} <= set(best):
        found[ALL_SOURCES] |= {"over": BASE, "ratio": round(best[ALL_SOURCES] / best[BASE], 3)}
    return found


def fit_to_gate(world: int, draws: int | None = None, tune: int | None = None) -> dict[str, Any]:
    """Compile and sample all sources together, as a run does."""
    from sbc_prevalence.posterior.compiled import compile_model
    from sbc_prevalence.posterior.fit import fit

    study = study_of(None)
    known = simulate_world(study.model, study.inputs, (world,))
    started = time.process_time()
    compiled = compile_model(study.model, known.inputs)
    compiling, memory = time.process_time() - started, peak_gb()
    print(f"compiled in {compiling:.0f} CPU-seconds; sampling ...", file=sys.stderr, flush=True)
    own = study.config.sampler
    fitted = fit(study.model, known.inputs, seed=study.config.seed, chains=own.chains, draws=draws or own.draws,
                 tune=tune or own.tune, target_accept=own.target_accept, max_extensions=own.max_extensions,
                 progress=False, compiled=compiled)
    table = fitted.gate.table
    steps = np.asarray(fitted.stats["n_steps"], dtype=float)
    return {
        "sampling_cpu_seconds": round(fitted.sampler["cpu_seconds"], 1), "limit": LIMIT_SECONDS,
        "sampling_seconds": round(fitted.sampler["seconds"], 1), "compile_cpu_seconds": round(compiling, 1),
        "extensions": fitted.sampler["extensions"], "chains": own.chains, "draws": fitted.sampler["draws"],
        "tune": fitted.sampler["tune"], "target_accept": fitted.sampler["target_accept"],
        "steps_per_draw": round(float(steps.mean()), 1), "divergences": fitted.gate.divergences,
        "fewest_effective_draws": round(float(table["ess_bulk"].min())),
        "fewest_effective_draws_in_tails": round(float(table["ess_tail"].min())),
        "largest_rhat": round(float(table["rhat"].max()), 4), "quantities_judged": len(table),
        "parameters": int(sum(p.size for p in study.model.sampled(study.inputs).priors)),
        "peak_gb_compiled": memory, "peak_gb": peak_gb()}


def peak_gb() -> float:
    """Largest resident memory of this process so far; Linux counts in KiB, macOS in bytes."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9, 2)


def table_of(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Costs as a Markdown table."""
    rows = ["| model | gradient [ms] | times | added to | operations | compiled in [CPU-s] |", "|---" * 6 + "|"]
    rows += [
        f"| {name} | {row['microseconds'] / 1e3:.2f} | {row.get('ratio', '')} | {row.get('over', '')} | "
        f"{row['operations']} | {row['compile_cpu_seconds']:.0f} |" for name, row in found.items()]
    return "\n".join(rows)


def main() -> int:
    """Measure, write, print; 1 if sampling to the gate took longer than its limit."""
    parser = argparse.ArgumentParser(description="Every kind of evidence together.")
    parser.add_argument("--part", choices=("fit", "costs"), help="one of the two; without it both")
    parser.add_argument("--world", type=int, default=1, help="seed of the simulated world")
    parser.add_argument("--only", nargs="*", default=(), help="costs: names of the variants to measure")
    parser.add_argument("--results", type=Path, default=RESULTS)
    chosen = parser.parse_args()
    make_tables.write()
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "fit": lambda: fit_to_gate(chosen.world), "costs": lambda: costs(chosen.world, tuple(chosen.only))}
    code = 0
    for name, measure in parts.items():
        if chosen.part not in (None, name):
            continue
        load = os.getloadavg()[0]
        found = measure()
        line = {"date": datetime.now(UTC).isoformat(timespec="seconds"), "command": COMMAND, "part": name,
                "version": update.described(), "world": chosen.world, "load_before": round(load, 2),
                "machine": update.machine(), "found": found}
        chosen.results.parent.mkdir(parents=True, exist_ok=True)
        with chosen.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, allow_nan=False) + "\n")
        print(table_of(found) if name == "costs" else json.dumps(found, indent=1))
        if name == "fit" and not found["sampling_cpu_seconds"] < LIMIT_SECONDS:
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
