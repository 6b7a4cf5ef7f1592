"""A simulated registry: extracts of several sources with their faults, and the truth behind them. Never real people."""

from sbc_prevalence.records.simulate.process import RegistryProcess, SourceProcess
from sbc_prevalence.records.simulate.write import SimulatedRegistry, simulate_registry

__all__ = ["RegistryProcess", "SimulatedRegistry", "SourceProcess", "simulate_registry"]
