"""One TOML file = one annual run."""

from sbc_prevalence.config.document import Config, examples, find_config, load_config, parse_config
from sbc_prevalence.config.entries import ENTRY_TYPES, EvidenceEntry
from sbc_prevalence.config.project import init_project
from sbc_prevalence.config.readable import Readable
from sbc_prevalence.config.trust import TrustConfig, load_trust_config, trust_file
from sbc_prevalence.config.trust_project import init_trust

__all__ = ["ENTRY_TYPES", "Config", "EvidenceEntry", "Readable", "TrustConfig", "examples", "find_config",
           "init_project", "init_trust", "load_config", "load_trust_config", "parse_config", "trust_file"]
