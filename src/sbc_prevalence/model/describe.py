"""The model in words: equations, priors with their origin, dimensions."""

import pandas as pd

from sbc_prevalence.grid import span_of_years
from sbc_prevalence.model.inputs import ModelInputs
from sbc_prevalence.model.prevalence_model import PrevalenceModel


def prior_table(model: PrevalenceModel, inputs: ModelInputs) -> pd.DataFrame:
    """Every prior of a model.

    Returns
    -------
    DataFrame
        ``parameter, symbol, meaning, distribution, unit, dimensions, is_judgement, source, reason, group``.
        ``is_judgement`` is True where no published source stands behind the prior.
    """
    return pd.DataFrame([
        {"parameter": p.name, "symbol": p.symbol, "meaning": p.meaning, "distribution": p.describe(),
         "unit": p.unit, "dimensions": " x ".join(f"{d} ({n})" for d, n in zip(p.dims, p.shape, strict=True)),
         "is_judgement": p.is_judgement, "source": p.source or "", "reason": p.reason, "group": p.group}
        for p in model.parameters(inputs).priors])


def describe(model: PrevalenceModel, inputs: ModelInputs) -> str:
    """Equations, dimensions, evidence and priors of a model, as plain text.

    Parameters
    ----------
    model : PrevalenceModel
    inputs : ModelInputs
        The evidence fixes the shapes.
    """
    grid = inputs.grid
    unreached = set(model.prior_only(inputs))
    ratio = "(rho e_rho)" if model.survival.ratio_from_published else "e_rho"
    lines = [
        "EQUATIONS",
        f"  incidence    {model.incidence.equation}",
        f"  survival     {model.survival.equation}; trend by {str(model.survival.trend).replace('_', ' ')};",
        f"               H[k,s](u) = {ratio}^[k = recurrent] exp(beta decades + tau (e_c + e_0) / sqrt 2) H0(u),",
        "               beyond "
        f"{inputs.last_survival_follow_up:g} years x omega,",
        "               and never growing less in a year than m_o x other-cause mortality at the attained age",
        *(["               people who are not registered: these hazards x rho_u; A is the mixture c A + (1 - c) A_u"]
          if model.survival.unregistered is not None else []),
        "  survivorship A[k,s](m) = integral_0^1 S[k,s](m + v) dv: diagnoses uniform within their year",
        "  living       N(t) = sum_k sum_m I_k(t - m) A_k,t-m(m)",
        "  deaths       D(t) = sum_k sum_m I_k(t - m) [A_k,t-m(m - 1) - A_k,t-m(m)]",
        f"  attribution  {model.attribution.equation}",
        *([] if model.ages is None else [
            f"  ages         {model.ages.equation}", f"               bands {', '.join(model.ages.bands)}"]),
        "  published    log cumulative hazard ~ Normal(model, se), each study with one shared error ~ Normal(0, tau)",
        "               (studies of the own health system share tau e_c / sqrt 2 with the population described)",
        *(f"  delay        {d.name}: of those ever registered, {d.equation}" for d in inputs.delays),
        *(f"  registration {f.name}: {f.equation}" for f in inputs.flows),
        "",
        "DIMENSIONS",
        f"  areas {inputs.n_areas} ({grid.areas.level}), presentations 2 (de novo, recurrent)",
        f"  primaries {grid.first_primary_year}-{grid.last_year}, "
        f"metastatic diagnoses {grid.first_year}-{grid.last_year}, "
        f"data {span_of_years(grid.first_data_year, grid.last_data_year)}, reported from {grid.first_reported_year}",
        f"  deaths {int(inputs.arrays['deaths_weight'].sum()) if 'deaths_weight' in inputs.arrays else 0} rows, "
        f"published survival {inputs.points.size} points of {inputs.n_studies} studies",
        f"  evidence sits at: {', '.join(grid.areas.name_of(c) for c in inputs.level_codes)}",
        "",
        "PRIORS (judgement = no published source)",
    ]
    for row in prior_table(model, inputs).to_dict("records"):
        origin = "judgement" if row["is_judgement"] else str(row["source"])
        reach = "; no evidence reaches it" if row["parameter"] in unreached else ""
        size = f" [{row['dimensions']}]" if row["dimensions"] else ""
        lines += [f"  {row['parameter']} ({row['symbol']}){size}: {row['meaning']}",
                  f"      {row['distribution']} {row['unit']}".rstrip() + f"; {origin}{reach}. {row['reason']}"]
    return "\n".join(lines)
