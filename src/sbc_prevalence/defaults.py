"""Numbers that a configuration file and a call in Python share: each is written here and nowhere else."""

from typing import Final

TARGET_ACCEPT: Final = 0.95
"""Target acceptance of the sampler. An example that states another value keeps it."""
CHAINS: Final = 4
MAX_EXTENSIONS: Final = 2
"""How often a fit may be run for longer before it is refused."""
