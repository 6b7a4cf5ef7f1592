"""Made-up patient records for tests: 2,000 random people, and the plain Python that their tables are held against."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from sbc_prevalence.records import (
    CaseDefinition,
    Cases,
    apply_mapping,
    define_cases,
    load_mapping,
    open_records,
)
from sbc_prevalence.records.mapping import RecordMapping
from sbc_prevalence.records.schema import SCHEMA, SITES

EXTRACT = date(2023, 12, 31)
AREAS = ("S08000015", "S08000016", "S08000017")
BANDS = ("0-49", "50-64", "65-79", "80+")
WINDOW = 90
PEOPLE_SEED = 7
DEFINITION = CaseDefinition(window_days=WINDOW, sex="all", followed_to="extract_date")


def identity_mapping(*columns: str) -> RecordMapping:
    """Every column of a frame under its own name, dates in ISO form."""
    entries = {}
    for name in columns:
        entry = {"from": name}
        if SCHEMA[name].type == "date":
            entry["formats"] = ["%Y-%m-%d"]
        elif SCHEMA[name].type == "boolean":
            entry["values"] = {"1": True, "0": False}
        entries[name] = entry
    return load_mapping({"version": 1, "name": "test", "columns": entries})


def cases_of(
    frame: pd.DataFrame, definition: CaseDefinition = DEFINITION, engine: object = "duckdb"
) -> Cases:
    """Cases of a frame of texts with columns of the schema."""
    records = apply_mapping(open_records(frame, engine=engine), identity_mapping(*frame.columns)).cached()
    return define_cases(records, definition).cached()


def row(**changed: object) -> dict[str, str]:
    """One record in words of the schema; what is not said is sound and dull."""
    plain = {
        "person_id": "p1",
        "source": "register",
        "extract_date": EXTRACT.isoformat(),
        "sex": "female",
        "birth_year": "1960",
        "area_code": AREAS[0],
        "primary_date": "2015-01-10",
        "event": "distant",
        "metastatic_date": "2018-06-15",
        "registration_date": "2018-07-01",
        "vital_status": "alive",
        "last_contact_date": "",
        "death_date": "",
        "notification": "registered_in_life",
        "route": "gp",
        "presentation": "",
        **dict.fromkeys(SITES, ""),
    }
    return {**plain, **{name: str(value) for name, value in changed.items()}}


def frame_of(*rows: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows)).astype(object)


@dataclass(frozen=True)
class Person:
    """One true person of the random world, as the plain Python sees them."""

    name: str
    sex: str
    born: int
    area: str
    primary: date
    metastasis: date
    registered: date
    exit: date
    died: bool
    notification: str
    route: str
    bone: str
    liver: str

    @property
    def presentation(self) -> str:
        return "de_novo" if (self.metastasis - self.primary).days <= WINDOW else "recurrent"

    @property
    def end(self) -> float:
        return (self.exit - self.metastasis).days or 0.5

    @property
    def age(self) -> float:
        return (self.metastasis - date(self.born, 7, 1)).days / 365.25


def random_people(n: int = 2000, seed: int = 1) -> list[Person]:
    """People diagnosed 2010-2023, registered with delay, some at death, some lost, some on the day they die."""
    rng = np.random.default_rng(seed)
    people = []
    for i in range(n):
        metastasis = date(2010, 1, 1) + timedelta(int(rng.integers(0, 5113)))
        gap = int(rng.integers(0, 200)) if rng.random() < 0.3 else int(rng.integers(200, 5000))
        life = int(rng.exponential(900)) if rng.random() > 0.03 else 0
        death = metastasis + timedelta(life)
        known_dead = death <= EXTRACT
        lost = not known_dead and rng.random() < 0.1
        contact = metastasis + timedelta(int(rng.integers(0, (EXTRACT - metastasis).days + 1)))
        end = death if known_dead else contact if lost else EXTRACT
        way = rng.choice(["registered_in_life", "death_initiated", "certificate_only"], p=[0.9, 0.06, 0.04])
        if not known_dead or life == 0:
            way = "registered_in_life"
        delay = int(rng.integers(0, 400))
        registered = (
            end + timedelta(int(rng.integers(0, 60)))
            if way != "registered_in_life"
            else (metastasis + timedelta(min(delay, life if known_dead else (EXTRACT - metastasis).days)))
        )
        people.append(
            Person(
                f"p{i}",
                "male" if rng.random() < 0.02 else "female",
                int(rng.integers(1925, 1985)),
                str(rng.choice(AREAS)),
                metastasis - timedelta(gap),
                metastasis,
                min(registered, EXTRACT),
                end,
                known_dead,
                str(way),
                str(rng.choice(["emergency", "gp", "follow_up", ""])),
                str(rng.choice(["1", "0", ""])),
                str(rng.choice(["1", "0"])),
            )
        )
    return people


def records_of(people: list[Person], source: str = "register") -> pd.DataFrame:
    """Records of people as one source writes them."""
    return frame_of(
        *(
            row(
                person_id=p.name,
                source=source,
                sex=p.sex,
                birth_year=p.born,
                area_code=p.area,
                primary_date=p.primary.isoformat(),
                metastatic_date=p.metastasis.isoformat(),
                registration_date=p.registered.isoformat(),
                notification=p.notification,
                route=p.route,
                site_bone=p.bone,
                site_liver=p.liver,
                death_date=p.exit.isoformat() if p.died else "",
                vital_status="dead" if p.died else "alive" if p.exit == EXTRACT else "lost",
                last_contact_date="" if p.died else p.exit.isoformat(),
            )
            for p in people
        )
    )


def band_of(age: float) -> str:
    return next((label for end, label in zip((50, 65, 80), BANDS, strict=False) if age < end), BANDS[-1])
