"""The order of the rows of a table means nothing: shuffled tables are laid out bit for bit alike."""

import csv
import dataclasses
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence.config import load_config
from sbc_prevalence.data.catalogue import carried_csv
from sbc_prevalence.study import prepare

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "src/sbc_prevalence/data/examples"
DESIGNS = REPOSITORY / "tests/recovery/designs"
ORIGIN = 'source = "as before"\nas_of = "2025-12-31"'
STUDIES = ("examples/scotland", "examples/uk-nations", "designs/ages", "designs/areas-bym2", "designs/audits",
           "designs/death_certificate_cases", "designs/four_lists", "designs/grouped_validated",
           "designs/life_table_cells", "designs/living_counts", "designs/nested", "designs/patient_survival",
           "designs/regime_few", "designs/reporting_triangle", "designs/validation_sample")


def written(study: str, folder: Path, seed: int | None) -> Path:
    """The study with every table, carried ones included, as a file of its own; rows shuffled by `seed`."""
    place, name = study.split("/")
    source = (EXAMPLES if place == "examples" else DESIGNS) / f"{name}.toml"
    text = source.read_text(encoding="utf-8")
    evidence_from = text.index("[[evidence]]")
    folder.mkdir()

    def file_of(match: re.Match[str]) -> str:
        key, carried, table = match[1], match[2] == "table", match[3].removeprefix("carried:")
        content = carried_csv(table) if carried else (source.parent / table).read_text(encoding="utf-8")
        header, *rows = csv.reader(io.StringIO(content))
        if seed is not None:
            np.random.default_rng(seed).shuffle(rows)
        name = f"{match.start()}-{Path(table).stem}.csv"
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
        needs_origin = carried and match.start() > evidence_from and "source" not in header
        dated = carried and match.start() > evidence_from and "as_of" not in header
        origin = ORIGIN if needs_origin else ORIGIN.splitlines()[1] if dated else ""
        return f'{key}file = "{name}"\n{origin}'

    text = re.sub(r'^((?:groups_|neighbours_)?)(table|file) = "([^"]+)"', file_of, text, flags=re.MULTILINE)
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return folder


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Everything that a study's inputs hold, arrays as bytes."""
    if isinstance(value, pd.DataFrame):
        yield path, value.to_csv(index=False)
    elif isinstance(value, np.ndarray):
        yield path, (value.dtype.str, value.shape, value.tobytes())
    elif dataclasses.is_dataclass(value):
        for item in dataclasses.fields(value):
            yield from leaves(getattr(value, item.name), f"{path}.{item.name}")
    elif isinstance(value, Mapping):
        yield f"{path}.keys", list(value)
        for key, part in value.items():
            yield from leaves(part, f"{path}[{key}]")
    elif isinstance(value, tuple | list):
        yield f"{path}.size", len(value)
        for i, part in enumerate(value):
            yield from leaves(part, f"{path}[{i}]")
    else:
        yield path, repr(value)


@pytest.mark.parametrize("study", STUDIES)
def test_shuffled_rows_of_every_table_give_the_same_arrays_bit_for_bit(study: str, tmp_path: Path) -> None:
    """The fit is a function of model, arrays and seed alone, so its draws are the same too."""
    straight, shuffled = (prepare(load_config(str(written(study, tmp_path / f"as-{seed}", seed))))
                          for seed in (None, 7))
    before, after = dict(leaves(straight.inputs)), dict(leaves(shuffled.inputs))
    assert [path for path in {**before, **after} if before.get(path) != after.get(path)] == []
    assert shuffled.model == straight.model
    assert shuffled.grid.areas == straight.grid.areas


@pytest.mark.parametrize("study", ["examples/scotland", "examples/uk-nations"])
def test_a_copy_of_the_carried_tables_gives_the_arrays_of_the_carried_tables(study: str, tmp_path: Path) -> None:
    """Rows in another order too: whoever takes the carried tables over keeps every digit."""
    carried = prepare(load_config(study.removeprefix("examples/"))).inputs
    copied = prepare(load_config(str(written(study, tmp_path / "copy", 3)))).inputs
    first, second = dict(leaves(carried.arrays)), dict(leaves(copied.arrays))
    assert [path for path in {**first, **second} if first.get(path) != second.get(path)] == []


def test_areas_listed_in_the_configuration_may_stand_in_any_order(tmp_path: Path) -> None:
    listed = ['{ code = "E92000001", name = "England" }', '{ code = "W92000004", name = "Wales" }',
              '{ code = "S92000003", name = "Scotland" }', '{ code = "N92000002", name = "Northern Ireland" }']
    text = (EXAMPLES / "uk-nations.toml").read_text(encoding="utf-8")
    found = []
    for i, order in enumerate((listed, listed[::-1])):
        file = tmp_path / f"{i}.toml"
        file.write_text(re.sub(r'^table = "carried:uk_nations".*$', f"list = [{', '.join(order)}]", text, count=1,
                               flags=re.MULTILINE), encoding="utf-8")
        found.append(prepare(load_config(str(file))))
    assert found[0].areas.codes == ("E92000001", "N92000002", "S92000003", "W92000004")
    assert found[0].areas == found[1].areas
    assert dict(leaves(found[0].inputs)) == dict(leaves(found[1].inputs))
