"""The whole update against its limits: ``sbc-prevalence run scotland`` in a process of its own, cold, then warm.

``make bench-update`` (about ten minutes, on a machine that does nothing else) measures

- processor time of sampling to the gate, with compiled code found in the caches: under 60 s;
- time from the start of the command to the printed headline, with empty caches: under 3 minutes on two cores;
- time of the whole update with its sensitivity tables, with empty caches: under 10 minutes on two cores;
- peak resident memory of the command and all that it starts: under 3 GB.

It appends one line of JSON to ``benchmarks/results/update.jsonl``, prints the figures beside their limits, and exits
with 1 when a limit is reached or the run wrote no whole release. On a machine with more cores two are used.
"""

import argparse
import csv
import json
import math
import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "update.jsonl"
COMMAND = "make bench-update"
UPDATE = ("run", "scotland", "--out")
HEADLINE = "Scotland: living on "
CORES = 2
SAMPLE_SECONDS = 0.05
EXCEEDED = 1
GB = 1e9

LIMITS: Mapping[str, float] = {
    "sampling_cpu_seconds_warm": 60.0, "headline_seconds_cold": 180.0, "update_seconds_cold": 600.0, "peak_gb": 3.0}
WORDS: Mapping[str, str] = {
    "sampling_cpu_seconds_warm": "sampling to the gate, warm [CPU-seconds]",
    "headline_seconds_cold": "start to printed headline, cold [s]",
    "update_seconds_cold": "whole update with sensitivity tables, cold [s]",
    "peak_gb": "peak memory of all processes, cold or warm [GB]"}


@dataclass(frozen=True)
class Measured:
    """One command, measured from outside.

    Parameters
    ----------
    code : int
        Exit code.
    seconds : float
        Wall time from start to exit.
    cpu_seconds : float
        User and system time of the process and the children it waited for.
    headline_seconds : float or None
        Wall time from start to the first line that holds the words looked for; None if none did.
    peak_bytes : int
        Largest resident memory of the process and its descendants together.
    """

    code: int
    seconds: float
    cpu_seconds: float
    headline_seconds: float | None
    peak_bytes: int


def measure(command: Sequence[str], env: Mapping[str, str], headline: str, relay: IO[str] | None = None) -> Measured:
    """Run a command to its end and measure it; what it prints goes to `relay`."""
    started = time.perf_counter()
    child = subprocess.Popen(command, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             stdin=subprocess.DEVNULL, text=True, encoding="utf-8", errors="replace")
    seen: list[float] = []
    largest = [0]
    over = threading.Event()

    def read() -> None:
        assert child.stdout is not None
        for line in child.stdout:
            if headline in line and not seen:
                seen.append(time.perf_counter() - started)
            if relay is not None:
                print(f"  {time.perf_counter() - started:6.1f} s  {line}", end="", file=relay, flush=True)

    def watch() -> None:
        while not over.wait(SAMPLE_SECONDS):
            largest[0] = max(largest[0], resident_bytes(child.pid))

    threads = [threading.Thread(target=task, daemon=True) for task in (read, watch)]
    for thread in threads:
        thread.start()
    try:
        _, status, used = os.wait4(child.pid, 0)
    except BaseException:
        child.kill()
        child.wait()
        raise
    finally:
        over.set()
    seconds = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    for thread in threads:
        thread.join(timeout=10)
    return Measured(child.returncode, seconds, used.ru_utime + used.ru_stime, seen[0] if seen else None,
                    max(largest[0], _largest_single(used)))


def _largest_single(used: resource.struct_rusage) -> int:
    """Peak of the largest single process, which sampling could miss. Linux counts in KiB, macOS in bytes."""
    return int(used.ru_maxrss) * (1 if sys.platform == "darwin" else 1024)


def resident_bytes(root: int, proc: Path = Path("/proc")) -> int:
    """Resident memory of a process and its descendants now; 0 where there is no /proc."""
    parents: dict[int, int] = {}
    for entry in proc.glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue
    family, found = {root}, True
    while found:
        found = {pid for pid, parent in parents.items() if parent in family} - family
        family |= found
    total = 0
    for pid in family:
        try:
            total += int((proc / str(pid) / "statm").read_text().split()[1])
        except (OSError, IndexError, ValueError):
            continue
    return total * os.sysconf("SC_PAGE_SIZE")


def cache_environment(folder: Path) -> dict[str, str]:
    """The environment with every cache of compiled code, and matplotlib's, in a folder."""
    flags = [f for f in os.environ.get("PYTENSOR_FLAGS", "").split(",") if f and "compiledir" not in f]
    env = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "numba"), "MPLCONFIGDIR": str(folder / "matplotlib"),
           "PYTENSOR_FLAGS": ",".join([*flags, f"base_compiledir={folder / 'pytensor'}"])}
    env.pop("SBC_PREVALENCE_DEBUG", None)
    return env


def update(caches: Path, release: Path) -> dict[str, Any]:
    """Run the update once and say what it took.

    Raises
    ------
    SystemExit
        If the command failed, printed no headline, or wrote a release without sensitivity tables.
    """
    program = str(Path(sys.executable).with_name("sbc-prevalence"))
    compiled_before = files_in(caches)
    found = measure([program, *UPDATE, str(release)], cache_environment(caches), HEADLINE, sys.stderr)
    if found.code != 0:
        raise SystemExit(f"the update ended with exit code {found.code}: nothing was measured")
    if found.headline_seconds is None:
        raise SystemExit(f"no line with '{HEADLINE}' was printed: the headline's instant is not known")
    tables = release / "public" / "sensitivity.csv"
    if not tables.is_file():
        raise SystemExit("the release has no sensitivity tables: that was not the whole update")
    with tables.open(encoding="utf-8", newline="") as file:
        shown = {(row["group"], row["scenario"]) for row in csv.DictReader(file)}
    made = json.loads((release / "public" / "manifest.json").read_text("utf-8"))["diagnostics"]
    return {
        "seconds": round(found.seconds, 2), "headline_seconds": round(found.headline_seconds, 2),
        "cpu_seconds": round(found.cpu_seconds, 2), "peak_gb": round(found.peak_bytes / GB, 3),
        "compile_seconds": made["compile_seconds"], "sampling_seconds": round(made["seconds"], 2),
        "sampling_cpu_seconds": round(made["cpu_seconds"], 2), "extensions": made["extensions"],
        "scenarios_shown": len(shown),
        "cache_files_before": compiled_before, "cache_files_after": files_in(caches)}


def files_in(folder: Path) -> int:
    """Number of files below a folder."""
    return sum(p.is_file() for p in folder.rglob("*"))


def figures_of(cold: Mapping[str, Any], warm: Mapping[str, Any]) -> dict[str, float]:
    """What the limits are about."""
    return {"sampling_cpu_seconds_warm": warm["sampling_cpu_seconds"],
            "headline_seconds_cold": cold["headline_seconds"], "update_seconds_cold": cold["seconds"],
            "peak_gb": max(cold["peak_gb"], warm["peak_gb"])}


def not_within(figures: Mapping[str, float], limits: Mapping[str, float] = LIMITS) -> list[str]:
    """Names of figures that are missing, no positive number, or at or beyond their limit."""
    return [name for name, limit in limits.items() if not 0.0 < figures.get(name, math.nan) < limit]


def machine() -> dict[str, Any]:
    """What the figures depend on, without a name of the machine."""
    return {"cores": os.cpu_count(), "cores_used": usable_cores(), "cpu": _cpu(), "architecture": platform.machine(),
            "system": platform.system(),
            "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GB, 1),
            "python": platform.python_version()}


def usable_cores() -> int:
    """Cores that this process and its children may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def described() -> str:
    told = subprocess.run(["git", "describe", "--always", "--tags", "--dirty"], cwd=ROOT, capture_output=True,
                          text=True, check=False)
    return told.stdout.strip() or "unknown"


def table(figures: Mapping[str, float], limits: Mapping[str, float] = LIMITS) -> str:
    """Figures beside their limits."""
    failed = not_within(figures, limits)
    rows = [f"{'':<52}{'found':>9}{'limit':>9}"]
    rows += [f"{WORDS[name]:<52}{figures.get(name, math.nan):>9.2f}{limit:>9.0f}  {'FAIL' if name in failed else 'pass'}"
             for name, limit in limits.items()]
    return "\n".join(rows)


def main() -> int:
    """Measure, write, print; 0 if every figure is within its limit."""
    parser = argparse.ArgumentParser(description="The whole update against its limits of time and memory.")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file to which the line is appended")
    results = parser.parse_args().results
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    load = os.getloadavg()[0]
    version = described()
    with tempfile.TemporaryDirectory(prefix="sbc-bench-") as name:
        folder = Path(name)
        caches = folder / "caches"
        runs = {}
        for kind in ("cold", "warm"):
            print(f"{kind}: sbc-prevalence {' '.join(UPDATE)} ...", file=sys.stderr, flush=True)
            runs[kind] = update(caches, folder / kind)
        packages = json.loads((folder / "warm" / "public" / "manifest.json").read_text("utf-8"))["versions"]
    figures = figures_of(runs["cold"], runs["warm"])
    line = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"), "command": COMMAND,
        "measured": f"sbc-prevalence {' '.join(UPDATE)} RELEASE", "version": version, "load_before": round(load, 2),
        "machine": machine(), "packages": {k: v for k, v in packages.items() if k not in ("python", "platform")},
        "figures": figures, "limits": dict(LIMITS), "runs": runs}
    results.parent.mkdir(parents=True, exist_ok=True)
    with results.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, allow_nan=False) + "\n")
    print(table(figures))
    return EXCEEDED if not_within(figures) else 0


if __name__ == "__main__":
    sys.exit(main())
