"""Tables from cases against hand-written SQL on the same engine, in one run: ratios, limit 1.5.

``RECORDS=10000000 pytest benchmarks/test_records_speed.py -p no:xdist`` takes another number of people than a million.
"""

import os
from datetime import date

import ibis
import numpy as np
import pytest
from timing import best_seconds

from sbc_prevalence.records import CaseDefinition, Cases, tabulate
from sbc_prevalence.records.definition import CASE_COLUMNS
from sbc_prevalence.records.schema import SCHEMA

N = int(os.environ.get("RECORDS", "1000000"))
LIMIT = 1.5
REPEATS = 3
BANDS = ("0-49", "50-64", "65-79", "80+")
DATES = [f"{year}-{day}" for year in range(2000, 2025) for day in ("12-31",)]
PEOPLE = f"""
CREATE TABLE people AS
SELECT *, least(metastatic_date + CAST(90 * (hash(i + 2) / 18446744073709551615.0) AS INTEGER), DATE '2024-12-31')
       AS registration_date,
       CASE WHEN life THEN ended ELSE DATE '2024-12-31' END AS exit_date, life AS died
FROM (SELECT *, ended <= DATE '2024-12-31' AS life
      FROM (SELECT i, DATE '1995-01-01' + CAST(10900 * (hash(i) / 18446744073709551615.0) AS INTEGER) AS metastatic_date,
                   metastatic_date + CAST(-1200 * ln(1e-9 + (hash(i + 1) / 18446744073709551615.0)) AS INTEGER) AS ended,
                   1915 + CAST(70 * (hash(i + 3) / 18446744073709551615.0) AS BIGINT) AS birth_year,
                   'S080000' || CAST(15 + hash(i + 4) % 14 AS VARCHAR) AS area_code
            FROM range({N}) AS t(i)))
"""
LIVING_SQL = "SELECT area_code, {} FROM people GROUP BY area_code"
ONE_DATE = (
    "sum(CAST(metastatic_date <= DATE '{0}' AND (died AND exit_date > DATE '{0}' OR NOT died AND exit_date >= "
    "DATE '{0}') AS BIGINT)) AS living_{1}, "
    "sum(CAST(metastatic_date <= DATE '{0}' AND died AND exit_date <= DATE '{0}' AS BIGINT)) AS dead_{1}, "
    "sum(CAST(metastatic_date <= DATE '{0}' AND NOT died AND exit_date < DATE '{0}' AS BIGINT)) AS lost_{1}")
LEXIS_SQL = """
WITH p AS (SELECT CAST(metastatic_date - DATE '1970-01-01' AS DOUBLE) AS b,
                  CAST(exit_date - DATE '1970-01-01' AS DOUBLE) AS e0,
                  CAST(make_date(CAST(birth_year AS INTEGER), 7, 1) - DATE '1970-01-01' AS DOUBLE) AS born, died,
                  greatest(year(metastatic_date), 2000) AS y0, least(year(exit_date), 2024) AS y1 FROM people),
q AS (SELECT *, CASE WHEN e0 <= b THEN b + .5 ELSE e0 END AS e FROM p),
y AS (SELECT *, unnest(range(y0, y1 + 1)) AS year FROM q),
s AS (SELECT *, greatest(b, CAST(make_date(CAST(year AS INTEGER), 1, 1) - DATE '1970-01-01' AS DOUBLE)) AS s,
             least(e, CAST(make_date(CAST(year AS INTEGER) + 1, 1, 1) - DATE '1970-01-01' AS DOUBLE)) AS u FROM y),
c AS (SELECT *, least(b + (floor((s - b) / 365.25) + 1) * 365.25, u) AS c1,
             least(born + (floor((s - born) / 365.25) + 1) * 365.25, u) AS c2 FROM s WHERE u > s),
l AS (SELECT year, b, born, unnest([s, least(c1, c2), greatest(c1, c2)]) AS f,
             unnest([least(c1, c2), greatest(c1, c2), u]) AS t FROM c),
k AS (SELECT year, t - f AS days, ((t + f) / 2 - born) / 365.25 AS age, ((t + f) / 2 - b) / 365.25 AS dur
      FROM l WHERE t > f)
SELECT CASE WHEN age < 50 THEN '0-49' WHEN age < 65 THEN '50-64' WHEN age < 80 THEN '65-79' ELSE '80+' END
       AS age_band, year,
       CASE WHEN dur < 1 THEN '0-1' WHEN dur < 2 THEN '1-2' WHEN dur < 5 THEN '2-5' WHEN dur < 10 THEN '5-10'
       ELSE '10+' END AS duration, sum(days) / 365.25 AS person_years FROM k GROUP BY ALL
"""


@pytest.fixture(scope="module")
def cases() -> Cases:
    con = ibis.duckdb.connect()
    con.raw_sql(PEOPLE)
    table = con.table("people")
    given = {"person_id": table.i.cast("string"), "source": ibis.literal("made up"), "sex": ibis.literal("female"),
             "extract_date": ibis.date("2024-12-31"), "presentation": ibis.literal("recurrent")}
    columns = {name: table[name] if name in table.columns else given.get(name) for name in CASE_COLUMNS}
    made = table.select(**{name: ibis.null(SCHEMA[name].type) if column is None else column
                           for name, column in columns.items()})
    definition = CaseDefinition(window_days=120, sex="all", followed_to="extract_date")
    return Cases(made, "made up", N, definition, None)  # type: ignore[arg-type]


def test_the_living_at_twenty_five_dates_cost_what_hand_written_sql_costs(benchmark, cases):
    con = cases.table.get_backend()
    sql = LIVING_SQL.format(", ".join(ONE_DATE.format(day, i) for i, day in enumerate(DATES)))
    by_hand = con.raw_sql(sql).df()
    own = tabulate.living_and_lost(cases, index_dates=DATES)
    last = own[own["index_date"] == DATES[-1]].set_index("area_code")["living"].sort_index()
    assert (by_hand.set_index("area_code")[f"living_{len(DATES) - 1}"].sort_index().astype(int) == last).all()
    ratio = best_seconds(lambda: tabulate.living_and_lost(cases, index_dates=DATES), REPEATS) / best_seconds(
        lambda: con.raw_sql(sql).df(), REPEATS)
    benchmark.extra_info["ours / SQL"] = ratio
    benchmark.pedantic(lambda: tabulate.living_and_lost(cases, index_dates=DATES), rounds=1)
    print(f"living at 25 dates, {N:,} people: ours / SQL {ratio:.2f}")
    assert ratio <= LIMIT


def test_lexis_person_years_cost_what_hand_written_sql_costs(benchmark, cases):
    con = cases.table.get_backend()

    def ours():
        return tabulate.lexis_person_years(
            cases, ages=BANDS, years=(2000, 2024), entry="diagnosis", durations=(0, 1, 2, 5, 10))

    by_hand, own = con.raw_sql(LEXIS_SQL).df(), ours()
    keys = ["age_band", "year", "duration"]
    both = by_hand.merge(own, on=keys, how="outer")
    assert np.allclose(both["person_years_x"], both["person_years_y"], rtol=1e-6)
    ratio = best_seconds(ours, REPEATS) / best_seconds(lambda: con.raw_sql(LEXIS_SQL).df(), REPEATS)
    benchmark.extra_info["ours / SQL"] = ratio
    benchmark.pedantic(ours, rounds=1)
    print(f"Lexis person-years, {N:,} people: ours / SQL {ratio:.2f}")
    assert ratio <= LIMIT


def test_dates_are_the_ends_of_years():
    assert all(date.fromisoformat(day).month == 12 for day in DATES)
