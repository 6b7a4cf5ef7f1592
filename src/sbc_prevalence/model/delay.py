"""Reporting delay: how much of what a source will ever hold it holds by a date. Late is not never."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.kernels.reporting import Held, held
from sbc_prevalence.model.parameters import Prior

if TYPE_CHECKING:
    from sbc_prevalence.model.inputs import ModelInputs


@dataclass(frozen=True)
class ReportingDelay:
    """Delay between diagnosis and registration in one source, the same in all areas and years.

    Parameters
    ----------
    name : str
        A word, unique in a study.
    cuts : tuple of float
        Starts of the intervals in which the hazard of arrival is constant [years since diagnosis]; the last is open: its
        hazard goes on, so that everybody who is ever registered arrives in the end.
    sources : tuple of str
        Names of the registrations that it corrects.
    """

    name: str
    cuts: tuple[float, ...]
    sources: tuple[str, ...]
    equation: ClassVar[str] = "F(x) (1 + rho_w exp(-eta x)), F(x) = 1 - exp(-sum_b lambda_b x years in interval b)"

    def priors(self) -> list[Prior]:
        """Hazards of arrival, wrong entries, and how soon they are found out."""
        labels = tuple(f"from {cut:g} years" for cut in self.cuts)
        return [
            Prior(
                f"delay_hazard_{self.name}",
                "lambda_b",
                f"hazard of arrival in the register by time since diagnosis, {self.name}",
                "log_normal",
                0.0,
                1.0,
                "per year",
                None,
                "Wide: a mean delay of some weeks to some years. The triangle informs it.",
                shape=(len(self.cuts),),
                dims=(f"delay_interval_{self.name}",),
                labels=labels,
                group="completeness",
            ),
            Prior(
                f"wrong_entries_{self.name}",
                "rho_w",
                f"wrong entries for each true one that is ever registered, {self.name}",
                "log_normal",
                float(np.log(0.01)),
                1.0,
                "ratio",
                None,
                "Duplicates and people who turn out not to have the disease: a few in a thousand to some in a hundred. "
                "Counts that fall inform it.",
                group="completeness",
            ),
            Prior(
                f"found_out_hazard_{self.name}",
                "eta",
                f"hazard at which a wrong entry is found out, {self.name}",
                "log_normal",
                float(np.log(0.7)),
                0.6,
                "per year",
                None,
                "Registers clean their files within some months to some years.",
                group="completeness",
            ),
        ]

    def held(self, p: Mapping[str, Array], exposed: Array, xp: Namespace = NUMPY) -> Held:
        """Shares that have arrived, and that wrong entries would be there, for the exposures of some rows."""
        return held(exposed, p[f"delay_hazard_{self.name}"], p[f"found_out_hazard_{self.name}"], xp)

    def in_register(self, p: Mapping[str, Array], exposed: Array, xp: Namespace = NUMPY) -> Array:
        """Entries there for each person who is ever registered, wrong ones included; shape (..., n_rows)."""
        found = self.held(p, exposed, xp)
        return found.arrived + p[f"wrong_entries_{self.name}"][..., None] * found.wrong


def delay_priors(inputs: "ModelInputs") -> list[Prior]:
    """Priors of all delays of a study."""
    return [prior for delay in inputs.delays for prior in delay.priors()]


def arrived_shares(p: Mapping[str, Array], inputs: "ModelInputs", xp: Namespace = NUMPY) -> dict[str, Array]:
    """What each source with a delay holds of its rows by their date of extraction, per person ever registered.

    Returns
    -------
    dict of source to array, shape (..., n_rows)
    """
    return {
        source: delay.in_register(p, inputs.arrays[f"{source}_exposed"], xp)
        for delay in inputs.delays for source in delay.sources if f"{source}_exposed" in inputs.arrays}
