"""What a model with age bands reads: usual mixes of ages, ageing, mortality from other causes by band."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sbc_prevalence.grid import AgeBands
from sbc_prevalence.kernels.convolution import diagonal_index
from sbc_prevalence.kernels.lexis import dying_in_year, living_at_year_end

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AgeInputs:
    """Constants of the age bands on the study's grid; presentations are de novo and recurrent.

    The usual mix of ages by year, which changes with each year's data, is ``arrays["age_mix"]`` of `ModelInputs`, shape
    (2, n_bands, n_years).

    Parameters
    ----------
    bands : AgeBands
        Of age at diagnosis of metastatic disease; the same bands serve for attained age.
    floor : array, shape (2, n_bands, n_nodes)
        Cumulative other-cause hazard of people diagnosed in each band, at the nodes of `ModelInputs.floor`.
    after : array, shape (2, n_bands, n_years + 2, n_bands)
        Share in each attained band after whole years, see `kernels.lexis.bands_after`.
    middle_age : array, shape (n_bands,)
        Mean age at diagnosis [years].
    mix_of_studies : array, shape (2, n_bands)
        Usual mix of ages over the years with data: that of the populations of published survival.
    cell_floor : array, shape (2, n_bands, n_edges), or None
        The floor at the edges of the cells of survival records, where there are any.
    population : array, shape (n_codes, n_bands, n_years), or None
        People of the areas in `population_codes`.
    population_codes : tuple of str
        Areas, groups or the whole whose population is given by age.
    """

    bands: AgeBands
    floor: Floats
    after: Floats
    middle_age: Floats
    mix_of_studies: Floats
    cell_floor: Floats | None = None
    population: Floats | None = None
    population_codes: tuple[str, ...] = ()

    @property
    def n_strata(self) -> int:
        """Strata of the model: presentation x band at diagnosis, bands running faster."""
        return 2 * self.bands.size

    def living_at(self) -> Floats:
        """Attained band at the end of the m-th year after that of diagnosis, shape (n_strata, n_bands, n_years)."""
        return self._by_stratum(living_at_year_end(self.after))

    def dying_at(self) -> Floats:
        """Attained band at death in the m-th year after that of diagnosis, shape (n_strata, n_bands, n_years)."""
        return self._by_stratum(dying_in_year(self.after))

    def _by_stratum(self, shares: Floats) -> Floats:
        return np.ascontiguousarray(np.swapaxes(shares, -1, -2).reshape(self.n_strata, self.bands.size, -1))


def on_grid(shares: Floats) -> Floats:
    """Shares by years since diagnosis laid on diagnosis year x calendar year.

    Parameters
    ----------
    shares : array, shape (..., n_years)

    Returns
    -------
    array, shape (..., n_years, n_years)
        0 before the year of diagnosis.
    """
    index, mask = diagonal_index(shares.shape[-1])
    return np.asarray(shares[..., index] * mask)
