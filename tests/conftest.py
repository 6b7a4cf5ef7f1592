"""What every test may import: the small study beside this file. No property is judged by the clock."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

settings.register_profile("sbc-prevalence", settings(deadline=None))
settings.load_profile("sbc-prevalence")
