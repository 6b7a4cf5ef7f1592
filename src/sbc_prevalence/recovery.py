"""The recovery study as a command: worlds are simulated and fitted, one line of JSON for each; it resumes.

``python -m sbc_prevalence.recovery --config scotland --worlds 100 --seed 1 --out FILE.jsonl`` simulates and fits,
``--truth OTHER.toml`` simulates from another model than the one that is fitted, ``--suppress 0.3`` hides 30 % of cells,
``--summary FILE.jsonl`` prints hits and writes FILE.summary.json and FILE.summary.md,
``--table FOLDER`` prints the studies of a folder side by side,
``--check FILE.jsonl`` exits with 1 when the study was made by another model than the current one.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sbc_prevalence.config import load_config
from sbc_prevalence.errors import ModelError, SbcPrevalenceError
from sbc_prevalence.posterior.compiled import Compiled, compile_model
from sbc_prevalence.posterior.density import DensityPoints, density_points
from sbc_prevalence.posterior.gate import GateLimits
from sbc_prevalence.posterior.recovery import StudySettings, Truth, try_world
from sbc_prevalence.posterior.recovery_summary import in_words, summarise, table_of
from sbc_prevalence.study import Study, prepare

STALE = 1


def sidecar(out: Path) -> Path:
    """Where the settings, the log densities and the gradients of a study are kept."""
    return out.with_suffix(".check.json")


def read_lines(out: Path) -> list[dict[str, Any]]:
    """Worlds of a result file; a last line that was cut off by an interruption is dropped.

    Raises
    ------
    ModelError
        If any other line cannot be read.
    """
    if not out.exists():
        return []
    found: list[dict[str, Any]] = []
    texts = out.read_text(encoding="utf-8").splitlines(keepends=True)
    for i, text in enumerate(texts):
        try:
            found.append(json.loads(text))
        except json.JSONDecodeError:
            if i == len(texts) - 1 and not text.endswith("\n"):
                break
            raise ModelError(f"line {i + 1} of '{out.name}' is not JSON. Restore the file or begin a new one.") from None
    return found


@dataclass
class OpenStudy:
    """A study whose result file was seen to belong to it; more worlds may be added.

    Parameters
    ----------
    study : Study
    settings : StudySettings
    out : Path
    truth : Truth, optional
    programs : list of Compiled
        Compiled models are looked for here, and added: studies may share them.
    """

    study: Study
    settings: StudySettings
    out: Path
    truth: Truth | None
    programs: list[Compiled]

    def missing(self, n_worlds: int) -> list[int]:
        """Numbers of the worlds up to `n_worlds` that the file does not hold yet."""
        done = {line["world"] for line in read_lines(self.out)}
        return [number for number in range(1, n_worlds + 1) if number not in done]

    def advance(self, n_worlds: int) -> None:
        """Simulate and fit the worlds that are missing."""
        todo, model, inputs = self.missing(n_worlds), self.study.model, self.study.inputs
        if not todo:
            return
        compiled = _compiled(self.study, self.programs)
        with self.out.open("a", encoding="utf-8") as file:
            for number in todo:
                line = try_world(model, inputs, number, self.settings, compiled, self.truth)
                line["made"] = {"date": date.today().isoformat(), "sbc_prevalence": version("sbc_prevalence")}
                file.write(json.dumps(line, allow_nan=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
                said = "refused" if line["refused"] else f"rank of the living {line['living']['rank']:.3f}"
                print(f"world {number} of {n_worlds}: {said}, {line['seconds']:.0f} s", file=sys.stderr, flush=True)


def open_study(
    study: Study, config_name: str, settings: StudySettings, out: Path, truth_name: str | None = None,
    programs: list[Compiled] | None = None,
) -> OpenStudy:
    """A study ready for more worlds; `truth_name` says what they are simulated from, where that is another model.

    Raises
    ------
    ModelError
        If the result file belongs to another study.
    """
    other = prepare(load_config(truth_name)) if truth_name else None
    _drop_cut_line(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    about = {"config": config_name, "model": study.model.specification(),
             "settings": {k: getattr(settings, k) for k in ("year", "seed", "chains", "draws", "tune",
                                                            "target_accept", "max_extensions")},
             **({"truth": truth_name, "true_model": other.model.specification()} if other else {}),
             **({} if settings.limits == GateLimits() else {"limits": asdict(settings.limits)}),
             **({} if settings.suppress is None else {"suppress": settings.suppress})}
    _same_study(out, about, density_points(study.model, study.inputs, seed=settings.seed))
    truth = Truth(other.model, other.inputs) if other else None
    return OpenStudy(study, settings, out, truth, [] if programs is None else programs)


def run(
    study: Study, config_name: str, settings: StudySettings, n_worlds: int, out: Path, truth_name: str | None = None
) -> None:
    """Simulate and fit the worlds that the file does not hold yet; see `open_study`."""
    open_study(study, config_name, settings, out, truth_name).advance(n_worlds)


def _compiled(study: Study, programs: list[Compiled]) -> Compiled:
    for program in programs:
        if program.fits(study.model, study.inputs):
            return program
    programs.append(compile_model(study.model, study.inputs))
    return programs[-1]


def check(out: Path) -> list[str]:
    """What in the current code, priors or figures is not what the study was made with; empty if nothing."""
    path = sidecar(out)
    if not out.exists() or not path.exists():
        return [f"'{out.name}' or '{path.name}' does not exist: there is no study to check"]
    stored = json.loads(path.read_text(encoding="utf-8"))
    study = prepare(load_config(stored["config"]))
    if json.loads(json.dumps(study.model.specification())) != stored["model"]:
        return ["the model of the configuration is another one"]
    then = DensityPoints.from_json(stored["density"])
    return then.differences(density_points(study.model, study.inputs, points=then.points))


def _drop_cut_line(out: Path) -> None:
    if out.exists() and (text := out.read_text(encoding="utf-8")) and not text.endswith("\n"):
        out.write_text(text[:text.rfind("\n") + 1], encoding="utf-8")


def _same_study(out: Path, about: dict[str, Any], points: DensityPoints) -> None:
    path = sidecar(out)
    if not path.exists():
        if read_lines(out):
            raise ModelError(f"'{out.name}' holds worlds but '{path.name}' is missing. Restore it or begin a new file.")
        path.write_text(json.dumps({**about, "density": points.to_json()}) + "\n", encoding="utf-8")
        return
    stored = json.loads(path.read_text(encoding="utf-8"))
    plain = json.loads(json.dumps(about))
    other = [key for key in plain if stored.get(key) != plain[key]]
    other += DensityPoints.from_json(stored["density"]).differences(points)
    if other:
        raise ModelError(f"'{out.name}' belongs to another study ({'; '.join(other)}). Choose another file.")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sbc_prevalence.recovery", description="Recovery study: simulated worlds, fitted; it resumes.")
    parser.add_argument("--config", default="scotland", help="a configuration, or the name of an example")
    parser.add_argument("--truth", metavar="CONFIG", help="simulate from this configuration instead (mis-specification)")
    parser.add_argument("--suppress", type=float, metavar="SHARE", help="hide this share of the simulated counts")
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="result file, one line of JSON for each world")
    parser.add_argument("--draws", type=int, default=500, help="draws of each of four chains")
    parser.add_argument("--tune", type=int, default=500)
    parser.add_argument("--cores", type=int, help="chains at a time")
    parser.add_argument("--summary", type=Path, metavar="FILE", help="print and write the hits of a result file")
    parser.add_argument("--table", type=Path, metavar="FOLDER", help="print the studies of a folder side by side")
    parser.add_argument("--check", type=Path, metavar="FILE", help="does a result file belong to the current model?")
    found = parser.parse_args(argv)
    if not (found.out or found.summary or found.check or found.table):
        parser.error("give --out, --summary, --table or --check")
    return found


def study_settings(study: Study, chosen: argparse.Namespace) -> StudySettings:
    """Settings of a study: draws as asked, step size, chains and extensions as the configuration has them."""
    sampler = study.config.sampler
    return StudySettings(study.index_date.year, chosen.seed, chains=sampler.chains, draws=chosen.draws,
                         tune=chosen.tune, target_accept=sampler.target_accept,
                         max_extensions=sampler.max_extensions, cores=chosen.cores, suppress=chosen.suppress)


def write_summary(out: Path) -> str:
    """Write the summary beside a result file, as JSON and as Markdown; returns the latter."""
    summary = summarise(read_lines(out))
    text = in_words(summary)
    out.with_suffix(".summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    out.with_suffix(".summary.md").write_text(text + "\n", encoding="utf-8")
    return text


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0 fine, 1 a stale study, otherwise that of the error."""
    chosen = _arguments(argv)
    try:
        if chosen.check:
            faults = check(chosen.check)
            for fault in faults:
                print(f"stale: {fault}. Run the study again.", file=sys.stderr)
            return STALE if faults else 0
        if chosen.out:
            study = prepare(load_config(chosen.config))
            settings = study_settings(study, chosen)
            run(study, chosen.config, settings, chosen.worlds, chosen.out, chosen.truth)
            print(write_summary(chosen.out))
        if chosen.table:
            files = sorted(chosen.table.glob("*.jsonl"))
            print(table_of({file.stem: summarise(lines) for file in files if (lines := read_lines(file))}))
        if chosen.summary:
            print(write_summary(chosen.summary))
    except SbcPrevalenceError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
