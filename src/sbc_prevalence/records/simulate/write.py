"""Writing a simulated registry: streamed to Parquet block by block, with its truth, its mappings and a configuration."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.errors import DataError, Problem
from sbc_prevalence.records.simulate.people import simulate_people
from sbc_prevalence.records.simulate.process import RegistryProcess, World
from sbc_prevalence.records.simulate.project import project_texts
from sbc_prevalence.records.simulate.sources import (
    case_table,
    death_table,
    hold,
    registry_rows,
    treatment_rows,
)
from sbc_prevalence.records.simulate.truth import Truth

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK = 20_000
"""People of one block. Each block has a seed of its own, spawned from the seed of the registry, so that the same people
come out however many blocks are held at a time. Another block size would be another registry."""
LARGEST = 100_000_000
FILES = {"registry": "simulated_cancer_registry.parquet", "treatment": "simulated_treatment.parquet",
         "deaths": "simulated_deaths.parquet"}
TRUTH_FILE = "simulated_truth.csv"
CONFIG_FILE = "config.toml"
POPULATION_FILE = "tables/simulated_population.csv"


@dataclass(frozen=True)
class SimulatedRegistry:
    """Where a simulated registry was written, and its truth.

    Parameters
    ----------
    folder, config : Path
    truth : DataFrame
        ``area_code``, ``year``, ``presentation``, ``newly_diagnosed``, ``living`` (at the end of the
        year), ``living_recent`` (of these, diagnosed in the ten years up to it), ``deaths``.
    people : int
    rows : mapping of str to int
        Rows of each extract.
    """

    folder: Path
    config: Path
    truth: pd.DataFrame
    people: int
    rows: dict[str, int]

    def __repr__(self) -> str:
        return f"SimulatedRegistry(people={self.people}, rows={self.rows})"


def simulate_registry(
    n_people: int,
    seed: int,
    out: str | Path,
    *,
    process: RegistryProcess | None = None,
    chunk_people: int = 200_000,
) -> SimulatedRegistry:
    """Extracts of a cancer registry, a treatment data set and deaths, with the truth behind them. All simulated.

    Parameters
    ----------
    n_people : int
        People with a first breast cancer, from the first simulated year to the last; those before the registry opened
        are in no first-tumour row, and their recurrences are real.
    seed : int
    out : path
        Folder; made if it does not exist. Files of an earlier registry there are replaced.
    process : RegistryProcess, optional
    chunk_people : int
        People held in memory at a time, rounded up to whole blocks of `BLOCK`. It changes memory and the row groups
        of the files, never a person: every block has its own seed (``numpy.random.SeedSequence.spawn``).

    Returns
    -------
    SimulatedRegistry
        ``simulated_*.parquet`` (with ``simulated: true`` in their metadata and in a column), ``simulated_truth.csv``,
        ``mappings/``, ``tables/`` and ``config.toml``, which ``sbc-prevalence run`` takes as it is.

    Raises
    ------
    DataError
        If the number of people or of a chunk makes no sense.
    """
    _check(n_people, chunk_people)
    folder, process = Path(out), process or RegistryProcess()
    area_seed, people_seed = np.random.SeedSequence(seed).spawn(2)
    world = _world(process, area_seed)
    folder.mkdir(parents=True, exist_ok=True)
    truth, rows = Truth(world), dict.fromkeys(FILES, 0)
    label = {"simulated": "true", "made_by": f"sbc-prevalence {version('sbc-prevalence')}", "seed": str(seed),
             "people": str(n_people)}
    with _Writers(folder, label) as writers:
        for tables in _chunks(world, n_people, people_seed, max(chunk_people // BLOCK, 1), truth):
            for name, table in tables.items():
                writers.write(name, table)
                rows[name] += table.num_rows
    found = truth.frame()
    found.to_csv(folder / TRUTH_FILE, index=False, lineterminator="\n")
    texts = project_texts(process, files=FILES, people=n_people, seed=seed, population=POPULATION_FILE)
    texts[POPULATION_FILE] = _population(world, n_people).to_csv(index=False, lineterminator="\n")
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return SimulatedRegistry(folder, folder / CONFIG_FILE, found, n_people, rows)


def _check(n_people: int, chunk_people: int) -> None:
    found = []
    if not 100 <= n_people <= LARGEST:
        found.append(Problem("E-OPTION", "simulated registry", f"people are 100 to {LARGEST:,}", "Choose fewer or more.",
                             key="people"))
    if chunk_people < 1:
        found.append(Problem("E-OPTION", "simulated registry", "a chunk holds at least one person", "Leave it out.",
                             key="chunk_people"))
    if found:
        raise DataError(found)


def _world(process: RegistryProcess, seed: np.random.SeedSequence) -> World:
    n = len(World(process, np.zeros(0)).areas)
    effect = np.random.default_rng(seed).normal(0.0, process.area_sd, n)
    return World(process, effect)


def _chunks(
    world: World, n_people: int, seed: np.random.SeedSequence, blocks_at_once: int, truth: Truth
) -> Iterator[dict[str, "pa.Table"]]:
    """Tables of several blocks at a time."""
    import pyarrow as pa

    starts = range(0, n_people, BLOCK)
    held: list[dict[str, pa.Table]] = []
    for number, first in enumerate(starts):
        rng = np.random.default_rng(np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, number)))
        held.append(_block(world, first, min(BLOCK, n_people - first), rng, truth))
        if len(held) == blocks_at_once or number == len(starts) - 1:
            yield {name: pa.concat_tables([tables[name] for tables in held]).unify_dictionaries() for name in FILES}
            held = []


def _block(world: World, first: int, n: int, rng: np.random.Generator, truth: Truth) -> dict[str, "pa.Table"]:
    people = simulate_people(world, first, n, rng)
    truth.add(people)
    held = hold(world, people, rng)
    registry, treatment = world.process.sources
    return {
        "registry": case_table(world, people, registry_rows(world, people, held, rng), registry, held.lost, rng),
        "treatment": case_table(world, people, treatment_rows(world, people, held, rng), treatment, held.lost, rng),
        "deaths": death_table(world, people, held.lost),
    }


class _Writers:
    """One Parquet file a source, opened with its first table and closed together."""

    def __init__(self, folder: Path, label: dict[str, str]) -> None:
        self._folder, self._label, self._open = folder, label, dict[str, Any]()

    def __enter__(self) -> "_Writers":
        return self

    def write(self, name: str, table: "pa.Table") -> None:
        """Append the rows of one source."""
        import pyarrow.parquet as pq

        labelled = table.replace_schema_metadata({**self._label, "sources": json.dumps(sorted(FILES))})
        if name not in self._open:
            self._open[name] = pq.ParquetWriter(self._folder / FILES[name], labelled.schema, compression="zstd")
        self._open[name].write_table(labelled)

    def __exit__(self, *error: object) -> None:
        for writer in self._open.values():
            writer.close()


def _population(world: World, n_people: int) -> pd.DataFrame:
    """Women by board and year on the scale of the simulated people: for rates only."""
    frame = load_carried("scotland_population").frame
    scale = n_people / float(world.primaries.to_numpy(float).sum())
    frame = frame[frame["area_code"].isin(world.areas)].assign(
        year=frame["year"].astype(int), population=np.round(frame["population"].astype(float) * scale).astype(int))
    chosen = frame[frame["year"].between(world.process.primaries_from, world.process.last_year)]
    return chosen.assign(source="simulated: women of Scotland, scaled", as_of=f"{world.process.last_year}-12-31")
