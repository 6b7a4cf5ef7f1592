"""One TOML file = one annual run."""

from sbc_prevalence.config.document import Config, examples, find_config, load_config, parse_config
from sbc_prevalence.config.entries import ENTRY_TYPES, EvidenceEntry
from sbc_prevalence.config.project import init_project
from sbc_prevalence.config.readable import Readable

__all__ = ["ENTRY_TYPES", "Config", "EvidenceEntry", "Readable", "examples", "find_config", "init_project",
           "load_config", "parse_config"]
