"""Registers of simulated people: diagnosed, registered after a while if they live that long, followed, lost."""

import numpy as np
import pandas as pd


def register(
    n: int, seed: int, *, death: float = 0.3, registration: float = 1.5, shape: float = 1.0, followed: float = 12.0,
    years: tuple[int, int] = (2008, 2017), recurrent: float = 0.0, ratio: float = 1.0, beyond_grave: bool = False,
) -> pd.DataFrame:
    """Records of those who were registered alive, one row a person.

    Survival is exp(-(death u)^shape) for de novo disease and has `ratio` times that hazard for a share `recurrent`.
    Registration comes after an exponential time with hazard `registration`; follow-up ends `followed` years after
    diagnosis.

    Returns
    -------
    DataFrame
        ``presentation``, ``diagnosis_year``, ``entry_years``, ``exit_years``, ``died``.
    """
    rng = np.random.default_rng(seed)
    late = rng.uniform(size=n) < recurrent
    hazard = np.where(late, ratio, 1.0)
    life = (rng.exponential(size=n) / hazard) ** (1 / shape) / death
    entry = rng.exponential(1 / registration, n) if np.isfinite(registration) else np.zeros(n)
    end = np.minimum(life, followed)
    frame = pd.DataFrame({
        "presentation": np.where(late, "recurrent", "de_novo"), "diagnosis_year": rng.integers(years[0], years[1] + 1, n),
        "entry_years": entry, "exit_years": end, "died": (life <= followed).astype(int)})
    return frame if beyond_grave else frame[entry < end].reset_index(drop=True)
