"""Standard populations: what the age structure of a population is exchanged for when rates are standardised."""

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.data.catalogue import carried_kind, load_carried
from sbc_prevalence.errors import EvidenceError, Problem
from sbc_prevalence.grid import AgeBands, parse_age_band

EUROPEAN_2013 = "esp2013"
"""Eurostat (2013), Revision of the European Standard Population; 19 bands that sum to 100,000."""


def standard_weights(bands: AgeBands, standard: str = EUROPEAN_2013) -> NDArray[np.float64]:
    """Persons of a standard population in age bands.

    Parameters
    ----------
    bands : AgeBands
        Each must be a union of bands of the standard.
    standard : str
        Name of a carried table of kind ``standard_population``.

    Returns
    -------
    array, shape (n_bands,)

    Raises
    ------
    EvidenceError
        If the table is of another kind, or a band begins inside one of the standard's.
    """
    if carried_kind(standard) != "standard_population":
        raise EvidenceError(Problem(
            "E-STANDARD", standard, "must be a carried standard population", f"Use '{EUROPEAN_2013}'."))
    frame = load_carried(standard).frame
    weights = np.zeros(len(bands.labels))
    for text, weight in zip(frame["age_band"], frame["weight"], strict=True):
        place = bands.place(text)
        if place is None:
            raise EvidenceError(Problem(
                "E-AGE-NEST", standard, "each age band must be made of whole bands of the standard population",
                "Begin bands at ages that the standard has, e.g. multiples of 5 up to 90.",
                detail=f"the standard's {_words(text)} lies across two bands"))
        weights[place] += float(weight)
    return weights


def _words(text: str) -> str:
    low, high = parse_age_band(text)
    return f"{low}-{high - 1}" if high is not None else f"{low}+"
