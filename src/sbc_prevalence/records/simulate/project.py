"""The texts that go with a simulated registry: a mapping for each source, a configuration that runs, a README."""

from collections.abc import Mapping
from importlib import resources

from sbc_prevalence.records.simulate.process import RegistryProcess

_FOLDER = "templates"
_MAPPINGS = {"registry": "cases.toml", "treatment": "cases.toml", "deaths": "deaths.toml"}
LIST_YEARS_LEFT_OUT = 2
"""Last years whose reports are still arriving: lists that are late look as if they overlapped less."""


def project_texts(
    process: RegistryProcess, *, files: Mapping[str, str], people: int, seed: int, population: str
) -> dict[str, str]:
    """Relative path and text of every file that is no data.

    Parameters
    ----------
    process : RegistryProcess
    files : mapping of str to str
        File of each extract.
    people, seed : int
    population : str
        File of the population.
    """
    first, last = process.cases_from, process.last_year
    words = {
        "PEOPLE": f"{people:,}", "N": str(people), "SEED": str(seed), "EXTRACT": f"{last}-12-31", "LAST": str(last),
        "WINDOW": str(process.window_days), "POPULATION": population, "PRIMARIES_FROM": str(process.primaries_from),
        "DEATHS_FROM": str(process.deaths_from), "FIRST": str(first), "LISTS_TO": str(last - LIST_YEARS_LEFT_OUT),
        "RECENT": str(last - LIST_YEARS_LEFT_OUT + 1), **{name.upper(): file for name, file in files.items()}}
    texts = {"config.toml": _filled("config.toml", words), "README.md": _filled("README.md", words)}
    for source, template in _MAPPINGS.items():
        texts[f"mappings/{source}.toml"] = _filled(template, {**words, "SOURCE": source})
    return texts


def _filled(name: str, words: Mapping[str, str]) -> str:
    text = (resources.files("sbc_prevalence.records.simulate") / _FOLDER / name).read_text("utf-8")
    for key, word in words.items():
        text = text.replace(f"@{key}@", word)
    return text
