"""Write a release, hand on its public half, read it again; and whatever fails, the old one stands."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

FACTORY = Path(__file__).parents[1] / "unit" / "release"
sys.path.insert(0, str(FACTORY))

from content_factory import BOARDS, make_content, tables  # noqa: E402

from sbc_prevalence.errors import ReleaseError  # noqa: E402
from sbc_prevalence.release import read_release, swap, write_release  # noqa: E402

MADE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
BANNER = "Not for publication: no disclosure control"


def made_up_draws() -> xr.Dataset:
    """Made-up draws in the layout that `Release.draws` documents."""
    rng = np.random.default_rng(1)
    dims = ("chain", "draw", "area", "presentation", "year")
    values = rng.gamma(50, 1, size=(2, 5, len(BOARDS), 2, 3))
    return xr.Dataset(
        {"prevalence_rep": (dims, np.round(values)), "newly_diagnosed": (dims, np.round(values / 3))},
        coords={"area": list(BOARDS), "presentation": ["de_novo", "recurrent"], "year": [2019, 2020, 2021]})


def draws_writer(path: Path) -> None:
    made_up_draws().to_netcdf(path, engine="h5netcdf")


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("written") / "2026"
    return write_release(place, make_content(), internal={"draws.nc": draws_writer}, created=MADE)


@pytest.fixture
def release(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "2026"))


def test_the_folder_holds_what_its_manifest_says(release: Path, written: Path) -> None:
    assert [p.name for p in written.parent.iterdir()] == ["2026"]
    manifest = json.loads((release / "public" / "manifest.json").read_text("utf-8"))
    there = set(contents(release / "public")) - {"manifest.json"}
    assert set(manifest["files"]) == there
    assert {"estimates.csv", "report.html", "README.txt", "figures/national_trend.svg"} <= there
    assert manifest["seed"] == 20261123
    assert manifest["created"] == "2026-11-23T09:30:00+00:00"
    assert manifest["status"] == BANNER
    assert all(manifest[key] for key in ("config", "versions", "inputs", "diagnostics"))
    assert {"draws.nc", "unrounded/estimates.csv", "manifest.json"} <= set(contents(release / "internal"))


def test_public_holds_no_unrounded_count_and_internal_does(release: Path) -> None:
    public = pd.read_csv(release / "public" / "estimates.csv")
    counts = public[public["quantity"].isin(["living", "newly_diagnosed"])]
    assert (counts[["median", "lower", "upper"]] % 10 == 0).all(axis=None)
    inside = pd.read_csv(release / "internal" / "unrounded" / "estimates.csv")
    np.testing.assert_allclose(inside["median"], make_content().tables["estimates"]["median"])
    assert (public["release_status"] == BANNER).all()
    for name, data in contents(release / "public").items():
        assert b"3890.4" not in data, name


def test_every_table_and_page_carries_the_banner(release: Path) -> None:
    for path in (release / "public").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as handle:
            assert all(row["release_status"] == BANNER for row in csv.DictReader(handle)), path.name
    assert BANNER.upper() in (release / "public" / "README.txt").read_text("utf-8")
    assert BANNER in (release / "public" / "report.html").read_text("utf-8")


def test_no_cell_of_a_csv_runs_as_a_formula(release: Path) -> None:
    assert "'=Primary registrations" in (release / "public" / "sources.csv").read_text("utf-8")
    for path in [*(release / "public").glob("*.csv"), *(release / "internal" / "unrounded").glob("*.csv")]:
        with path.open(encoding="utf-8", newline="") as handle:
            for row in csv.reader(handle):
                for cell in row:
                    if cell[:1] in ("=", "+", "-", "@"):
                        float(cell)


def test_the_same_content_gives_the_same_bytes(release: Path, tmp_path: Path) -> None:
    again = write_release(tmp_path / "again", make_content(), internal={}, created=MADE)
    assert contents(again / "public") == contents(release / "public")


def test_public_alone_can_be_read_anywhere(release: Path, tmp_path: Path) -> None:
    copy = tmp_path / "sent by post"
    shutil.copytree(release / "public", copy)
    read = read_release(copy)
    assert read.headline["living_median"] == 3890
    assert len(read.point_prevalence(by="area").table()) == 14
    with pytest.raises(ReleaseError, match=r"no internal/ folder"):
        _ = read.draws


def test_what_is_read_is_what_was_written(release: Path) -> None:
    read = read_release(release)
    national = read.point_prevalence(by="nation").table().iloc[0]
    assert [national["median"], national["lower"], national["upper"]] == [3890, 3240, 4660]
    assert national["area_code"] == "S92000003"
    assert national["ci_kind"] == "equal-tailed"
    years = read.newly_diagnosed(by="year").table()
    assert years["projected"].dtype == bool
    assert list(years.loc[years["projected"], "year"]) == [2021, 2022, 2023, 2024, 2025]
    bands = read.point_prevalence(by="duration").table()["duration_band"]
    assert list(bands) == ["<1", "1-2", "2-5", "5-10", "10+"]
    assert len(read.point_prevalence(by="area", per_100k=True).table()) == 14
    assert read.point_prevalence(by="year", basis="expected").table()["basis"].eq("expected").all()
    assert set(read.tables) == set(tables())
    assert list(read.headline_table()["median"]) == [3890, 1190, 3.6]


def test_what_a_notebook_shows_says_the_interval_and_the_banner(release: Path) -> None:
    read = read_release(release)
    for text in (repr(read), read._repr_html_()):
        for piece in ("3,890 (3,240 to 4,660)", "31 December 2020", "equal-tailed", BANNER, "Women"):
            assert piece in text
    for text in (repr(read.point_prevalence(by="area")), read.point_prevalence(by="area")._repr_html_()):
        assert "Lothian" in text
        assert BANNER in text


def test_draws_are_split_as_asked(release: Path) -> None:
    read, draws = read_release(release), made_up_draws()
    at = draws["prevalence_rep"].sel(year=2020)
    xr.testing.assert_allclose(
        read.point_prevalence(by="area").draws.drop_vars("year"), at.sum("presentation").drop_vars("year"))
    assert read.point_prevalence(by="nation").draws.dims == ("chain", "draw")
    assert read.point_prevalence(by="presentation").draws.dims == ("chain", "draw", "presentation")
    assert set(read.newly_diagnosed(by="year").draws.dims) == {"chain", "draw", "year"}
    nurses = read.point_prevalence(by="area").draws / 60
    expected = float(at.sum(["area", "presentation"]).mean()) / 60
    assert float(nurses.sum("area").mean()) == pytest.approx(expected)
    with pytest.raises(ReleaseError, match="hold no 'prevalence_rep' by duration"):
        _ = read.point_prevalence(by="duration").draws
    with pytest.raises(ReleaseError, match="per_100k=False"):
        _ = read.point_prevalence(by="area", per_100k=True).draws


def test_questions_that_the_release_cannot_answer_are_refused(release: Path) -> None:
    read = read_release(release)
    with pytest.raises(ReleaseError, match="use one of"):
        read.point_prevalence(by="board")
    with pytest.raises(ReleaseError, match="basis='mean'"):
        read.point_prevalence(basis="mean")
    with pytest.raises(ReleaseError, match=r"ci_prob=0\.95"):
        read.point_prevalence().table(ci_prob=0.8)
    with pytest.raises(ReleaseError, match="no estimates of 'living'"):
        read.point_prevalence(year=1950).table()


@pytest.mark.parametrize("name", ["estimates.csv", "report.html", "figures/areas.svg", "README.txt"])
def test_an_altered_or_missing_file_is_noticed(release: Path, name: str) -> None:
    path = release / "public" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ReleaseError, match=f"{name}: was altered"):
        read_release(release)
    path.unlink()
    with pytest.raises(ReleaseError, match=f"{name}: is missing"):
        read_release(release)


def test_altered_or_foreign_draws_are_refused(release: Path) -> None:
    path = release / "internal" / "draws.nc"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ReleaseError, match=r"draws\.nc: was altered"):
        _ = read_release(release).draws
    manifest = release / "internal" / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace('"release_id": "', '"release_id": "0'), "utf-8")
    with pytest.raises(ReleaseError, match="another release"):
        _ = read_release(release).draws


@pytest.mark.parametrize(("text", "message"), [
    ("{", "not readable JSON"), ("[]", "not the manifest"), ('{"format": "other"}', "not the manifest"),
    ('{"format": "sbc_prevalence release", "format_version": 99}', "format version 99"),
    ('{"format": "sbc_prevalence release", "format_version": 1}', "lists no files"),
    ('{"format": "sbc_prevalence release", "format_version": 1, "files": {"../../x": {"sha256": "0"}}}',
     "outside the release"),
])
def test_a_manifest_that_is_not_ours_is_refused(release: Path, text: str, message: str) -> None:
    (release / "public" / "manifest.json").write_text(text, "utf-8")
    with pytest.raises(ReleaseError, match=message):
        read_release(release)


def test_places_that_are_not_releases_are_named(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"there is no folder '.*nowhere'"):
        read_release(tmp_path / "nowhere")
    with pytest.raises(ReleaseError, match="holds no folder public/"):
        read_release(tmp_path)


def test_nothing_but_a_release_is_ever_replaced(release: Path, tmp_path: Path) -> None:
    work = tmp_path / "my work"
    work.mkdir()
    (work / "thesis.txt").write_text("years of it")
    with pytest.raises(ReleaseError, match="is not a release"):
        write_release(work, make_content(), internal={})
    assert (work / "thesis.txt").read_text() == "years of it"
    (release / "notes.txt").write_text("mine")
    before = contents(release)
    with pytest.raises(ReleaseError, match=r"notes\.txt"):
        write_release(release, make_content(seed=2), internal={})
    assert contents(release) == before
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(ReleaseError, match="is a file"):
        write_release(file, make_content(), internal={})
    empty = tmp_path / "empty"
    empty.mkdir()
    assert read_release(write_release(empty, make_content(), internal={})).headline["year"] == 2020


@pytest.mark.parametrize("name", ["../escape.nc", "manifest.json", "a/b.nc", "", "README.txt"])
def test_internal_names_stay_inside(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReleaseError, match="plain names"):
        write_release(tmp_path / "r", make_content(), internal={name: draws_writer})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failing_writer_leaves_the_previous_release_as_it_was(release: Path, error: BaseException) -> None:
    def fail(path: Path) -> None:
        path.write_bytes(b"half")
        raise error

    before = contents(release)
    with pytest.raises(type(error)):
        write_release(release, make_content(seed=2), internal={"draws.nc": fail})
    assert contents(release) == before
    assert [p.name for p in release.parent.iterdir()] == ["2026"]


def test_a_writer_that_writes_nothing_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"'draws\.nc' wrote no file"):
        write_release(tmp_path / "r", make_content(), internal={"draws.nc": lambda path: None})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("exchange", [True, False])
def test_a_new_release_replaces_the_old_one_whole(
    release: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    if not exchange:
        monkeypatch.setattr(swap, "_exchange", lambda a, b: False)
    write_release(release, make_content(seed=2), internal={}, created=MADE)
    assert read_release(release).manifest["seed"] == 2
    assert not (release / "internal" / "draws.nc").exists()
    assert [p.name for p in release.parent.iterdir()] == ["2026"]


def test_a_failed_last_step_puts_the_old_release_back(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, original = contents(release), os.replace

    def refuse(source: Path, target: Path) -> None:
        if ".partial-" in str(source):
            raise PermissionError("no")
        original(source, target)

    monkeypatch.setattr(swap, "_exchange", lambda a, b: False)
    monkeypatch.setattr(swap.os, "replace", refuse)
    with pytest.raises(PermissionError):
        write_release(release, make_content(seed=2), internal={})
    assert contents(release) == before
    assert [p.name for p in release.parent.iterdir()] == ["2026"]


def test_a_kill_between_the_two_moves_is_mended_by_the_next_run(release: Path) -> None:
    os.replace(release, swap.previous_path(release))
    with pytest.raises(ReleaseError, match="there is no folder"):
        read_release(release)
    with pytest.raises(OSError, match="stop"):
        write_release(release, make_content(seed=2), internal={"x": stop})
    assert read_release(release).manifest["seed"] == 20261123


def stop(path: Path) -> None:
    raise OSError("stop")


KILLED = """
import sys, time
sys.path.insert(0, {factory!r})
from pathlib import Path
from content_factory import make_content
from sbc_prevalence.release import write_release

def hang(path):
    path.write_bytes(b"half")
    print("writing", flush=True)
    time.sleep(600)

write_release(Path({out!r}), make_content(seed=2), internal={{"draws.nc": hang}})
"""


def test_a_killed_process_leaves_the_previous_release_and_its_rubble_is_cleared(release: Path) -> None:
    before = contents(release)
    child = subprocess.Popen([sys.executable, "-c", KILLED.format(factory=str(FACTORY), out=str(release))],
                             stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline().strip() == b"writing"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert contents(release) == before
    assert read_release(release).headline["living_median"] == 3890
    assert len(list(release.parent.iterdir())) == 2
    write_release(release, make_content(seed=3), internal={})
    assert [p.name for p in release.parent.iterdir()] == ["2026"]
    assert read_release(release).manifest["seed"] == 3


def test_reading_is_quick_and_loads_neither_pymc_nor_the_drawing_of_figures(release: Path) -> None:
    code = (
        "import sys\nfrom sbc_prevalence.release import read_release\n"
        f"r = read_release({str(release)!r})\nr.point_prevalence(by='area').table()\nrepr(r)\n"
        "heavy = {'pymc', 'pytensor', 'nutpie', 'arviz', 'matplotlib', 'jinja2', 'xarray', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))")
    start = time.perf_counter()
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
    assert time.perf_counter() - start < 5
