"""A small programme in which everything happens: late records, changes, texts, goals, leads, custom attributes."""

import hashlib

import numpy as np
import pandas as pd

from store.history import History

START = pd.Timestamp("2024-01-01")
UNTIL = pd.Timestamp("2025-06-30 12:00")


class HashEncoder:
    """Vectors that depend on nothing but the text."""

    def encode(self, texts):
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") for text in texts]
        return np.stack([np.random.default_rng(seed).normal(size=12) for seed in seeds]).astype(np.float32)


def frames(n=60, seed=3):
    """Return frames by resource; times are spread over 18 months."""
    random = np.random.default_rng(seed)

    def instant(size, lo=0, hi=540):
        return START + pd.to_timedelta(random.uniform(lo, hi, size).round(3), unit="D")

    ids = np.arange(1, n + 1)
    recruited = pd.Series(instant(n, 0, 400))
    recruited[random.random(n) < 0.2] = pd.NaT
    partners = pd.DataFrame(
        {
            "id": ids,
            "external_id": [f"P{i}" for i in ids],
            "name": [f"Company {i}" for i in ids],
            "recruited_at": recruited,
            "ended_at": [START + pd.Timedelta(days=500) if i % 9 == 0 else pd.NaT for i in ids],
            "status": [
                None if pd.isna(at) else "ended" if i % 9 == 0 else "active"
                for i, at in zip(ids, recruited, strict=True)
            ],
            "program_id": random.choice([-1, 1], n),
            "kind": random.choice(["msp", "si"], n),
            "country": random.choice(["DE", "BR", None], n),
            "region": random.choice(["north", "south"], n),
            "tier": random.choice(["gold", "silver"], n),
            "industries": [("retail",) if i % 2 else ("Health", "retail") for i in ids],
            "languages": [("de",)] * n,
            "territories": [("DE", "AT")] * n,
            "employees": random.integers(1, 900, n).astype(float),
            "annual_revenue": random.lognormal(13, 1, n),
            "founded_on": START - pd.to_timedelta(random.integers(100, 9000, n), unit="D"),
            "website": random.choice(["https://x.example", None], n),
            "description": [f"We integrate systems of sort {i % 25}" for i in ids],
            "account_manager": random.choice(["Ana", "Bo"], n),
            "attributes.score": random.random(n),
            "attributes.segment": random.choice(["A", "B", "C {x}"], n),
            "attributes.joined": [str((START - pd.Timedelta(days=int(i))).date()) for i in ids],
            "attributes.gender": random.choice(["f", "m"], n),
        }
    )
    m = 1500
    occurred = instant(m)
    lag = np.where(random.random(m) < 0.3, random.uniform(0, 90, m), 0.0)
    activities = pd.DataFrame(
        {
            "id": np.arange(1, m + 1),
            "partner_id": random.integers(1, n + 1, m),
            "occurred_at": occurred,
            "recorded_at": occurred + pd.to_timedelta(lag, unit="D"),
            "kind": random.choice(["login", "course", "call {odd}"], m),
            "quantity": random.integers(1, 5, m).astype(float),
            "amount": random.lognormal(3, 1, m).round(2),
        }
    )
    d = 250
    registered = instant(d)
    outcome = random.choice(["won", "lost", None], d)
    closed = pd.Series(registered + pd.to_timedelta(random.uniform(1, 120, d), unit="D")).where(outcome != None)  # noqa: E711
    deals = pd.DataFrame(
        {
            "id": np.arange(1, d + 1),
            "external_id": [f"D{i}" for i in range(d)],
            "partner_id": random.integers(1, n + 1, d),
            "registered_at": registered,
            "closed_at": closed,
            "outcome": outcome,
            "country": random.choice(["DE", "BR"], d),
            "amount": random.lognormal(9, 1, d).round(2),
        }
    )
    leads = pd.DataFrame(
        {
            "id": np.arange(1, 201),
            "external_id": [f"L{i}" for i in range(200)],
            "created_at": instant(200),
            "country": random.choice(["DE", "BR"], 200),
            "industry": random.choice(["Retail", "health"], 200),
        }
    )
    offered = instant(200)
    assignments = pd.DataFrame(
        {
            "id": np.arange(1, 201),
            "lead_id": np.arange(1, 201),
            "partner_id": random.integers(1, n + 1, 200),
            "offered_at": offered,
            "response": random.choice(["accepted", "declined"], 200),
            "responded_at": offered + pd.to_timedelta(random.uniform(0, 30, 200), unit="D"),
        }
    )
    signed = instant(80)
    agreements = pd.DataFrame(
        {
            "id": np.arange(1, 81),
            "external_id": [f"A{i}" for i in range(80)],
            "partner_id": random.integers(1, n + 1, 80),
            "valid_from": signed.normalize(),
            "valid_to": [day + pd.Timedelta(days=365) if i % 3 else pd.NaT for i, day in enumerate(signed.normalize())],
        }
    )
    passed = instant(80).normalize()
    certifications = pd.DataFrame(
        {
            "id": np.arange(1, 81),
            "partner_id": random.integers(1, n + 1, 80),
            "course": [f"c{i}" for i in range(80)],
            "passed_on": passed,
            "expires_on": passed + pd.Timedelta(days=180),
        }
    )
    feedback = pd.DataFrame(
        {
            "id": np.arange(1, 61),
            "partner_id": random.integers(1, n + 1, 60),
            "submitted_at": instant(60),
            "kind": "survey",
            "score": random.integers(0, 11, 60).astype(float),
        }
    )
    quarter = pd.to_datetime(random.choice(["2024-04-01", "2024-07-01", "2025-01-01"], 40))
    goals = pd.DataFrame(
        {
            "id": np.arange(1, 41),
            "partner_id": np.arange(1, 41),
            "metric": "revenue",
            "period_start": quarter,
            "period_end": quarter + pd.Timedelta(days=90),
            "target": 20_000.0,
        }
    )
    changes = pd.DataFrame(
        {
            "resource": "partners",
            "external_id": [f"P{i}" for i in (1, 1, 2, 3, 4)],
            "field": ["tier", "tier", "employees", "attributes.segment", "description"],
            "changed_at": [START + pd.Timedelta(days=d) for d in (100, 300, 200, 250, 320)],
            "value": ["silver", "gold", "77", "B", "We now do something else"],
        }
    )
    programs = pd.DataFrame({"id": [1], "external_id": ["EMEA"], "name": ["EMEA"]})
    return {
        "programs": programs, "partners": partners, "activities": long_activities(activities),
        "deals": deals, "leads": leads,
        "assignments": assignments, "agreements": agreements, "certifications": certifications,
        "feedback": feedback, "goals": goals, "changes": changes,
    }  # fmt: skip


def long_activities(frame):
    """Return activities with a few of three years before, so that the programme has seasons."""
    early = frame.head(40).assign(occurred_at=lambda rows: rows["occurred_at"] - pd.Timedelta(days=700))
    return pd.concat([early.assign(recorded_at=early["occurred_at"], id=early["id"] + 90_000), frame])


def programme(until=UNTIL, **given):
    """Return the history of the programme as known at `until`."""
    return History.of(until, **(frames() | given))
