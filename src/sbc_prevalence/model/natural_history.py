"""De novo disease from smoothed primaries, recurrences from earlier primaries."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sbc_prevalence.errors import ModelError
from sbc_prevalence.evidence.recurrence_table import TYPICAL_RECEPTOR_WEIGHTS, TYPICAL_STAGE_WEIGHTS
from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.kernels.basis import matern_basis
from sbc_prevalence.model.incidence import AbstractIncidence, Parameters, divided
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.parameters import Prior

SHARE_REFERENCE_YEAR = 2010.0


@dataclass(frozen=True)
class NaturalHistoryIncidence(AbstractIncidence):
    """De novo disease from smoothed primaries, recurrences from earlier primaries.

    Parameters
    ----------
    window_days : int
        Days from the first breast-cancer diagnosis within which metastatic disease is de novo. The same for
        the de novo share, for recurrence risks and for registrations.
    length_years : float
        Length over which the time multiplier of recurrences remains alike.
    areas : AbstractAreaEffects
        How areas depart from the whole beyond their primaries.
    """

    window_days: int
    length_years: float = 10.0
    kind: ClassVar[str] = "natural_history"
    equation: ClassVar[str] = (
        "whole: I_D(s) = phi_s x smoothed primaries(s); "
        "I_R(t) = exp(eps + tau_t) x sum_{s<=t} (1 - phi_s) primaries(s) exp(d_s) g_s(t - s); "
        "areas: the whole divided by the same sums for the area x exp(area effect)"
    )
    level_parameter: ClassVar[str | None] = "recurrence_error"

    def __post_init__(self) -> None:
        if self.window_days <= 0:
            raise ModelError(
                "window_days must be positive: it parts de novo from recurrent disease. Give it in days."
            )

    def priors(self, inputs: ModelInputs) -> list[Prior]:
        """Share de novo, recurrence level, trends, unseen primaries, areas."""
        if inputs.primaries is None or inputs.recurrence is None:
            raise ModelError(
                "natural-history incidence needs primary registrations and distant-recurrence risks. "
                "Add both to the evidence, or choose SmoothIncidence."
            )
        n_basis = self._time_basis(inputs).shape[1]
        table = inputs.recurrence
        mix: list[Prior] = []
        if len(table.stages) > 1:
            one, two, three = (TYPICAL_STAGE_WEIGHTS[s] for s in table.stages)
            mix += [
                _mix_prior(
                    "stage_two_log_odds",
                    "pi_II",
                    "log odds of stage II against I among non-metastatic",
                    np.log(two / one),
                ),
                _mix_prior(
                    "stage_three_log_odds",
                    "pi_III",
                    "log odds of stage III against I among non-metastatic",
                    np.log(three / one),
                ),
            ]
        if len(table.receptors) > 1:
            mix += [
                _mix_prior(
                    "receptor_negative_log_odds",
                    "pi_HR-",
                    "log odds of hormone-receptor negative disease",
                    np.log(TYPICAL_RECEPTOR_WEIGHTS["HR-"] / TYPICAL_RECEPTOR_WEIGHTS["HR+"]),
                )
            ]
        return [
            Prior(
                "de_novo_share",
                "phi",
                "share of invasive primaries that are metastatic within the window (2010)",
                "logit_normal",
                float(np.log(0.065 / 0.935)),
                0.25,
                "probability",
                None,
                "National audit: 11,468 de novo diagnoses in three years in England, 8 % of registrations; staged "
                "registrations give 5-6 %. No stage mix of the primaries described is among the evidence.",
                group="incidence",
            ),
            Prior(
                "de_novo_trend",
                "phi'",
                "change of the logit of the de novo share per decade",
                "normal",
                0.0,
                0.10,
                "logit per decade",
                None,
                "Slow: better imaging raises it, screening lowers it.",
                group="incidence",
            ),
            Prior(
                "recurrence_error",
                "eps",
                "log error of the published recurrence risks, shared by all cells",
                "normal",
                0.0,
                table.study_error_sd,
                "log",
                None,
                "Published ten-year risks differ by a factor of two between populations.",
                group="incidence",
            ),
            *mix,
            Prior(
                "recurrence_drift_early",
                "d_1",
                "log recurrence risk per decade before the first published period",
                "normal",
                0.10,
                0.15,
                "log per decade back",
                None,
                "Before adjuvant treatment risks were higher (Colleoni 2016: 10 % a year in 1978-85).",
                group="incidence",
            ),
            Prior(
                "recurrence_drift_late",
                "d_2",
                "log recurrence risk per decade after the last published period",
                "normal",
                -0.15,
                0.15,
                "log per decade",
                None,
                "Risks fell by 18.6 to 15.0 % over five years of diagnosis in New South Wales (Lord 2024); whether "
                "this goes on is not known.",
                group="incidence",
            ),
            Prior(
                "recurrence_tail_ratio",
                "theta",
                "recurrences beyond published follow-up, relative to the last hazard",
                "log_normal",
                float(np.log(0.8)),
                0.40,
                "ratio",
                None,
                "Late hazards fall slowly: Colleoni 2016 (2.8, then 1.3 % a year), Pedersen 2022 (1.6 % a year, any "
                "recurrence).",
                group="incidence",
            ),
            Prior(
                "primaries_growth",
                "gamma",
                "yearly log growth of primaries before registration data begin",
                "normal",
                inputs.primaries.growth,
                0.010,
                "log per year",
                None,
                "The growth of the first ten years of data, carried backwards.",
                group="incidence",
            ),
            Prior(
                "time_effect",
                "tau_b",
                "smooth log time multiplier of recurrences, weights of its basis",
                "normal",
                0.0,
                0.12,
                "log",
                None,
                f"Recurrence risks carried over decades are wrong by some 12 %, alike over {self.length_years:g} years "
                "(Matern 5/2). The spread is stated, not estimated: one series cannot estimate it.",
                shape=(n_basis,),
                dims=("time_basis",),
                group="incidence",
            ),
            *self.areas.priors(inputs),
        ]

    def _time_basis(self, inputs: ModelInputs) -> np.ndarray:
        return matern_basis(inputs.grid.years, self.length_years, 0.99)

    def de_novo_share(self, p: Parameters, years: np.ndarray, xp: Namespace = NUMPY) -> Array:
        """phi_s, shape (..., n_years); its trend is flat more than 25 years from the reference."""
        decades = (
            np.clip(years, SHARE_REFERENCE_YEAR - 25, SHARE_REFERENCE_YEAR + 25) - SHARE_REFERENCE_YEAR
        ) / 10.0
        share = p["de_novo_share"]
        logit = xp.log(share) - xp.log1p(-share)
        return xp.sigmoid(logit[..., None] + p["de_novo_trend"][..., None] * decades)

    def mix(self, p: Parameters, inputs: ModelInputs, xp: Namespace = NUMPY) -> Array:
        """Weights of stage x receptor groups among non-metastatic primaries, shape (..., n_groups)."""
        table = inputs.recurrence
        assert table is not None
        one = xp.ones_like(p["recurrence_error"])
        stages, receptors = [one], [one]
        if len(table.stages) > 1:
            two, three = xp.exp(p["stage_two_log_odds"]), xp.exp(p["stage_three_log_odds"])
            total = 1.0 + two + three
            stages = [one / total, two / total, three / total]
        if len(table.receptors) > 1:
            negative = xp.sigmoid(p["receptor_negative_log_odds"])
            receptors = [1.0 - negative, negative]
        return xp.stack([stage * receptor for stage in stages for receptor in receptors], axis=-1)

    def recurrence_kernel(
        self,
        p: Parameters,
        inputs: ModelInputs,
        xp: Namespace = NUMPY,
        *,
        tail: bool = True,
        within: bool = True,
    ) -> Array:
        """Probability of a first recurrence in year t per primary of year s, shape (..., n_primary_years, n_years).

        ``within`` and ``tail`` switch off what published follow-up covers and what is extrapolated.
        """
        table = inputs.recurrence
        assert table is not None
        shape = table.within.shape[2:]
        weights = self.mix(p, inputs, xp)
        theta = p["recurrence_tail_ratio"][..., None] * float(tail)
        both = xp.concatenate([weights * float(within), weights * theta], axis=-1)
        cells = np.concatenate(
            [table.within.reshape(-1, shape[0] * shape[1]), table.beyond.reshape(-1, shape[0] * shape[1])]
        )
        total = xp.unflatten(both @ cells, shape)
        years = inputs.grid.primary_years + 0.5
        early = np.clip(table.middle_first - years, 0, 20) / 10.0
        late = np.clip(years - table.middle_last, 0, 20) / 10.0
        drift = p["recurrence_drift_early"][..., None] * early + p["recurrence_drift_late"][..., None] * late
        free = (1.0 - self.de_novo_share(p, inputs.grid.primary_years, xp)) * xp.exp(drift)
        return total * free[..., None]

    def primaries(self, p: Parameters, inputs: ModelInputs, xp: Namespace = NUMPY) -> Array:
        """Invasive primaries by area and year, unseen years included; shape (..., n_areas, n_primary_years)."""
        assert inputs.primaries is not None
        back = xp.exp(-p["primaries_growth"][..., None, None] * inputs.primaries.years_unseen)
        return inputs.arrays["primaries"] * back

    def time_multiplier(self, p: Parameters, inputs: ModelInputs, xp: Namespace = NUMPY) -> Array:
        """exp(tau_t), shape (..., n_years)."""
        return xp.exp(p["time_effect"] @ self._time_basis(inputs).T)

    def split(self, p: Parameters, inputs: ModelInputs, xp: Namespace = NUMPY) -> tuple[Array, Array]:
        """De novo incidence, and recurrent incidence before the error of the published risks."""
        smooth = self._smooth(p, inputs, xp).sum(-2)
        primaries = self.primaries(p, inputs, xp).sum(-2)
        de_novo = smooth * self.de_novo_share(p, inputs.grid.years, xp)
        recurrent = (primaries[..., None, :] @ self.recurrence_kernel(p, inputs, xp))[..., 0, :]
        return de_novo, recurrent * self.time_multiplier(p, inputs, xp)

    def whole(self, p: Parameters, inputs: ModelInputs, xp: Namespace = NUMPY) -> Array:
        """I[k,s] of all areas together, shape (..., presentation, n_years)."""
        de_novo, recurrent = self.split(p, inputs, xp)
        return xp.stack([de_novo, recurrent * xp.exp(p["recurrence_error"])[..., None]], axis=-2)

    def incidence(self, p: Parameters, inputs: ModelInputs, xp: Namespace = NUMPY) -> Array:
        """I[k,r,s], shape (..., presentation, n_areas, n_years)."""
        whole = self.whole(p, inputs, xp)
        if inputs.n_areas == 1:
            return whole[..., None, :]
        recurrent = self.primaries(p, inputs, xp) @ self.recurrence_kernel(p, inputs, xp)
        by_area = xp.stack([self._smooth(p, inputs, xp), recurrent], axis=-3)
        return divided(whole, by_area, self.areas.log_multiplier(p, inputs, xp), xp)

    def _smooth(self, p: Parameters, inputs: ModelInputs, xp: Namespace) -> Array:
        """Smoothed primaries by area and year, carried back before the data; shape (..., n_areas, n_years)."""
        assert inputs.primaries is not None
        back = xp.exp(-p["primaries_growth"][..., None, None] * inputs.primaries.smooth_years_unseen)
        return inputs.arrays["primaries_smooth"] * back


def _mix_prior(name: str, symbol: str, meaning: str, center: float) -> Prior:
    return Prior(
        name,
        symbol,
        meaning,
        "normal",
        float(center),
        0.25,
        "log odds",
        None,
        "No stage or receptor mix of the primaries described is among the evidence; typical of screened populations.",
        group="incidence",
    )
