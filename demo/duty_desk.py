"""The desk in the words of the import format: registrations, routing, absences, shortlists, interventions."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo import geography, tables, vocabulary
from demo.facts import RECRUITERS, Facts
from demo.state import ACTIVATED
from demo.tables import dates, ids, instants

Array = npt.NDArray[Any]

_PROTECTED_DAYS = 90
_REMINDED_DAYS = 14
_LIMITS = (("newcomer", None, 0.1, None), ("partner", None, None, 0.15))
_AWAY = ("Company holidays", "Office moves", "Everybody at the fair", "Consultants booked out by a project")
_SHORTLISTS = (
    ("Fair follow-up", "Spoke with us at the stand.", "Left a card.", "Wants a call next week."),
    ("Cloud practices", "Runs migrations already.", "Two consultants for it.", "Partner of a cloud provider."),
    ("White spots", "Nobody of ours in that town.", "Knows the local industry.", "Would need training first."),
)
_ON_SHORTLIST, _LISTED = 14, 60
_SILENT_DAYS, _INTERVENTIONS = 24.0, 140
_DONE = (
    ("call", "Call the owner", "Asked what keeps them busy; sent two leads that fit."),
    ("visit", "Visit the office", "Half a day with the sales people; list of ten customers."),
    ("training", "Offer a refresher course", "Two places booked."),
    ("offer", "Offer marketing money", "A mailing to their customers, half paid by us."),
    ("plan", "Draw up a plan for the quarter", "Three customers named, a call each fortnight."),
)
_MOOD_OF_RISK = 60.0


def tell(facts: Facts) -> dict[str, pd.DataFrame]:
    """Return the resources of the desk."""
    return {
        "registrations": _registrations(facts),
        "routing_policies": _policies(facts),
        "routing_rules": _rules(),
        "routing_limits": _limits(),
        "absences": _absences(facts),
        "shortlist_entries": _shortlists(facts),
        "interventions": _interventions(facts),
        "listings": _listings(facts),
    }


def _registrations(facts: Facts) -> pd.DataFrame:
    """Return who registered the open deals that are protected, and those that wait for a decision."""
    deals = facts.frames["deals"]
    at = facts.days_of(deals["registered_at"])
    open_ = deals["outcome"].isna().to_numpy() & (at > facts.end - _PROTECTED_DAYS + 1)
    deals, at = deals[open_], at[open_]
    waits = (deals["status"] == "submitted").to_numpy()
    decided = np.where(waits, np.nan, np.minimum(at + facts.rng.uniform(0.1, 1.8, len(at)), facts.end - 0.05))
    until = decided + _PROTECTED_DAYS
    reminded = np.where(until - _REMINDED_DAYS < facts.end, until - _REMINDED_DAYS + 0.1, np.nan)
    reminded = np.where(reminded < facts.end, reminded, np.nan)
    return pd.DataFrame(
        {
            "deal": deals["external_id"].to_numpy(),
            "partner": deals["partner"].to_numpy(),
            "submitted_at": deals["registered_at"].to_numpy(),
            "decided_at": instants(facts.state, decided),
            "decided_by": tables.some(~waits, facts.manager[facts.rows(deals["partner"])]),
            "protected_until": instants(facts.state, until),
            "reminded_at": instants(facts.state, reminded),
        }
    )


def _policies(facts: Facts) -> pd.DataFrame:
    """Return the policy in force, by the rules that hold anyway, and one that is thought about."""
    return pd.DataFrame(
        {
            "external_id": ["RP-01", "RP-02"],
            "name": ["Best chance, some exploration", "Draft: by value"],
            "program": [facts.frames["programs"]["external_id"].iloc[0]] * 2,
            "active": ["true", "false"],
            "automatic": "false",
            "objective": ["p_win", "value"],
            "exploration": ["epsilon", "none"],
            "explored_share": [0.1, 0.0],
            "explored_within": [0.2, 0.0],
            "max_hops": [3, 4],
            "remind_hours": [24, 24],
            "newcomer_days": [180, 180],
        }
    )


def _rules() -> pd.DataFrame:
    rows = [("RP-02", "distance", "true", 600.0, None), ("RP-02", "tier", "true", np.nan, "gold;platinum")]
    return pd.DataFrame(rows, columns=["policy", "rule", "enforced", "number", "names"])


def _limits() -> pd.DataFrame:
    frame = pd.DataFrame(_LIMITS, columns=["by", "value", "least", "most"])
    frame.insert(0, "external_id", ids("RL", np.arange(len(frame)), 2))
    return frame.assign(policy="RP-01")


def _absences(facts: Facts) -> pd.DataFrame:
    """Return who was away within the last year, is away now, and will be over the holidays."""
    active = facts.members[facts.status[facts.members] == "active"]
    partner = facts.some(active, 26)
    n = len(partner)
    since = facts.end - facts.rng.uniform(30, 330, n)
    since[: n // 4] = facts.end - facts.rng.uniform(1, 6, n // 4)
    since[-(n // 4) or n :] = facts.end + facts.rng.uniform(15, 40, n // 4)
    since = np.maximum(since, np.maximum(facts.state.recruited[partner], 0.0) + 5)
    return pd.DataFrame(
        {
            "partner": facts.key[partner],
            "since": instants(facts.state, np.floor(since)),
            "until": instants(facts.state, np.floor(since) + facts.rng.integers(8, 20, n)),
            "reason": facts.pick(_AWAY, n),
        }
    )


def _shortlists(facts: Facts) -> pd.DataFrame:
    """Return whom the recruiters keep an eye on."""
    prospects = np.flatnonzero(np.isin(facts.status, ("prospect", "applied")))
    cloud = facts.state.cast.cloud_practice[prospects]
    there = np.bincount(facts.state.cast.city[facts.members], minlength=len(geography.CITIES))
    seen = there[facts.state.cast.city[prospects]]
    pools = (prospects, prospects[cloud], prospects[np.argsort(seen, kind="stable")][: 2 * _ON_SHORTLIST])
    rows = []
    for place, ((name, *notes), pool) in enumerate(zip(_SHORTLISTS, pools, strict=True)):
        for company in facts.some(pool, _ON_SHORTLIST):
            rows.append({"shortlist": name, "partner": facts.key[company], "place": place, "notes": notes})
    frame = pd.DataFrame(rows, columns=["shortlist", "partner", "place", "notes"])
    said = [notes[int(u * len(notes))] for notes, u in zip(frame["notes"], facts.rng.random(len(frame)), strict=True)]
    at = facts.at_work(facts.end - 1 - facts.rng.uniform(0, 60, len(frame)))
    return pd.DataFrame(
        {
            "shortlist": frame["shortlist"],
            "partner": frame["partner"],
            "note": tables.some(facts.rng.random(len(frame)) < 0.7, said),
            "added_by": np.array(RECRUITERS, dtype=object)[frame["place"].to_numpy(dtype=int) % len(RECRUITERS)],
            "added_at": instants(facts.state, at),
        }
    )


def _listings(facts: Facts) -> pd.DataFrame:
    """Return who wants to stand in the public directory, and who does."""
    frame = facts.frames["partners"]
    active = facts.members[facts.status[facts.members] == "active"]
    partner = facts.some(active[facts.state.tier[active] > 0], _LISTED)
    rows, pair = frame.iloc[partner], facts.state.cast.pair[partner]
    topics = [vocabulary.TOPICS[vocabulary.STRENGTH_PAIRS[number][0]].claim for number in pair]
    codes = list(ids("PR", np.arange(facts.state.spec.products), 3))
    return pd.DataFrame(
        {
            "partner": facts.key[partner],
            "wanted": "true",
            "published": np.where(facts.rng.random(len(partner)) < 0.8, "true", "false"),
            "headline": [
                f"{topic[0].upper()}{topic[1:]} in {city}" for topic, city in zip(topics, rows["city"], strict=True)
            ],
            "description": rows["description"].to_numpy(),
            "website": rows["website"].to_numpy(),
            "phone": facts.contact["phone"].reindex(facts.key[partner]).to_numpy(),
            "email": [f"hello@{site.removeprefix('https://')}" for site in rows["website"]],
            "languages": rows["languages"].to_numpy(),
            "products": tables.joined(facts.state.cast.product_focus[partner], codes),
        }
    )


def _interventions(facts: Facts) -> pd.DataFrame:
    """Return what was done about partners that had fallen quiet: some came back, others did not; some is planned."""
    past, now = _quiet(facts)
    partner, at = (np.concatenate(pair) for pair in zip(past, now, strict=True))
    rng, n = facts.rng, len(partner)
    kind = rng.integers(0, len(_DONE), n)
    fresh = at > facts.end - 12
    forgotten = (at > facts.end - 35) & (rng.random(n) < 0.3)
    done = np.where(fresh | forgotten, np.nan, at + rng.uniform(1, 11, n))
    silence = _silence_at(facts, partner, at)
    p_before = np.clip(1 - np.exp(-silence / _MOOD_OF_RISK) + rng.normal(0, 0.05, n), 0.05, 0.97)
    order = np.argsort(at, kind="stable")
    frame = pd.DataFrame(
        {
            "partner": facts.key[partner],
            "kind": [_DONE[k][0] for k in kind],
            "title": [_DONE[k][1] for k in kind],
            "description": tables.some(~np.isnan(done), [_DONE[k][2] for k in kind]),
            "owner": facts.manager[partner],
            "due_on": dates(facts.state, np.where(fresh, facts.end + rng.uniform(-2, 12, n), at + 14)),
            "planned_at": instants(facts.state, at),
            "done_at": instants(facts.state, facts.at_work(done)),
            "p_inactive_before": np.round(p_before, 3),
        }
    ).iloc[order]
    frame.insert(0, "external_id", ids("IV", np.arange(n), 4))
    return frame


def _quiet(facts: Facts) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return partners that had been quiet, and when that was seen: within the last year, and of late."""
    borders, silence = facts.state.borders[:-1], facts.silence
    stage = np.array(facts.state.books.stage) == ACTIVATED
    quiet = stage & (silence > _SILENT_DAYS) & (silence < 80) & (borders[:, None] > facts.end - 330)
    period, partner = np.nonzero(quiet & (borders[:, None] < facts.end - 15))
    chosen = facts.some(np.arange(len(period)), _INTERVENTIONS)
    when = facts.at_work(borders[period[chosen]] + 1)
    first = pd.DataFrame({"partner": partner[chosen], "when": when}).sort_values("when", kind="stable")
    first = first[~first["partner"].duplicated() | (facts.rng.random(len(first)) < 0.3)]
    lately = facts.some(np.flatnonzero(quiet[-1]), 18)
    planned = facts.at_work(facts.end - 1 - facts.rng.uniform(0, 9, len(lately)))
    return (first["partner"].to_numpy(), first["when"].to_numpy()), (lately, planned)


def _silence_at(facts: Facts, partner: Array, at: Array) -> Array:
    period = np.clip(np.searchsorted(facts.state.borders, at, side="right") - 1, 0, len(facts.silence) - 1)
    return np.asarray(np.minimum(facts.silence[period, partner.astype(int)], 365.0))
