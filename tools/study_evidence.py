"""Run the recovery studies of a list in rounds: some worlds of every study, then more of every study; it resumes.

``make study-evidence`` runs `tests/recovery/studies.toml`. Results are `tests/recovery/results/evidence/NAME.jsonl`, and
`.../misspecified/NAME.jsonl` where worlds are simulated from another model than the one that is fitted. Run it from the
root of the repository: names of configurations are kept with the results.
"""

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

from sbc_prevalence.config import load_config
from sbc_prevalence.errors import SbcPrevalenceError
from sbc_prevalence.posterior.compiled import Compiled
from sbc_prevalence.posterior.gate import GateLimits
from sbc_prevalence.posterior.recovery import StudySettings
from sbc_prevalence.recovery import OpenStudy, open_study, read_lines
from sbc_prevalence.study import prepare

LIST = Path("tests/recovery/studies.toml")
ROUNDS = (5, 20, 50, 100, 150, 200)


def result_file(found: dict[str, Any], folder: Path) -> Path:
    """Where the worlds of a study are kept."""
    return folder / ("misspecified" if found.get("misspecified") else "evidence") / f"{found['name']}.jsonl"


def opened(found: dict[str, Any], chosen: dict[str, Any], listing: Path, programs: list[Compiled]) -> OpenStudy:
    """A study of the list, ready for more worlds."""
    config = str(listing.parent / found["config"])
    study = prepare(load_config(config))
    sampler = study.config.sampler
    seed = found.get("seed", chosen["seed"])
    settings = StudySettings(
        study.index_date.year, seed, chains=sampler.chains, draws=found.get("draws", chosen["draws"]),
        tune=found.get("tune", chosen["tune"]),
        target_accept=sampler.target_accept, max_extensions=sampler.max_extensions, cores=1,
        limits=GateLimits(rhat=chosen["rhat"], ess=chosen["ess"]), suppress=found.get("suppress"))
    truth = str(listing.parent / found["truth"]) if "truth" in found else None
    return open_study(study, config, settings, result_file(found, listing.parent / "results"), truth, programs)


def main() -> int:
    """Exit code: 0, or 1 if a study could not be run; the others go on."""
    parser = argparse.ArgumentParser(prog="python tools/study_evidence.py", description=__doc__)
    parser.add_argument("--list", type=Path, default=LIST)
    parser.add_argument("--worlds", type=int, help="worlds of every study in the end; as the list says without it")
    parser.add_argument("--only", nargs="*", help="names of studies; all without it")
    chosen = parser.parse_args()
    listed = tomllib.loads(chosen.list.read_text(encoding="utf-8"))
    studies = [s for s in listed["study"] if not chosen.only or s["name"] in chosen.only]
    programs: list[Compiled] = []
    begun: dict[str, OpenStudy] = {}
    failed: set[str] = set()
    wanted = {s["name"]: chosen.worlds or s.get("worlds", listed["settings"]["worlds"]) for s in studies}
    for step in sorted({*ROUNDS, *wanted.values()}):
        for found in studies:
            name = found["name"]
            n = min(step, wanted[name])
            if name in failed or len(read_lines(result_file(found, chosen.list.parent / "results"))) >= n:
                continue
            print(f"{name}: to {n} worlds", file=sys.stderr, flush=True)
            try:
                if name not in begun:
                    begun[name] = opened(found, listed["settings"], chosen.list, programs)
                begun[name].advance(n)
            except SbcPrevalenceError as error:
                print(f"{name}: {error}", file=sys.stderr, flush=True)
                failed.add(name)
    return int(bool(failed))


if __name__ == "__main__":
    raise SystemExit(main())
