"""The annual run: check everything, fit, print the headline, repeat under other choices, write the release."""

import platform
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from sbc_prevalence.config import Config
from sbc_prevalence.errors import FitRefused, count_of
from sbc_prevalence.evidence import CompletenessPrior
from sbc_prevalence.model import PrevalenceModel, describe
from sbc_prevalence.model.observing.sources import count_sources
from sbc_prevalence.prevalence.scenarios import (
    OtherCompleteness,
    Scenario,
    completeness_scenarios,
    scenarios,
    sources_of_piece,
)
from sbc_prevalence.prevalence.wording import TO_LOOK_AT, repetition_words
from sbc_prevalence.release import ReleaseContent, write_release
from sbc_prevalence.study import Study, prepare

REPEATED_SHARE = 0.5
"""Share of the headline's draws and tuning that a repetition gets; it passes the same gate."""
REPEATED_ACCEPT = 0.97
"""Least target acceptance of a repetition: wide priors and heavy tails need smaller steps from the start."""
FEWEST = 100
REFUSED_WORDS = (
    "The fit of these repetitions did not pass its gate, so no figure is shown for them: {}. How far the headline "
    "would move under them is not known from this run."
)
Say = Callable[[str], None]
PACKAGES = ("sbc-prevalence", "pymc", "pytensor", "nutpie", "numba", "arviz", "numpy", "scipy", "pandas",
            "xarray", "statsmodels", "h5netcdf", "matplotlib")


@dataclass(frozen=True)
class RunResult:
    """What a run leaves behind.

    Parameters
    ----------
    release, report : Path
        The release folder and its report.
    headline : str
        The headline table as it is printed.
    """

    release: Path
    report: Path
    headline: str


@dataclass(frozen=True)
class Pipeline:
    """One configuration, checked before anything is sampled."""

    config: Config

    @classmethod
    def from_config(cls, config: Config) -> "Pipeline":
        """A pipeline that has read nothing yet."""
        return cls(config)

    def validate(self) -> str:
        """Read and check everything; a summary of what was read.

        Raises
        ------
        InputError
            With every problem, in one list.
        """
        study = prepare(self.config)
        other_completeness(study, self.config)
        return study.summary()

    def describe(self) -> str:
        """Equations, priors with their sources, dimensions."""
        study = prepare(self.config)
        return describe(study.model, study.inputs)

    def run(self, out: Path, *, headline_only: bool = False, progress: bool = True) -> RunResult:
        """Fit, repeat under other choices, and write the release folder.

        Parameters
        ----------
        out : Path
            Release folder; an earlier release there is replaced as a whole.
        headline_only : bool
            Leave out the repeated national tables and the check of each source against all others.
        progress : bool
            Whether to show progress on stderr.

        Raises
        ------
        InputError
            If the data or the configuration are faulty.
        FitRefused
            If the headline's fit does not pass its gate. A repetition that does not is left out and named in the
            report.
        """
        from sbc_prevalence.posterior import compile_model
        from sbc_prevalence.prevalence.content import release_content_parts
        from sbc_prevalence.prevalence.estimate import estimate
        from sbc_prevalence.release.folder import check_replaceable

        check_replaceable(Path(out).resolve())
        say: Say = _to_stderr if progress else _nowhere
        study = prepare(self.config)
        other_completeness(study, self.config)
        say(study.summary())
        say("Compiling the model (once for each form that is fitted) ...")
        compiled = compile_model(study.model, study.inputs)
        say("Sampling the headline ...")
        fitted = self._fit(study, study.model, compiled, progress)
        say(f"The fit passed its gate; sampling took {fitted.sampler['seconds']:.0f} s.")
        estimates = estimate(fitted, index_date=study.index_date, seed=self.config.seed)
        parts = release_content_parts(
            estimates, study.bundle, title=self.config.title, population=self.config.population_described,
            notes=_notes(study), ci_prob=self.config.report.ci_prob,
            rounding_unit=self.config.report.rounding_unit)
        say(f"\n{parts.national_text}\nThe table of areas follows with the release.\n")

        tables, words = dict(parts.tables), dict(parts.words)
        if study.records is not None:
            tables |= {"records_attrition": study.records.attrition, "records_disagreements": study.records.disagreements}
            words["records"] = study.records.words
        if self.config.sensitivity.enabled and not headline_only:
            tables["sensitivity"], refused = self._repeat(study, fitted, estimates, compiled, say, progress)
            if refused:
                words["Repetitions that were refused"] = REFUSED_WORDS.format("; ".join(refused))
        groups = set(tables["sensitivity"]["group"]) if "sensitivity" in tables else set()
        words = repetition_words(words, groups)
        if headline_only:
            words["what_narrows_the_figures"] += unreliable_words(tables["influence"])
        else:
            self._check_evidence(study, estimates, compiled, say, progress, tables, words)
        content = ReleaseContent(
            title=self.config.title, scope=parts.scope, headline=parts.headline, tables=tables, words=words,
            config_text=self.config.echo(public=True), input_hashes=study.input_hashes, versions=versions(),
            seed=self.config.seed, diagnostics={**fitted.gate.worst(), **fitted.sampler},
            rounding_unit=self.config.report.rounding_unit, rounding_units=parts.rounding_units)
        release = write_release(out, content, internal={
            "fit.nc": fitted.save, "draws.nc": parts.write_draws,
            "config.toml": lambda path: _write_text(path, self.config.echo())})
        return RunResult(release, release / "public" / "report.html", parts.headline_text)

    def _fit(
        self, study: Study, model: PrevalenceModel, compiled: Any, progress: bool, *,
        share: float = 1.0, least_accept: float = 0.0,
    ) -> Any:
        from sbc_prevalence.posterior import fit

        sampler = self.config.sampler
        draws, tune = (max(int(n * share), FEWEST) for n in (sampler.draws, sampler.tune))
        return fit(model, study.inputs, seed=self.config.seed, chains=sampler.chains, draws=draws, tune=tune,
                   target_accept=max(sampler.target_accept, least_accept), cores=sampler.cores,
                   max_extensions=sampler.max_extensions, progress=progress, compiled=compiled)

    def _check_evidence(
        self, study: Study, estimates: Any, compiled: Any, say: Say, progress: bool, tables: dict[str, pd.DataFrame],
        words: dict[str, str],
    ) -> None:
        """Add what costs fits of its own: influences that the draws do not carry, and conflict between sources."""
        from sbc_prevalence.prevalence.conflict import conflict_words
        from sbc_prevalence.prevalence.power_scaling import K_HAT_LIMIT

        def refit(model: PrevalenceModel, inputs: Any) -> Any:
            return self._fit(replace(study, inputs=inputs), model, compiled, progress, share=REPEATED_SHARE,
                             least_accept=REPEATED_ACCEPT)

        if (tables["influence"]["k_hat"] >= K_HAT_LIMIT).any():
            say("Fitting again with some parts of the evidence weighed up and down: their weights are unreliable.")
            tables["influence"] = estimates.influences(refit)
        if self.config.checks.conflict and len(count_sources(study.inputs)) > 1:
            say("Leaving each source of evidence out in turn.")
            tables["conflict"] = estimates.conflicts(refit, ci_prob=self.config.report.ci_prob)
            words["conflict_between_sources"] = conflict_words(tables["conflict"])
            say(words["conflict_between_sources"])

    def _repeat(
        self, study: Study, fitted: Any, estimates: Any, compiled: Any, say: Say, progress: bool
    ) -> tuple[pd.DataFrame, list[str]]:
        """The national table under every scenario, and the repetitions whose fit did not pass its gate."""
        from sbc_prevalence.posterior import compile_model
        from sbc_prevalence.prevalence.estimate import estimate

        chosen = self.config.sensitivity
        todo = scenarios(
            study.model, survival_families=chosen.survival_families, hazard_ratios=chosen.hazard_ratios,
            area_spread=chosen.area_spread, judgement_width=chosen.judgement_width, n_areas=study.inputs.n_areas,
            unregistered_hazard_ratios=chosen.unregistered_hazard_ratios)
        todo += other_completeness(study, self.config)
        compilations = [compiled]
        rows: list[pd.DataFrame] = []
        refused: list[str] = []
        others = sum(not scenario.is_headline for scenario in todo)
        say(f"Repeating the national table under {count_of(range(others), 'other choice')} ({_kinds_of_choices(todo)}); "
            "each is named when it is done. The headline stands beside them and is not fitted again.")
        i = 0
        for scenario in todo:
            started = time.perf_counter()
            if scenario.is_headline:
                rows.append(self._rows(estimates, scenario))
                continue
            i += 1
            named = f"Repetition {i} of {others}, {scenario.group}, {scenario.label}"
            try:
                refitted = spread_only(fitted, scenario)
                if refitted is None:
                    given = scenario.inputs or study.inputs
                    ready = next((c for c in compilations if c.fits(scenario.model, given)), None)
                    if ready is None:
                        compilations = [compiled]  # a program holds some 200 MB: keep the headline's and the latest
                        ready = compile_model(scenario.model, given)
                        compilations.append(ready)
                    refitted = self._refit(study, scenario, ready, progress)
                other = estimate(refitted, index_date=study.index_date, seed=self.config.seed, index_year_only=True)
                rows.append(self._rows(other, scenario))
            except FitRefused as error:
                refused.append(f"{scenario.group}: {scenario.label}")
                say(f"{named}: refused after {_since(started)}, so it is named in the report and not shown: {error}")
                continue
            say(f"{named}: {_since(started)}")
        return pd.concat(rows, ignore_index=True), refused

    def _rows(self, estimates: Any, scenario: Scenario) -> pd.DataFrame:
        from sbc_prevalence.prevalence.content import sensitivity_rows

        report = self.config.report
        return sensitivity_rows(estimates, scenario, ci_prob=report.ci_prob, rounding_unit=report.rounding_unit)

    def _refit(self, study: Study, scenario: Scenario, compiled: Any, progress: bool) -> Any:
        given = study if scenario.inputs is None else replace(study, inputs=scenario.inputs)
        return self._fit(given, scenario.model, compiled, progress, share=REPEATED_SHARE,
                         least_accept=REPEATED_ACCEPT)


def _kinds_of_choices(todo: list[Scenario]) -> str:
    """`2 of survival family, 3 of recurrent : de novo hazard ratio`: what is varied, and how often."""
    counts = Counter(scenario.group for scenario in todo if not scenario.is_headline)
    return ", ".join(f"{n} of {group}" for group, n in counts.items())


def unreliable_words(influence: pd.DataFrame) -> str:
    """A sentence on parts of the evidence whose weight the draws do not carry; empty where there are none."""
    from sbc_prevalence.prevalence.power_scaling import K_HAT_LIMIT

    titles = list(dict.fromkeys(influence.loc[influence["k_hat"] >= K_HAT_LIMIT, "title"]))
    if not titles:
        return ""
    return (" Not reliable without further fits, which this run did not make: the shares of "
            f"{'; '.join(titles)} (k-hat of {K_HAT_LIMIT:g} or more in influence.csv).")


def other_completeness(study: Study, config: Config) -> list[Scenario]:
    """Repetitions under the declared alternative priors of completeness."""
    others = []
    for item in config.scenarios.completeness:
        pieces = [p for p in study.bundle.by_kind("registrations") if item.source in (p.name, p.provenance.name)]
        sources = tuple(name for piece in pieces for name in sources_of_piece(study.inputs, piece.name))
        prior = CompletenessPrior(**item.prior.model_dump(exclude_none=True))
        others.append(OtherCompleteness(item.name, sources, prior, item.reason))
    return completeness_scenarios(study.model, study.inputs, others)


def spread_only(fitted: Any, scenario: Scenario) -> Any | None:
    """The headline's fit under another spread between areas, where no evidence reaches that spread.

    The spread is then drawn from its prior, and a prior scaled by a factor is its draws scaled by it: no other
    fit is needed. None where evidence sits at areas, or the scenario varies something else.
    """
    if scenario.area_factor == 1.0 or "area_sd" not in fitted.prior_only:
        return None
    scaled = {**fitted.parameters, "area_sd": fitted.parameters["area_sd"] * scenario.area_factor}
    return replace(fitted, model=scenario.model, parameters=scaled)


def versions() -> dict[str, str]:
    """Versions of Python, the platform and the packages that make the numbers."""
    return {"python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}",
            **{name: metadata.version(name) for name in PACKAGES}}


def _notes(study: Study) -> dict[str, str]:
    """Remarks of the configuration and of the data, by heading."""
    notes = {}
    if study.config.note:
        notes["Note of this run"] = study.config.note
    entries = [entry.note for entry in study.config.evidence if entry.note]
    if entries:
        notes["Notes on the evidence"] = " ".join(entries)
    if study.inputs.population_note:
        notes["Population"] = study.inputs.population_note
    of_rows = () if study.records is None else study.records.warnings
    if shown := [warning for warning in study.warnings if warning not in of_rows]:
        notes[TO_LOOK_AT] = " ".join(str(warning) for warning in shown)
    return notes


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _since(started: float) -> str:
    return f"{time.perf_counter() - started:.0f} s"


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _nowhere(text: str) -> None:
    del text
