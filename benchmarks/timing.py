"""The shortest of several timings: what two things are compared by, in one run."""

import time
from collections.abc import Callable
from typing import Any


def best_seconds(function: Callable[[], Any], repeats: int = 5) -> float:
    """Shortest wall time of a call, after one call to warm up."""
    function()
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        function()
        taken.append(time.perf_counter() - started)
    return min(taken)
