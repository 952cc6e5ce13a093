"""True probabilities of the rival programme, in tables of the same shape as the demo's."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.rival.cast import Array, Companies, RivalSpec
from benchmarks.rival.course import _CLOSING_DAYS, AHEAD, Careers, Engagement, Leads, still_there
from benchmarks.rival.records import Clock, lead_ids

HORIZONS = (14, 30, 60, 90, 180)
_ROUTED = 1_000
_WINDOW = 90


@dataclass
class World:
    """Everything of one programme, and P(still taking part) after each of its days."""

    spec: RivalSpec
    companies: Companies
    careers: Careers
    engagement: Engagement
    flow: Leads
    own: pd.DataFrame

    def __post_init__(self) -> None:
        """Filter what was seen."""
        n, days = self.spec.partners, self.spec.days
        self.deals = pd.DataFrame(self.flow.deals, columns=["lead", "partner", "day", "close", "won", "routed"])
        self.offers = pd.DataFrame(
            self.flow.offers, columns=["lead", "partner", "day", "hop", "propensity", "response", "answered"]
        )
        signs, unanswered = np.zeros((n, days), dtype=bool), np.ones((n, days))
        for frame, at in ((self.engagement.events, "day"), (self.own, "day"), (self.deals, "day")):
            self._mark(signs, frame, at)
        for frame in (self.own[self.own["won"]], self.deals[self.deals["won"].astype(bool)]):
            self._mark(signs, frame, "close")
        self.signs = signs.copy()
        self._mark(signs, self.offers[self.offers["response"] == "declined"], "answered")
        silent = self.offers[(self.offers["response"] == "expired") & (self.offers["answered"] < days)]
        np.multiply.at(unanswered, (silent["partner"].to_numpy(int), silent["answered"].to_numpy(int)), 0.15)
        self.rate = self.engagement.rate + self.careers.own[:, None]
        self.there = still_there(self.careers, self.rate, signs, unanswered, days)

    def _mark(self, signs: Array, frame: pd.DataFrame, at: str) -> None:
        rows = frame[frame[at] < self.spec.days]
        signs[rows["partner"].to_numpy(int), rows[at].to_numpy(int)] = True

    def load(self, day: float) -> Array:
        """Return open accepted leads of each partner at `day`."""
        here = (self.deals["day"] <= day) & (self.deals["close"] > day)
        return np.bincount(self.deals["partner"][here].astype(int), minlength=self.spec.partners)


def write(world: World, folder: Path, clock: Clock) -> dict[str, pd.DataFrame]:
    """Write and return all truth tables."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "churn": churn(world, clock),
        "fit": fit(world, clock),
        "match": match(world, clock),
        "recommend": recommend(world, clock),
        "later": later(world),
    }
    for name, frame in tables.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return tables


def churn(world: World, clock: Clock) -> pd.DataFrame:
    """Return P(no sign of life within h) at the end, for partners not ended that ever showed one."""
    spec, careers = world.spec, world.careers
    rows = np.flatnonzero((careers.ended >= spec.days) & world.signs.any(axis=1))
    silence = _silence(world)[rows]
    frame = pd.DataFrame({"partner": world.companies.ids[rows], "as_of": clock.at(np.full(len(rows), spec.days))})
    for horizon in HORIZONS:
        frame[f"p_inactive_{horizon}"] = silence[:, horizon - 1]
    return frame.assign(p_there=world.there[rows, -1])


def _silence(world: World) -> Array:
    """Return P(no sign within 1, 2, ... AHEAD days of the end), (n, AHEAD)."""
    end, careers = world.spec.days, world.careers
    sign = world.rate[:, end:] + _from_leads(world)[:, None] + _first_wins(world)
    alive, gone = world.there[:, -1].copy(), 1 - world.there[:, -1]
    out, closing, before = np.zeros((len(alive), AHEAD)), _no_win(world), np.ones(len(alive))
    for day in range(AHEAD):
        gone = gone + alive * careers.hazard[:, end + day]
        quiet = np.exp(-sign[:, day]) * closing[:, day] / before
        alive, before = alive * (1 - careers.hazard[:, end + day]) * quiet, closing[:, day]
        out[:, day] = alive + gone
    return out


def _from_leads(world: World) -> Array:
    """Return the daily rate at which each partner accepts leads: last quarter's traffic, answered as at the end."""
    recent = np.flatnonzero(world.flow.day > world.spec.days - 91)
    rate, load = np.zeros(world.spec.partners), world.load(world.spec.days)
    for lead in recent.tolist():
        pool = world.flow.pool(lead, world.careers, world.spec.days)
        if len(pool):
            accepts = world.flow.p_accept(lead, pool, load[pool])
            chances = world.flow.chances(pool)
            passed_on = 1 - float((chances * accepts * world.there[pool, -1]).sum())
            rate[pool] += np.minimum(chances * (1 + passed_on + passed_on**2), 1) * accepts
    return rate / 91


def _first_wins(world: World) -> Array:
    """Return the daily rate of first wins still to come, (n, AHEAD)."""
    spec, careers = world.spec, world.careers
    n = spec.partners
    waited = spec.days - careers.recruited
    p = world.companies.p_fit[:n]
    left = np.clip((360 - waited) / 345, 0, 1)
    chance = p * left / (1 - p + p * left + 1e-12)
    over = np.arange(AHEAD) < (360 - waited)[:, None]
    waits = (careers.graduated >= spec.days)[:, None]
    return np.asarray(waits * over * (chance / np.maximum(360 - waited, 1))[:, None])


def _no_win(world: World) -> Array:
    """Return P(no deal that is open at the end is won within 1, 2, ... days), (n, AHEAD)."""
    out, end = np.ones((world.spec.partners, AHEAD)), world.spec.days
    closed = 1 - np.exp(-np.arange(1, AHEAD + 1) / _CLOSING_DAYS)
    here = world.deals[(world.deals["day"] < end) & (world.deals["close"] >= end)]
    for lead, who in zip(here["lead"].astype(int), here["partner"].astype(int), strict=True):
        out[who] *= 1 - world.flow.p_close(lead, np.array([who]))[0] * closed
    able = (world.own["day"] < end) & (world.own["close"] >= end)
    able &= world.careers.graduated[world.own["partner"]] < end
    for who in world.own["partner"][able]:
        out[who] *= 1 - 1 / (1 + np.exp(0.4 - 0.4 * world.companies.general[who])) * closed
    return out


def fit(world: World, clock: Clock) -> pd.DataFrame:
    """Return P(first won deal within 365 days of recruitment) of prospects and recruits."""
    spec, companies = world.spec, world.companies
    day = np.concatenate([world.careers.recruited, np.full(companies.n - spec.partners, spec.days)])
    return pd.DataFrame({"partner": companies.ids, "as_of": clock.at(day), "p_productive": companies.p_fit})


def match(world: World, clock: Clock) -> pd.DataFrame:
    """Return P(accepts and wins within 180 days) of open leads and of the newest routed ones with active partners."""
    flow, end = world.flow, world.spec.days
    chosen = world.offers[world.offers["hop"] == 0].set_index("lead")["partner"]
    routed = np.flatnonzero(~flow.backlog)[-_ROUTED:]
    frames = []
    for lead in [*routed.tolist(), *np.flatnonzero(flow.backlog).tolist()]:
        waits = bool(flow.backlog[lead])
        frame = _pairs(world, lead, float(end if waits else flow.day[lead]), waits)
        frames.append(frame.assign(chosen=False if waits else frame["who"] == chosen.get(lead, -1)))
    pairs = pd.concat(frames, ignore_index=True)
    pairs["partner"] = world.companies.ids[pairs["who"]]
    pairs["lead"] = lead_ids(world.spec)[pairs["lead"]]
    return pairs.assign(as_of=clock.at(pairs["day"].to_numpy())).drop(columns=["who", "day"])


def _pairs(world: World, lead: int, day: float, waits: bool) -> pd.DataFrame:
    flow, careers = world.flow, world.careers
    who = np.flatnonzero((careers.graduated <= day) & (day < careers.ended))
    pool = flow.pool(lead, careers, day)
    now = min(int(day), world.spec.days) - 1
    accepts = flow.p_accept(lead, who, world.load(day)[who]) * world.there[who, now]
    stays = 1 / (1 + _CLOSING_DAYS * careers.hazard[who, now + 1 : now + 61].mean(axis=1))
    in_time = 1 - np.exp(-(180 - 2) / _CLOSING_DAYS)
    chances = np.zeros(world.spec.partners)
    if len(pool) and not waits:
        chances[pool] = flow.chances(pool)
    columns = {"lead": lead, "who": who, "day": day, "open": waits, "eligible": np.isin(who, pool)}
    p = {"p_accept": accepts, "p_win": accepts * flow.p_close(lead, who) * stays * in_time}
    return pd.DataFrame({**columns, **p, "propensity": chances[who]})


def recommend(world: World, clock: Clock) -> pd.DataFrame:
    """Return P(engages within 90 days of the end) of every partner not ended with every asset and offer."""
    careers, end = world.careers, world.spec.days
    rows = np.flatnonzero(careers.ended >= end)
    survives = np.cumprod(1 - careers.hazard[:, end : end + _WINDOW], axis=1)
    level = (careers.level[:, end : end + _WINDOW] * survives)[rows]
    frames = []
    for number, kind in enumerate(("asset", "offer")):
        shelf, seen = world.engagement.shelves[number], _engaged(world, number, 0, end)
        profile = world.engagement.profiles[number][:, end : end + _WINDOW]
        mean = (level @ profile.T) * world.engagement.tastes[number][rows]
        there = (shelf.start < end) & (shelf.stop > end)
        p = world.there[rows, -1][:, None] * (1 - np.exp(-mean))
        frame = pd.DataFrame(
            {
                "partner": np.repeat(world.companies.ids[rows], shelf.n),
                "kind": kind,
                "item": np.tile(shelf.ids, len(rows)),
            }
        )
        frame["seen"], frame["available"] = seen[rows].ravel(), np.tile(there, len(rows))
        frames.append(frame.assign(p_engage=np.where(there, p, 0.0).ravel()))
    both = pd.concat(frames, ignore_index=True)
    return both.assign(as_of=clock.at(np.full(len(both), end)))


def _engaged(world: World, number: int, first: float, last: float) -> Array:
    events = world.engagement.events
    rows = events[(events["shelf"] == number) & (events["day"] >= first) & (events["day"] < last)]
    out = np.zeros((world.spec.partners, world.engagement.shelves[number].n), dtype=bool)
    out[rows["partner"], rows["item"]] = True
    return out


def later(world: World) -> pd.DataFrame:
    """Return what was engaged with in the 90 days after the end."""
    end, frames = world.spec.days, []
    for number, kind in enumerate(("asset", "offer")):
        who, item = np.nonzero(_engaged(world, number, end, end + _WINDOW))
        ids = world.engagement.shelves[number].ids
        frames.append(pd.DataFrame({"partner": world.companies.ids[who], "kind": kind, "item": ids[item]}))
    return pd.concat(frames, ignore_index=True)
