"""Money in the words of the import format: tiers, rules, commission plans, incentives, funds, costs, terms.

What a deal earns, and statements, are no records of this file: the service computes them.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo import laws, tables, vocabulary
from demo.facts import Facts
from demo.tables import dates, ids, instants

Array = npt.NDArray[Any]

_TIER_SHARES = (0.0, 0.5, 0.75, 0.92)
_BENEFITS = (
    "Leads of your region; the library.",
    "Leads first within your country; one seat a course free.",
    "Marketing money; a named technical contact.",
    "Joint plan; higher commission; first look at new products.",
)
_BANDS = ((0.0, 0.08), (50_000.0, 0.1), (150_000.0, 0.12))
_PURPOSES = (
    "Stand at the regional fair",
    "Breakfast for accountants",
    "Mailing to our customers",
    "Webinar with a customer",
    "Advertising in the trade journal",
)
_COSTS = (
    ("account management", 9_000.0),
    ("recruitment", 4_000.0),
    ("training", 2_500.0),
    ("events", 3_000.0),
    ("software", 1_200.0),
)
_TERMS = (
    "The partner sells in its territory and registers its deals. Commission is paid by the plan in force when a deal "
    "is won, each quarter. Either side ends the agreement with notice."
)
_FUNDS, _REJECTED = 70, "Not within what the offer is for."


def tell(facts: Facts) -> dict[str, pd.DataFrame]:
    """Return the resources of money."""
    return {
        "program_rules": _rules(facts),
        "tiers": _tiers(facts),
        "terms": _terms(facts),
        "commission_plans": _plans(facts),
        "commission_bands": _bands(),
        "incentives": _incentives(facts),
        "fund_requests": _funds(facts),
        "tier_reviews": _reviews(facts),
        "costs": _costs(facts),
    }


def _programs(facts: Facts) -> Array:
    return facts.frames["programs"]["external_id"].to_numpy(dtype=object)


def _rules(facts: Facts) -> pd.DataFrame:
    """Return the rules by which the history went: offers wait as long as they did in it."""
    return pd.DataFrame(
        {
            "program": _programs(facts),
            "protection_days": 90,
            "reminder_days": 14,
            "answer_hours": round(24 * laws.EXPIRE_DAYS),
            "first_contact_hours": round(24 * laws.EXPIRE_DAYS) + 48,
            "auto_approve": "false",
            "qualification_note": "Two people rate; the musts are met; an interview took place.",
        }
    )


def _tiers(facts: Facts) -> pd.DataFrame:
    """Return each programme's tiers with thresholds that as many reach as the history promoted."""
    earning = facts.revenue[facts.revenue > 0]
    limits = np.quantile(earning, _TIER_SHARES) if len(earning) else np.zeros(len(_TIER_SHARES))
    rows = []
    for program in _programs(facts):
        for place, (name, limit) in enumerate(zip(vocabulary.TIERS, limits, strict=True)):
            rows.append(
                {
                    "external_id": f"{program}-{name}",
                    "program": program,
                    "name": name,
                    "position": place + 1,
                    "min_revenue": np.round(limit, -3) if place else np.nan,
                    "min_certified": 1 if place > 1 else np.nan,
                    "benefits": _BENEFITS[place],
                }
            )
    return pd.DataFrame(rows)


def _terms(facts: Facts) -> pd.DataFrame:
    """Return the terms of those agreements that are in force."""
    agreed = facts.frames["agreements"]
    agreed = agreed[agreed["status"] == "active"]
    people = facts.contact["name"].reindex(agreed["partner"])
    return pd.DataFrame(
        {
            "agreement": agreed["external_id"].to_numpy(),
            "version": 1,
            "body": _TERMS,
            "agreed_on": agreed["signed_on"].to_numpy(),
            "agreed_by": people.to_numpy(),
            "notice_days": 60,
            "renews": "false",
        }
    )


def _plans(facts: Facts) -> pd.DataFrame:
    """Return a plan with bands by volume, one for high tiers, one for referrals, one for a product."""
    programs, last = _programs(facts), facts.state.spec.products - 1
    columns = ("external_id", "name", "program", "rate", "marginal", "products", "tiers", "priority")
    first = programs[0]
    rows: list[tuple[Any, ...]] = [
        ("CP-01", "Standard", first, 0.08, "true", None, None, 0),
        ("CP-02", "Gold and platinum", first, 0.13, "false", None, "gold;platinum", 1),
        (
            "CP-03",
            f"{vocabulary.product_name(last)} launch",
            first,
            0.15,
            "false",
            ids("PR", np.array([last]), 3)[0],
            None,
            2,
        ),
    ]
    if len(programs) > 1:
        rows.append(("CP-04", "Referral", programs[1], 0.05, "false", None, None, 0))
    frame = pd.DataFrame(rows, columns=list(columns))
    launch = frame["external_id"].to_numpy() == "CP-03"
    n = len(frame)
    begins = np.where(launch, facts.last_day - 200.0, 0.0)
    ends = np.where(launch, facts.last_day + 160.0, np.nan)
    return frame.assign(
        base="every",
        volume_days=np.where(np.arange(n) == 0, 365.0, np.nan),
        valid_from=dates(facts.state, begins),
        valid_to=dates(facts.state, ends),
    )


def _bands() -> pd.DataFrame:
    return pd.DataFrame(
        {"plan": "CP-01", "from_amount": [band[0] for band in _BANDS], "rate": [band[1] for band in _BANDS]}
    )


def _incentives(facts: Facts) -> pd.DataFrame:
    product = ids("PR", np.array([min(1, facts.state.spec.products - 1)]), 3)[0]
    day = np.array([facts.last_day - 80.0, facts.last_day - 3.0])
    return pd.DataFrame(
        {
            "external_id": ["IN-01", "IN-02"],
            "name": ["Reward of the season", "Reference of the year"],
            "kind": ["spiff", "other"],
            "products": [product, None],
            "amount": [300.0, 1_000.0],
            "valid_from": dates(facts.state, day),
            "valid_to": dates(facts.state, day + 120),
            "description": [
                "A reward for each deal of this product that is won.",
                "For the best customer story; a jury decides in January.",
            ],
        }
    )


def _funds(facts: Facts) -> pd.DataFrame:
    """Return who asked for marketing money, and what came of it; money that is claimed waits to be paid."""
    rng, state = facts.rng, facts.state
    able = facts.members[state.tier[facts.members] > 0]
    offers = facts.frames["offers"]
    funds = offers[offers["kind"] == "marketing fund"]
    partner = facts.pick(able, _FUNDS).astype(int) if len(able) else np.zeros(0, dtype=int)
    asked = facts.end - 300 * rng.random(len(partner)) ** 2 - 0.5
    joined = np.maximum(state.recruited[partner], 0.0)
    partner, asked = partner[asked > joined], asked[asked > joined]
    n, age = len(partner), facts.end - asked
    fate = np.where(age < 9, 0, np.where(rng.random(n) < 0.15, 2, np.where(age < 40, 1, 3)))
    status = np.array(["requested", "approved", "rejected", "claimed"], dtype=object)[fate]
    amount = 100.0 * rng.integers(5, 40, n)
    granted = np.where(np.isin(fate, (1, 3)), np.round(amount * rng.choice([1.0, 1.0, 0.8], n), -1), np.nan)
    decided = np.where(fate > 0, asked + rng.uniform(1, 8, n), np.nan)
    claimed = np.where(fate == 3, asked + rng.uniform(15, 35, n), np.nan)
    return pd.DataFrame(
        {
            "external_id": ids("FR", np.arange(n), 4),
            "partner": facts.key[partner],
            "offer": _offer_of(facts, funds, partner, asked),
            "purpose": facts.pick(_PURPOSES, n),
            "amount": amount,
            "status": status,
            "requested_at": instants(state, facts.at_work(asked)),
            "approved_amount": granted,
            "claimed_amount": np.where(fate == 3, granted, np.nan),
            "decided_by": tables.some(fate > 0, facts.manager[partner]),
            "decided_at": instants(state, facts.at_work(decided)),
            "claimed_at": instants(state, facts.at_work(claimed)),
            "evidence": tables.some(fate == 3, [f"Invoice {2000 + j}" for j in range(n)]),
            "reason": tables.some(fate == 2, np.full(n, _REJECTED, dtype=object)),
        }
    ).sort_values("requested_at", kind="stable")


def _offer_of(facts: Facts, funds: pd.DataFrame, partner: Array, asked: Array) -> Array:
    """Return an offer of funds that was open to each request's country on its day, None where there was none."""
    first, last = facts.days_of(funds["valid_from"]), facts.days_of(funds["valid_to"])
    places = funds["countries"].to_numpy(dtype=object)
    country = facts.frames["partners"]["country"].to_numpy(dtype=object)[partner]
    found = np.full(len(partner), None, dtype=object)
    for row, key in enumerate(funds["external_id"]):
        open_to = pd.isna(places[row]) | (country == places[row])
        found[open_to & (asked >= first[row]) & (asked <= last[row] - 1)] = key
    return found


def _reviews(facts: Facts) -> pd.DataFrame:
    """Return the reviews that led to the tiers' changes of the last year."""
    moves = facts.frames["changes"]
    moves = moves[moves["field"] == "tier"].assign(at=lambda frame: facts.days_of(frame["changed_at"]))
    moves["was"] = moves.groupby("external_id")["value"].shift()
    moves = moves[(moves["at"] >= facts.end - 365) & moves["was"].notna() & (moves["was"] != moves["value"])]
    rank = {name: place for place, name in enumerate(vocabulary.TIERS)}
    pairs = zip(moves["was"], moves["value"], strict=True)
    words = ["Promotion" if rank[new] > rank[was] else "Demotion" for was, new in pairs]
    texts = zip(words, moves["was"], moves["value"], strict=True)
    at = moves["at"].to_numpy()
    return pd.DataFrame(
        {
            "external_id": ids("TR", np.arange(len(moves)), 4),
            "partner": moves["external_id"].to_numpy(),
            "reviewed_on": dates(facts.state, at),
            "tier": moves["was"].to_numpy(),
            "proposed_tier": moves["value"].to_numpy(),
            "explanation": [
                f"{word} from {was} to {new}: by the revenue of the last year." for word, was, new in texts
            ],
            "status": "accepted",
            "decided_by": facts.manager[facts.rows(moves["external_id"])],
            "decided_at": moves["changed_at"].to_numpy(),
        }
    )


def _costs(facts: Facts) -> pd.DataFrame:
    """Return what the programmes cost each month of the last year and a half, and travels to partners."""
    rows = []
    months = [facts.end - 30.4 * back for back in range(18, 0, -1)]
    for place, program in enumerate(_programs(facts)):
        for day in months:
            for kind, amount in _COSTS:
                spent = amount / (1 + 3 * place) * facts.rng.uniform(0.8, 1.2)
                rows.append({"program": program, "kind": kind, "amount": round(spent, 2), "day": day})
    partner = facts.some(facts.members, 60)
    when = facts.end - facts.rng.uniform(2, 300, len(partner))
    travel = pd.DataFrame(
        {"partner": facts.key[partner], "kind": "visit", "day": when, "program": facts.program[partner]}
    )
    travel["amount"] = np.round(facts.rng.gamma(4, 60, len(partner)), 2)
    joined = np.maximum(facts.state.recruited[partner], 0.0)
    frame = pd.concat([pd.DataFrame(rows), travel[when > joined]], ignore_index=True).sort_values("day", kind="stable")
    return pd.DataFrame(
        {
            "external_id": ids("CO", np.arange(len(frame)), 4),
            **{name: frame[name].to_numpy() for name in ("partner", "program", "kind", "amount")},
            "incurred_on": dates(facts.state, frame["day"].to_numpy(dtype=float)),
        }
    )
