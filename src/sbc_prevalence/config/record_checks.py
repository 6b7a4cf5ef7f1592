"""What must hold between the keys of patient records and of the entries that are made from them."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from sbc_prevalence.config.faults import suggestion
from sbc_prevalence.config.records import RECORD_KINDS
from sbc_prevalence.errors import Problem

Raw = Mapping[str, Any]
LISTED_KIND = "overlapping_lists"
CODE = "E-CONFIG-RECORDS"


@cache
def carried_presets() -> tuple[str, ...]:
    """Names of the mappings that the package carries."""
    folder = resources.files("sbc_prevalence") / "records" / "presets"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def record_problems(raw: Raw, where: str, directory: Path | None) -> Iterator[Problem]:
    """Faults of the section [records], and of entries that name its sources."""
    section = raw.get("records")
    given = section.get("sources") if isinstance(section, Mapping) else None
    sources = given if isinstance(given, Mapping) else {}
    for name, source in sources.items():
        if isinstance(source, Mapping):
            yield from _source(source, f"records.sources.{name}", where, directory)
    listed = raw.get("evidence")
    for i, entry in enumerate(listed if isinstance(listed, list | tuple) else (), 1):
        if isinstance(entry, Mapping) and isinstance(made := entry.get("records"), Mapping):
            linked = section.get("link") if isinstance(section, Mapping) else None
            yield from _entry(entry, made, f"evidence[{i}]", where, tuple(sources), linked)


def _source(source: Raw, key: str, where: str, directory: Path | None) -> Iterator[Problem]:
    given = [word for word in ("mapping", "preset") if source.get(word) is not None]
    if len(given) != 1:
        yield Problem("E-CONFIG-ORIGIN", where, "needs exactly one of mapping, preset",
                      "Give 'mapping' for a TOML file of your own, 'preset' for one that the package carries.", key=key)
    preset = source.get("preset")
    if isinstance(preset, str) and preset not in carried_presets():
        yield Problem("E-CONFIG-TABLE", where, "the package carries no mapping of this name",
                      suggestion(preset, carried_presets()), key=f"{key}.preset")
    for word in ("file", "mapping"):
        path = source.get(word)
        if directory is None or not isinstance(path, str) or not path.strip() or any(sign in path for sign in "*?"):
            continue
        if not (directory / path).exists():
            yield Problem("E-CONFIG-FILE", where, "there is no such file",
                          "Paths are relative to the folder of the configuration file.", key=f"{key}.{word}")


def _entry(
    entry: Raw, made: Raw, key: str, where: str, known: tuple[str, ...], linked: Any
) -> Iterator[Problem]:
    kind, here = entry.get("kind"), f"{key}.records"
    names = made.get("sources")
    names = [name for name in names if isinstance(name, str)] if isinstance(names, list | tuple) else []

    def problem(requirement: str, remedy: str, at: str = here) -> Problem:
        return Problem(CODE, where, requirement, remedy, key=at)

    if kind not in RECORD_KINDS:
        yield problem("this kind of evidence is not made from records",
                      "Kinds that are: " + ", ".join(RECORD_KINDS) + ".")
        return
    for name in dict.fromkeys(names):
        if name not in known:
            yield problem("[records.sources] has no source of this name",
                          suggestion(name, known) if known else "Add a table [records.sources.NAME].", f"{here}.sources")
    if len(set(names)) < len(names):
        yield problem("a source is named twice", "Name each once.", f"{here}.sources")
    if len(names) > 1 and linked is None:
        yield problem("several sources need a rule by which they are linked",
                      "State link in [records], e.g. link = 'most_precise'.", "records.link")
    if len(names) > 1 and kind in ("primary_registrations", "deaths", "reporting_triangle", "death_certificate_cases"):
        yield problem("this kind of evidence is of one source", "Name one.", f"{here}.sources")
    if kind == LISTED_KIND:
        lists = entry.get("lists")
        if len(names) < 2 or (isinstance(lists, list | tuple) and list(lists) != names):
            yield problem("lists and records.sources must be the same two to five names in the same order",
                          "Write the one as the other.", f"{here}.sources")
    years = made.get("years")
    if years is None and kind != "life_table_cells":
        yield problem("years are needed", "Give the first and the last, e.g. years = [2015, 2024].", f"{here}.years")
    whole = isinstance(years, list | tuple) and len(years) == 2 and all(isinstance(year, int) for year in years)
    if whole and years[0] > years[1]:  # type: ignore[index]
        yield Problem("E-CONFIG-YEARS", where, "years are a first and a last one", "Swap them.", key=f"{here}.years")
    if kind == "life_table_cells" and made.get("entry") is None:
        yield problem("entry is needed: from when people are at risk", "Write entry = 'registration', or "
                      "'diagnosis' only where everybody is known from the day of diagnosis on.", f"{here}.entry")
