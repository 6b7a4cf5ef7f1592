"""One TOML file = one annual run. Strict, versioned, and it can say what it filled in."""

import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, ValidationError

from sbc_prevalence.config.checks import check_between_keys
from sbc_prevalence.config.echo import to_toml
from sbc_prevalence.config.entries import AnyEvidenceEntry, EvidenceEntry
from sbc_prevalence.config.faults import nearest, problems_from
from sbc_prevalence.config.readable import Readable, readable
from sbc_prevalence.config.records import NOT_SHOWN, RecordsSection
from sbc_prevalence.config.scenarios import ChecksSection, ScenariosSection
from sbc_prevalence.config.sections import (
    AreasSection,
    GridSection,
    ModelSection,
    ReportSection,
    SamplerSection,
    Section,
    SensitivitySection,
    Text,
)
from sbc_prevalence.errors import ConfigError, Problem

LARGEST_FILE = 1_000_000  # bytes
CONFIG_FILE = "config.toml"


class Config(Section):
    """Everything that one run needs: areas, years, model, sampler, evidence.

    Read one with `load_config`; build one in Python with `Config.from_mapping`. Frozen.
    """

    version: Literal[1] = Field(description="Version of this file format. This program reads version 1.")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")] = Field(
        description="Short name of the run, used for the release folder: small letters, digits, '.', '_' and "
                    "'-', at most 64.")
    title: Text = Field(description="Title printed on every output.")
    population_described: Text = Field(
        description="Whom the numbers describe, said on every output, e.g. 'women'.")
    seed: int = Field(ge=0, lt=2**32, description="Seed of all random numbers, from 0 to 4294967295.")
    note: Text | None = Field(
        default=None, description="Remark printed in the report, e.g. which figures are stand-ins.")
    areas: AreasSection = Field(description="The areas that are modelled.")
    grid: GridSection = Field(default=GridSection(), description="Calendar years.")
    model: ModelSection = Field(description="Components of the model.")
    sampler: SamplerSection = Field(default=SamplerSection(), description="How draws are made.")
    report: ReportSection = Field(default=ReportSection(), description="Published tables.")
    sensitivity: SensitivitySection = Field(
        default=SensitivitySection(), description="Repeated national tables.")
    scenarios: ScenariosSection = Field(
        default=ScenariosSection(), description="Declared alternatives.")
    checks: ChecksSection = Field(default=ChecksSection(), description="Checks that cost fits of their own.")
    records: RecordsSection | None = Field(default=None, description="Patient records that evidence is made from.")
    evidence: Annotated[tuple[AnyEvidenceEntry, ...], Field(strict=False, min_length=1)] = Field(
        description="The evidence, one [[evidence]] table each.")

    _directory: Path | None = PrivateAttr(default=None)
    _where: str = PrivateAttr(default="configuration")

    @classmethod
    def from_mapping(cls, raw: Mapping[str, Any], *, where: str = "configuration",
                     directory: str | Path | None = None) -> Self:
        """Check the contents of a configuration, whatever they were read from.

        Parameters
        ----------
        raw : mapping
            Contents, nested as in the TOML file.
        where : str
            Name for the messages.
        directory : path, optional
            Folder that files are relative to; given, each file must exist.

        Raises
        ------
        ConfigError
            With every fault that was found.
        """
        folder = None if directory is None else Path(directory)
        problems: list[Problem] = []
        config: Self | None = None
        try:
            config = cls.model_validate(dict(raw))
        except ValidationError as error:
            problems = problems_from(error, cls, raw, where)
        problems += check_between_keys(raw, where, folder)
        if problems or config is None:
            raise ConfigError(problems, readable=readable(raw, problems, folder, where))
        config._directory, config._where = folder, where
        return config

    @property
    def directory(self) -> Path:
        """Folder that files are relative to; the working folder where none was given."""
        return Path() if self._directory is None else self._directory

    def path_of(self, entry: EvidenceEntry | AreasSection) -> Path | None:
        """Path of an entry's file; None where the entry names a carried table or a list."""
        return None if entry.file is None else self.directory / entry.file

    def evidence_of(self, kind: str) -> tuple[EvidenceEntry, ...]:
        """Entries of one kind, in the order of the file."""
        return tuple(entry for entry in self.evidence if entry.kind == kind)

    def readable(self) -> Readable:
        """The parts from which tables are read."""
        return Readable(self.areas, self.evidence, (), frozenset(), frozenset(), self.model, self.directory,
                        self._where, tuple(range(1, len(self.evidence) + 1)), self.records)

    def echo(self, *, public: bool = False) -> str:
        """This configuration as TOML with the defaults filled in; reads back to an equal one.

        Parameters
        ----------
        public : bool
            Without the paths of patient records.
        """
        if self.records is None or not public:
            return to_toml(self)
        hidden = {name: source.model_copy(update={"file": NOT_SHOWN}) for name, source in self.records.sources.items()}
        return to_toml(self.model_copy(update={"records": self.records.model_copy(update={"sources": hidden})}))

    def __eq__(self, other: object) -> bool:
        """Equal in what they say; the folder that they were read from does not matter."""
        return isinstance(other, Config) and self.model_dump() == other.model_dump()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Config '{self.name}': {len(self.evidence)} pieces of evidence, seed {self.seed}>"

    __str__ = __repr__


def parse_config(text: str, *, where: str = CONFIG_FILE, directory: str | Path | None = None) -> Config:
    """Read a configuration from TOML text.

    Raises
    ------
    ConfigError
        If the text is not TOML, or with every fault in what it says.
    """
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = str(error).rpartition("(")[2].rstrip(")") if "(at " in str(error) else "somewhere"
        raise ConfigError(Problem(
            "E-CONFIG-TOML", where, f"is not valid TOML ({place})",
            "Texts need quotes, lists square brackets, and no key may occur twice.")) from None
    return Config.from_mapping(raw, where=where, directory=directory)


def examples() -> tuple[str, ...]:
    """Names of the example configurations that the package carries."""
    folder = resources.files("sbc_prevalence") / "data" / "examples"
    if not folder.is_dir():
        return ()
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def find_config(config: str | Path) -> Path:
    """Path of a configuration: a file, a folder that holds ``config.toml``, or the name of an example.

    Raises
    ------
    ConfigError
        If it is none of these.
    """
    path = Path(config)
    if path.is_file():
        return path
    if (path / CONFIG_FILE).is_file():
        return path / CONFIG_FILE
    known = examples()
    if str(config) in known:
        return Path(str(resources.files("sbc_prevalence") / "data" / "examples" / f"{config}.toml"))
    close = nearest(path.stem, known)
    remedy = f"Did you mean the example '{close}'?" if close else "Examples are: " + ", ".join(known) + "."
    raise ConfigError(Problem(
        "E-CONFIG-FILE", str(config), "is neither a file, nor a folder with config.toml, nor an example",
        remedy))


def load_config(config: str | Path) -> Config:
    """Read and check a configuration file.

    Parameters
    ----------
    config : str or Path
        A TOML file, a folder that holds ``config.toml``, or the name of a carried example
        (``"scotland"``, ``"uk-nations"``).

    Returns
    -------
    Config
        Frozen; files in it are relative to the folder of the file.

    Raises
    ------
    ConfigError
        With every fault at once: unknown keys, wrong types, missing files, years out of order.
    """
    path = find_config(config)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ConfigError(Problem("E-CONFIG-TOML", path.name, "is far larger than a configuration",
                                      "Is this a data table? The configuration names tables, it holds none."))
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(Problem(
            "E-CONFIG-TOML", path.name, "is not UTF-8 text", "Save the file as UTF-8.")) from None
    except OSError as error:
        raise ConfigError(Problem(
            "E-CONFIG-FILE", path.name, f"cannot be read ({error.strerror})",
            "Check the permissions of the file.")) from None
    return parse_config(text, where=path.name, directory=path.parent)
