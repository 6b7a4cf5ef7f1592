"""The studies of every kind of evidence: the page shows the results as they are, and the results are of this model."""

import importlib.util
import json
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sbc_prevalence.config import load_config
from sbc_prevalence.model.parameters import ZERO_SUM
from sbc_prevalence.posterior.agreement import log_density
from sbc_prevalence.posterior.density import DensityPoints
from sbc_prevalence.recovery import check, read_lines, sidecar
from sbc_prevalence.study import prepare

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LISTED = tomllib.loads((HERE / "studies.toml").read_text("utf-8"))
SETTINGS, STUDIES = LISTED["settings"], LISTED["study"]
NAMES = [study["name"] for study in STUDIES]
MISSPECIFIED = [study["name"] for study in STUDIES if study.get("misspecified")]


@pytest.fixture(scope="module")
def tables():
    path = ROOT / "docs" / "explanation" / "build_recovery_tables.py"
    spec = importlib.util.spec_from_file_location("build_recovery_tables", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def result(study):
    folder = "misspecified" if study.get("misspecified") else "evidence"
    return HERE / "results" / folder / f"{study['name']}.jsonl"


def density_by_numpy(study, points):
    """Log density at stored places of the sampler without compiling; None where noise sums to zero."""
    sizes = {name: int(size) for name, size in (word.removesuffix("]").split("[") for word in points.names)}
    if any(name.startswith(ZERO_SUM) for name in sizes):
        return None
    pieces = np.split(points.points, np.cumsum(list(sizes.values()))[:-1], axis=1)
    blocks = {name.removesuffix("_log__"): np.exp(piece) if name.endswith("_log__") else piece
              for name, piece in zip(sizes, pieces, strict=True)}
    run = SimpleNamespace(blocks={name: piece[None] for name, piece in blocks.items()})
    return log_density(study.model, study.inputs, run, np.arange(len(points.points)))


def test_the_page_shows_the_results_as_they_are(tables):
    page = tables.PAGE.read_text("utf-8")
    assert page == tables.filled(page), "run: python docs/explanation/build_recovery_tables.py"


def test_every_study_has_a_name_of_its_own_and_six_are_misspecified():
    assert len(set(NAMES)) == len(NAMES)
    assert len(MISSPECIFIED) == 6


def test_every_result_is_of_a_study_of_the_list():
    found = {path for folder in ("evidence", "misspecified") for path in (HERE / "results" / folder).glob("*.jsonl")}
    assert found <= {result(study) for study in STUDIES}


@pytest.mark.parametrize("study", STUDIES, ids=NAMES)
def test_worlds_are_numbered_without_gaps_and_refusals_say_why(study):
    lines = read_lines(result(study))
    assert sorted(line["world"] for line in lines) == list(range(1, len(lines) + 1))
    assert all(line["reason"] for line in lines if line["refused"])


@pytest.mark.parametrize("study", STUDIES, ids=NAMES)
def test_a_result_was_made_with_the_model_and_settings_that_the_list_has_now(study):
    """Log densities by NumPy at the stored places, up to a constant; the test below compares gradients too."""
    out = result(study)
    if not out.exists():
        pytest.skip("no world yet")
    stored = json.loads(sidecar(out).read_text("utf-8"))
    prepared = prepare(load_config(str(HERE / study["config"])))
    assert stored["model"] == json.loads(json.dumps(prepared.model.specification()))
    assert stored["config"] == f"tests/recovery/{study['config']}"
    assert stored.get("truth") == (f"tests/recovery/{study['truth']}" if "truth" in study else None)
    assert stored["settings"]["seed"] == study.get("seed", SETTINGS["seed"])
    assert stored.get("suppress") == study.get("suppress")
    then = DensityPoints.from_json(stored["density"])
    if (now := density_by_numpy(prepared, then)) is not None:
        assert np.ptp(then.log_density - now) <= 1e-6 * max(1.0, np.abs(then.log_density).max())


@pytest.mark.study
@pytest.mark.parametrize("study", STUDIES, ids=NAMES)
def test_the_studies_were_made_with_the_current_model(study, monkeypatch):
    monkeypatch.chdir(ROOT)
    out = result(study)
    if not out.exists():
        pytest.skip("no world yet")
    assert check(out) == []
