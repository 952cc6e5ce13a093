"""The rival programme as files of the import format."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.rival.cast import Array, Companies, RivalSpec, Shelf, Trade, themed
from benchmarks.rival.course import Careers, Engagement, Leads
from benchmarks.rival.words import HINTS, INDUSTRIES, KINDS, PLACES, SOURCES, THEMES

_PLAIN = ("session", "call", "ticket", "workshop")
_ON_ASSET = ("asset_view", "asset_download", "shared_with_customer")


class Clock:
    """Turns days since the start into instants."""

    def __init__(self, spec: RivalSpec) -> None:
        self.start = pd.Timestamp(spec.end).tz_convert("UTC").tz_localize(None) - pd.Timedelta(days=spec.days)

    def at(self, day: Array) -> pd.Series:
        """Return instants to the second; NaN and infinity give NaT."""
        days = pd.Series(np.where(np.isfinite(day), day, np.nan))
        offset = pd.to_timedelta((days * 86_400).round(), unit="s")
        return pd.Series(pd.DatetimeIndex(offset + self.start).as_unit("us"))

    def on(self, day: Array) -> pd.Series:
        """Return dates."""
        return pd.Series(self.at(day).dt.strftime("%Y-%m-%d"))


def partners(companies: Companies, trade: Trade, careers: Careers, spec: RivalSpec, clock: Clock) -> pd.DataFrame:
    """Return all companies; blanks where the programme knows nothing."""
    rng, n = np.random.default_rng([spec.seed, 71]), companies.n
    places = pd.DataFrame(PLACES, columns=["country", "region", "city", "la", "lo", "language"]).iloc[companies.place]
    places = places.reset_index(drop=True)
    frame = pd.DataFrame({"external_id": companies.ids, "name": [f"Casa {code[1:]} & Co" for code in companies.ids]})
    frame["kind"] = np.array(KINDS)[companies.kind]
    frame = frame.join(places[["country", "region", "city"]])
    region = places["country"] + "-" + places["region"]
    frame["territories"] = places["country"].where(companies.wide, region)
    named = [";".join(INDUSTRIES[k] for k in row) for row in trade.named]
    frame["industries"] = _blank(named, 0.1, rng)
    frame["languages"] = [";".join(spoken) for spoken in companies.languages]
    frame["employees"] = _blank(np.ceil(np.exp(2.6 + 1.2 * companies.size)).clip(1, 9e5), 0.12, rng)
    revenue = np.exp(13 + 1.2 * companies.size + rng.normal(0, 0.5, n)).round(-3)
    frame["annual_revenue"] = _blank(revenue, 0.4, rng)
    frame["description"] = companies.texts
    frame["latitude"], frame["longitude"] = companies.latitude.round(4), companies.longitude.round(4)
    frame["engineers"] = _blank(np.round(np.exp(1.5 + 0.8 * companies.engineers)), 0.25, rng)
    frame["review_score"] = _blank(
        (3.2 + 0.5 * companies.general + rng.normal(0, 0.6, n)).clip(1, 5).round(1), 0.3, rng
    )
    frame["badge_colour"] = rng.choice(("teal", "ochre", "plum", "grey"), n)
    frame["fax_extension"] = rng.integers(100, 999, n)
    frame["wants_newsletter"] = rng.random(n) < 0.5
    frame["owner_group"] = np.array(["x", "y", "z"])[companies.group]
    return frame.join(_status(careers, spec, clock, n))


def _status(careers: Careers, spec: RivalSpec, clock: Clock, n: int) -> pd.DataFrame:
    blank = np.full(n - spec.partners, np.nan)
    left = careers.ended < spec.days
    status = np.where(left, "ended", np.where(careers.graduated < spec.days, "active", "onboarding"))
    return pd.DataFrame(
        {
            "status": [*status, *["prospect"] * len(blank)],
            "recruited_at": clock.at(np.concatenate([careers.recruited, blank])),
            "ended_at": clock.at(np.concatenate([np.where(left, careers.ended, np.nan), blank])),
        }
    )


def changes(companies: Companies, careers: Careers, spec: RivalSpec, clock: Clock) -> pd.DataFrame:
    """Return the history of `status`."""
    steps = ((careers.recruited, "onboarding"), (careers.graduated, "active"), (careers.ended, "ended"))
    frames = []
    for day, value in steps:
        rows = np.flatnonzero(day < spec.days)
        who = companies.ids[rows]
        frames.append(pd.DataFrame({"external_id": who, "changed_at": clock.at(day[rows]), "value": value}))
    return pd.concat(frames, ignore_index=True).assign(resource="partners", field="status").drop_duplicates()


def leads(flow: Leads, clock: Clock, product_ids: Array) -> pd.DataFrame:
    """Return the leads; their difficulty shows only in a noisy grade and in a sentence."""
    spec, rng = flow.spec, np.random.default_rng([flow.spec.seed, 72])
    places = [PLACES[k] for k in flow.place]
    hint = [HINTS[place[5]][0 if ready else 1] for place, ready in zip(places, flow.ready, strict=True)]
    theme = flow.product % len(THEMES)
    need = [themed(rng, int(k), place[5], spec.text_signal, 1) for k, place in zip(theme, places, strict=True)]
    shown = rng.random(spec.leads) < spec.text_signal
    frame = pd.DataFrame({"external_id": lead_ids(spec), "created_at": clock.at(flow.day)})
    frame["company"] = [f"Cliente {k}" for k in range(spec.leads)]
    frame["country"], frame["region"], frame["city"] = ([place[k] for place in places] for k in range(3))
    frame["industry"] = _blank(np.array(INDUSTRIES)[flow.industry], 0.04, rng)
    frame["source"], frame["product"] = np.array(SOURCES)[flow.source], product_ids[flow.product]
    frame["employees"] = _blank(np.ceil(np.exp(3 + flow.size)), 0.2, rng)
    frame["estimated_amount"] = _blank(_amount(flow, rng), 0.15, rng)
    frame["description"] = [f"{a} {b}" if known else a for a, b, known in zip(need, hint, shown, strict=True)]
    frame["latitude"], frame["longitude"] = flow.latitude.round(4), flow.longitude.round(4)
    frame["complexity"] = np.clip(np.round(3 + 0.9 * flow.difficulty + rng.normal(0, 0.6, spec.leads)), 1, 5)
    frame["utm_code"] = [f"u{k}" for k in rng.integers(40, size=spec.leads)]
    return frame


def _amount(flow: Leads, rng: np.random.Generator) -> Array:
    return np.asarray(np.exp(8.5 + 0.5 * flow.size + rng.normal(0, 0.5, flow.spec.leads)).round(2))


def lead_ids(spec: RivalSpec) -> Array:
    """Return external ids of leads."""
    return np.array([f"Z{k:06d}" for k in range(1, spec.leads + 1)])


def assignments(flow: Leads, companies: Companies, clock: Clock) -> pd.DataFrame:
    """Return the offers of leads, and the answers given by the end."""
    rows = pd.DataFrame(flow.offers, columns=["lead", "partner", "day", "hop", "propensity", "response", "answered"])
    known = rows["answered"] < flow.spec.days
    return pd.DataFrame(
        {
            "lead": lead_ids(flow.spec)[rows["lead"].to_numpy(int)],
            "partner": companies.ids[rows["partner"].to_numpy(int)],
            "offered_at": clock.at(rows["day"].to_numpy()),
            "response": rows["response"].where(known),
            "responded_at": clock.at(rows["answered"].where(known).to_numpy()),
            "propensity": rows["propensity"].where(rows["hop"] == 0),
        }
    )


def deals(flow: Leads, own: pd.DataFrame, companies: Companies, clock: Clock, product_ids: Array) -> pd.DataFrame:
    """Return deals from leads and the partners' own, as known at the end."""
    rng, spec = np.random.default_rng([flow.spec.seed, 73]), flow.spec
    routed = pd.DataFrame(flow.deals, columns=["lead", "partner", "day", "close", "won", "routed"])
    rows = pd.concat([routed.drop(columns="routed"), own.assign(lead=-1)], ignore_index=True)
    rows = rows[rows["day"] < spec.days].sort_values("day", ignore_index=True)
    source = rows["lead"].to_numpy(int)
    home = companies.place[rows["partner"].to_numpy(int)]
    place = np.where(source >= 0, flow.place[source], home) if spec.leads else home
    product = rng.integers(spec.products, size=len(rows))
    product = np.where(source >= 0, flow.product[source], product) if spec.leads else product
    closed = rows["close"] < spec.days
    frame = pd.DataFrame({"external_id": [f"N{k:06d}" for k in range(1, len(rows) + 1)]})
    frame["partner"] = companies.ids[rows["partner"].to_numpy(int)]
    frame["registered_at"] = clock.at(rows["day"].to_numpy())
    frame["lead"] = pd.Series(lead_ids(spec)[source] if spec.leads else "", index=frame.index).where(source >= 0)
    frame["country"], frame["region"] = ([PLACES[k][part] for k in place] for part in range(2))
    frame["product"] = product_ids[product]
    frame["outcome"] = pd.Series(np.where(rows["won"], "won", "lost")).where(closed)
    frame["closed_at"] = clock.at(rows["close"].where(closed).to_numpy())
    frame["amount"] = np.exp(8.3 + rng.normal(0, 0.9, len(rows))).round(2)
    return frame


def shelf_rows(shelf: Shelf, clock: Clock, spec: RivalSpec) -> pd.DataFrame:
    """Return assets or offers; half of the assets name their topic."""
    rng = np.random.default_rng([spec.seed, 74 + shelf.passing])
    frame = pd.DataFrame({"external_id": shelf.ids, "title": [text[0] for text in shelf.texts]})
    frame["body"] = [text[1] for text in shelf.texts]
    last = np.where(shelf.stop < 9e3, shelf.stop - 1, np.nan)
    if shelf.passing:
        return frame.assign(kind="reward", valid_from=clock.on(np.ceil(shelf.start)), valid_to=clock.on(last))
    frame["kind"], frame["language"] = rng.choice(("manual", "film", "course", "case"), shelf.n), shelf.language
    frame["topics"] = _blank(np.array(list(THEMES))[shelf.topic], 0.5, rng)
    return frame.assign(published_at=clock.at(shelf.start), expires_at=clock.at(last))


def activities(engagement: Engagement, companies: Companies, clock: Clock, spec: RivalSpec) -> pd.DataFrame:
    """Return the signs of life until the end, to the second."""
    rng = np.random.default_rng([spec.seed, 76])
    rows = engagement.events[engagement.events["day"] < spec.days].reset_index(drop=True)
    shelf, item = rows["shelf"].to_numpy(), rows["item"].to_numpy()
    plain, viewed = rng.choice(_PLAIN, len(rows)), rng.choice(_ON_ASSET, len(rows))
    frame = pd.DataFrame({"partner": companies.ids[rows["partner"]], "occurred_at": clock.at(rows["day"].to_numpy())})
    frame["kind"] = np.select([shelf == 0, shelf == 1], [viewed, "reward_claim"], plain)
    for number, name in enumerate(("asset", "offer")):
        ids = engagement.shelves[number].ids
        named = ids[np.clip(item, 0, len(ids) - 1)] if len(ids) else np.full(len(rows), "")
        frame[name] = pd.Series(named, index=frame.index).where(shelf == number)
    return frame.drop_duplicates(["partner", "occurred_at", "kind", "asset", "offer"]).sort_values("occurred_at")


def write(folder: Path, tables: dict[str, pd.DataFrame]) -> dict[str, int]:
    """Write the tables; return rows of each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        if name == "activities":
            frame.to_parquet(folder / f"{name}.parquet", index=False)
        else:
            frame.to_csv(folder / f"{name}.csv", index=False)
    return {name: len(frame) for name, frame in tables.items()}


def _blank(values: object, share: float, rng: np.random.Generator) -> pd.Series:
    column = pd.Series(values)
    return column.where(rng.random(len(column)) >= share)
