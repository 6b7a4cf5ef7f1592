"""The study of a design after a change to its configuration, or to one of its tables."""

from collections.abc import Callable
from pathlib import Path

from sbc_prevalence.config import load_config
from sbc_prevalence.study import Study, prepare

DESIGNS = Path(__file__).parents[1] / "recovery" / "designs"


def study(folder: Path, design: str, change: Callable[[str], str] = str, file: str | None = None) -> Study:
    """The study of a design in a folder, after a change to its text or to that of one of its tables."""
    path = folder / "tables" / file if file else folder / f"{design}.toml"
    text = path.read_text("utf-8")
    changed = change(text)
    assert changed != text or change is str
    path.write_text(changed, "utf-8")
    return prepare(load_config(str(folder / f"{design}.toml")))
