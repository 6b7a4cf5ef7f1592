"""One run of the sampler: explicit, watched, and never passed off as finished when it is not."""

import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.errors import FitRefused
from sbc_prevalence.posterior.compiled import Compiled
from sbc_prevalence.posterior.program import POINT

SHOW_SECONDS = 0.25
EXTENDED = "Sampling for longer"
"""Beginning of the name of a stage in which a fit is extended."""
STATS = {"diverging": "diverging", "energy": "energy", "depth": "tree_depth", "n_steps": "n_steps", "logp": "logp",
         "step_size": "step_size", "mean_tree_accept": "acceptance"}


@dataclass(frozen=True)
class FitProgress:
    """How far a fit is.

    Parameters
    ----------
    stage : str
        What is going on, in words.
    done, total : int
        Draws of all chains, tuning included.
    divergences : int
    """

    stage: str
    done: int
    total: int
    divergences: int


Watcher = Callable[[FitProgress], None]


@dataclass(frozen=True)
class Run:
    """What came back from one run.

    Parameters
    ----------
    blocks : mapping of name to array, shape (n_chains, n_draws, size)
        The random variables: standard noise.
    stats : mapping of name to array, shape (n_chains, n_draws)
    seconds : float
        Wall time.
    cpu_seconds : float
        Processor time of the whole process, all its threads together: the chains are threads of it.
    """

    blocks: Mapping[str, NDArray[np.float64]]
    stats: Mapping[str, NDArray[Any]]
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class RunSettings:
    """What one run is asked for."""

    chains: int
    draws: int
    tune: int
    target_accept: float
    seed: int
    cores: int | None = None


def run_sampler(compiled: Compiled, settings: RunSettings, watch: Watcher | None = None, stage: str = "Sampling") -> Run:
    """Sample with nutpie's NUTS and a low-rank mass matrix.

    Raises
    ------
    FitRefused
        If it was interrupted, could not start, or failed: no part of a run is ever returned.
    """
    import nutpie

    latest: list[Any] = []

    def note(chains: Any) -> None:
        latest[:] = [(int(c.finished_draws), int(c.divergences)) for c in chains]

    total = settings.chains * (settings.draws + settings.tune)
    started, cpu_started = time.perf_counter(), time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            sampler = nutpie.sample(
                compiled.program.for_nutpie(), draws=settings.draws, tune=settings.tune, chains=settings.chains,
                cores=settings.cores, seed=settings.seed, adaptation="low_rank", target_accept=settings.target_accept,
                save_warmup=False, progress_bar=False, progress_callback=note, progress_rate=200, blocking=False)
            trace = _await(sampler, latest, total, watch, stage)
    except KeyboardInterrupt:
        raise _interrupted(latest, total) from None
    except FitRefused:
        raise
    except (RuntimeError, ValueError, MemoryError) as problem:
        raise FitRefused(f"the sampler could not run: {_plain(problem)}. If it found no place to start, look for "
                         "evidence that the priors make impossible; if memory ran out, use fewer draws.") from problem
    if watch is not None:
        watch(FitProgress(stage, total, total, sum(d for _, d in latest)))
    blocks = compiled.program.coordinates.blocks(np.asarray(trace["posterior"][POINT]))
    found = trace["sample_stats"]
    stats = {ours: np.asarray(found[theirs]) for theirs, ours in STATS.items() if theirs in found}
    return Run(blocks, stats, time.perf_counter() - started, time.process_time() - cpu_started)


def _await(sampler: Any, latest: list[Any], total: int, watch: Watcher | None, stage: str) -> Any:
    """The finished trace; until then `watch` is told. An interruption stops the chains and goes on upwards."""
    with _noted_interruption() as asked:
        try:
            while True:
                try:
                    found = sampler.wait(timeout=SHOW_SECONDS)
                except TimeoutError:
                    found = None
                if asked.is_set():
                    raise KeyboardInterrupt
                if found is not None:
                    return found
                if watch is not None:
                    watch(FitProgress(stage, sum(n for n, _ in latest), total, sum(d for _, d in latest)))
        except BaseException:
            sampler.cancel()
            raise


@contextmanager
def _noted_interruption() -> Iterator[threading.Event]:
    """An event that is set when the user interrupts.

    An exception raised by the signal's handler is lost where it strikes inside a callback or a finaliser, and the
    chains would run on; a note is not. Other threads than the main one never receive the signal.
    """
    asked, usual = threading.Event(), signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(usual):
        yield asked
        return
    signal.signal(signal.SIGINT, lambda *_: asked.set())
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, usual)


def _interrupted(latest: list[Any], total: int) -> FitRefused:
    done = sum(n for n, _ in latest)
    return FitRefused(f"the fit was interrupted after {done} of {total} draws: nothing of it is passed on. "
                      "Run it again.")


def _plain(problem: BaseException) -> str:
    text = str(problem).strip().splitlines()
    return text[0] if text else type(problem).__name__


def _in_plain_lines() -> Watcher:
    """A watcher that says on stderr when a fit is extended; all else would be noise in a log."""
    told: set[str] = set()

    def show(state: FitProgress) -> None:
        if state.stage.startswith(EXTENDED) and state.stage not in told:
            told.add(state.stage)
            print(f"  {state.stage}: the fit did not pass its gate yet", file=sys.stderr, flush=True)

    return show


@contextmanager
def watching(progress: bool | Watcher) -> Iterator[Watcher | None]:
    """A watcher from what a caller asked for: a bar on the terminal, a function of their own, or nothing.

    Without a terminal the bar becomes one plain line for each extension, on the same stream.
    """
    if callable(progress):
        yield progress
        return
    if not progress:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(file=sys.stderr)
    if not console.is_terminal and not console.is_jupyter:
        yield _in_plain_lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
               TextColumn("{task.fields[note]}"), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        tasks: dict[str, Any] = {}

        def show(state: FitProgress) -> None:
            if state.stage not in tasks:
                tasks[state.stage] = bar.add_task(state.stage, total=state.total or None, note="")
            note = "" if not state.divergences else f"{state.divergences} divergences, tuning included"
            bar.update(tasks[state.stage], completed=state.done, total=state.total or None, note=note)

        yield show
