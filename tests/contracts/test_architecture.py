"""ARCHITECTURE.md tells the tree as it is."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "sbc_prevalence"


def rooms_of_the_page() -> set[str]:
    rows = re.findall(r"^\| `([a-z_]+(?:/|\.py))` \|", (ROOT / "ARCHITECTURE.md").read_text(), flags=re.MULTILINE)
    return set(rows)


def rooms_of_the_tree() -> set[str]:
    files = {p.name for p in PACKAGE.glob("*.py") if not p.name.startswith("__")}
    return files | {f"{p.name}/" for p in PACKAGE.iterdir() if (p / "__init__.py").exists()}


def test_the_page_names_every_room_and_no_other():
    assert rooms_of_the_page() == rooms_of_the_tree()


def test_files_named_in_the_page_exist():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    for path in re.findall(r"`((?:kernels|model|evidence|posterior|prevalence|release|data)/[a-z_]+\.py)`", text):
        assert (PACKAGE / path).exists(), path


def test_files_stay_small_enough_to_be_one_room():
    long = [p.name for p in PACKAGE.rglob("*.py") if len(p.read_text().splitlines()) > 500]
    assert long == []
