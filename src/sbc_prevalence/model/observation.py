"""What each kind of evidence observes of the latent quantities: priors and log-likelihood terms."""

from collections.abc import Mapping

import numpy as np

from sbc_prevalence.kernels.backend import NUMPY, Array, Namespace
from sbc_prevalence.model.inputs import Accuracy, CompletenessSource, LivingCount, ModelInputs
from sbc_prevalence.model.likelihood import binomial_loglik, count_loglik, dispersion_size, studies_loglik
from sbc_prevalence.model.parameters import Prior
from sbc_prevalence.model.survival import SYSTEM_SHARE

Parameters = Mapping[str, Array]
Seen = Mapping[str, Array]


def completeness_name(source: CompletenessSource) -> str:
    """Name of the completeness parameter of a source."""
    return f"completeness_{source.name}"


def priors(inputs: ModelInputs) -> list[Prior]:
    """Priors that the evidence itself brings: completeness, sensitivity, specificity, spread."""
    found: list[Prior] = []
    for source in inputs.completeness_sources:
        fixed = source.known is not None
        found.append(
            Prior(
                completeness_name(source),
                "c_j",
                f"probability that a true case is in source {source.name}",
                "normal" if fixed else "logit_normal",
                float(source.known) if fixed else source.logit_center,  # type: ignore[arg-type]
                0.0 if fixed else source.logit_sd,
                "probability",
                None,
                source.reason,
                group="completeness",
            )
        )
    if inputs.completeness_sources:
        found.append(
            Prior(
                "registrations_extra_sd",
                "psi_y",
                "extra-Poisson coefficient of variation of registrations, in recording",
                "half_normal",
                0.0,
                0.10,
                "",
                None,
                "Small boards record unevenly from year to year.",
                group="completeness",
            )
        )
    for count in inputs.living_counts:
        for word, accuracy in (("sensitivity", count.sensitivity), ("specificity", count.specificity)):
            found.append(_accuracy_prior(word, count.name, accuracy))
    if inputs.living_counts:
        found.append(
            Prior(
                "snapshot_error_sd",
                "psi_n",
                "extra-Poisson coefficient of variation of counts of the living",
                "half_normal",
                0.0,
                0.10,
                "",
                None,
                "Snapshots depend on how a list was kept.",
                group="completeness",
            )
        )
    return found


def _accuracy_prior(word: str, name: str, accuracy: Accuracy) -> Prior:
    if accuracy.known is not None:
        return Prior(
            f"{word}_{name}",
            word[:2].title(),
            f"{word} of {name}",
            "normal",
            accuracy.known,
            0.0,
            "probability",
            None,
            "Given as known.",
            group="completeness",
        )
    return Prior(
        f"{word}_{name}",
        word[:2].title(),
        f"{word} of {name}",
        "logit_normal",
        2.0,
        1.5,
        "probability",
        None,
        "Wide; its validation counts inform it.",
        group="completeness",
    )


def expected_deaths(seen: Seen, inputs: ModelInputs) -> Array:
    """Expected certified deaths of each row of deaths evidence, shape (..., n_rows)."""
    certified = seen["deaths"] * seen["kappa"][..., None, :]
    return certified[..., inputs.arrays["deaths_level"], inputs.arrays["deaths_year"]]


def expected_registered(p: Parameters, seen: Seen, inputs: ModelInputs, source: CompletenessSource) -> Array:
    """Expected registrations of each row of one source, shape (..., n_rows)."""
    chosen = [("de_novo", "recurrent").index(k) for k in source.presentations]
    cases = sum(seen["incidence"][..., k, :, :] for k in chosen)
    c = p[completeness_name(source)]
    rows = cases[..., inputs.arrays[f"{source.name}_level"], inputs.arrays[f"{source.name}_year"]]
    return c[..., None] * rows


def expected_flagged(p: Parameters, seen: Seen, count: LivingCount) -> Array:
    """Expected number flagged as living: Se P + (1 - Sp)(base - P), shape (...)."""
    living, cases = (
        seen["living"][..., count.level_row, :],
        seen["incidence"][..., count.level_row, :].sum(-2),
    )
    t = count.year_index
    if count.coded_in_year:
        people = living[..., t - 1] + cases[..., t]
    else:
        people = living[..., t - 1] + count.fraction * (living[..., t] - living[..., t - 1])
    se, sp = p[f"sensitivity_{count.name}"], p[f"specificity_{count.name}"]
    return se * people + (1.0 - sp) * (count.base_population - people)


def loglik_terms(p: Parameters, seen: Seen, inputs: ModelInputs, xp: Namespace = NUMPY) -> dict[str, Array]:
    """Log-likelihood of each piece of evidence, each of shape (...)."""
    a = inputs.arrays
    terms: dict[str, Array] = {}
    if "deaths_values" in a:
        mean = expected_deaths(seen, inputs)
        size = dispersion_size(p["deaths_extra_sd"])
        terms["deaths"] = (
            a["deaths_weight"] * count_loglik(a["deaths_values"], a["deaths_log_mask"], mean, size, xp)
        ).sum(-1)
    terms["survival"] = studies_loglik(
        a["point_value"] - seen["points"],
        a["point_precision"],
        a["point_study"],
        p["between_study_sd"],
        1.0 - SYSTEM_SHARE * a["study_own"],
        xp,
    )
    for source in inputs.completeness_sources:
        mean = expected_registered(p, seen, inputs, source)
        terms[source.name] = (
            a[f"{source.name}_weight"]
            * count_loglik(
                a[f"{source.name}_values"],
                a[f"{source.name}_log_mask"],
                mean,
                dispersion_size(p["registrations_extra_sd"]),
                xp,
            )
        ).sum(-1)
        if f"{source.name}_audit_known" in a:
            terms[f"{source.name} audit"] = binomial_loglik(
                a[f"{source.name}_audit_found"],
                a[f"{source.name}_audit_known"],
                p[completeness_name(source)][..., None],
                xp,
            ).sum(-1)
    for count in inputs.living_counts:
        mean = expected_flagged(p, seen, count)[..., None]
        terms[count.name] = count_loglik(
            a[f"{count.name}_values"],
            a[f"{count.name}_log_mask"],
            mean,
            dispersion_size(p["snapshot_error_sd"]),
            xp,
        ).sum(-1)
        for word, accuracy in (("sensitivity", count.sensitivity), ("specificity", count.specificity)):
            if accuracy.known is None:
                terms[f"{count.name} {word}"] = binomial_loglik(
                    np.asarray(accuracy.found), np.asarray(accuracy.of), p[f"{word}_{count.name}"], xp
                )
    return terms
