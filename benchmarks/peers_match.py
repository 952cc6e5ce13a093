"""Peers for matching: Odoo's naive Bayes and a plain LightGBM on pairs, from the exported records alone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

_DAYS = 180
_LEAD = ("country", "region", "industry", "source", "product")
_PARTNER = ("kind", "tier", "program", "region")


def read(folder: Path, name: str) -> pd.DataFrame:
    """Return one exported table, references and ids as text; an empty one if it is not there."""
    for path in folder.glob(f"{name}.*"):
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, low_memory=False)
    return pd.DataFrame()


@dataclass
class Records:
    """What a router has at hand: offers with outcomes, leads, partners, as of `end` (naive UTC).

    ``offers`` are those whose outcome is known by then, ``every`` is all of them, also later ones.
    """

    folder: Path
    end: pd.Timestamp

    def __post_init__(self) -> None:
        """Read the tables."""
        self.leads = read(self.folder, "leads").set_index("external_id")
        self.partners = read(self.folder, "partners").set_index("external_id")
        offers, deals = read(self.folder, "assignments"), read(self.folder, "deals")
        for frame, column in ((offers, "offered_at"), (offers, "responded_at"), (deals, "closed_at")):
            frame[column] = naive(frame[column])
        self.every = offers
        self.offers = self._outcomes(offers, deals)

    def _outcomes(self, offers: pd.DataFrame, deals: pd.DataFrame) -> pd.DataFrame:
        """Return the offers whose outcome is known at the end: refused, won or lost, or older than 180 days."""
        deals = deals.dropna(subset=["lead"]).drop_duplicates(["lead", "partner"], keep="last")
        deals = deals[deals["closed_at"] <= self.end]
        offers = offers[offers["offered_at"] <= self.end]
        both = offers.merge(deals[["lead", "partner", "outcome", "closed_at"]], on=["lead", "partner"], how="left")
        in_time = (both["closed_at"] - both["offered_at"]).dt.days < _DAYS
        both["won"] = ((both["outcome"] == "won") & in_time).astype(float)
        refused = both["response"].isin(["declined", "expired", "withdrawn"]) & (both["responded_at"] <= self.end)
        late = both["offered_at"] + pd.Timedelta(days=_DAYS)
        both["known_at"] = both["closed_at"].fillna(both["responded_at"].where(refused)).fillna(late)
        known = both[both["known_at"] <= self.end]
        return known.sort_values("offered_at", ignore_index=True)

    def pairs(self, lead: pd.Series, partner: pd.Series) -> pd.DataFrame:
        """Return obvious columns of lead and partner and of how they suit each other, aligned with the input."""
        a, b = self.leads.reindex(lead).reset_index(drop=True), self.partners.reindex(partner).reset_index(drop=True)
        shared = {f"lead.{name}": a[name] for name in _plain(self.leads)} | {
            f"partner.{name}": b[name] for name in _plain(self.partners)
        }
        frame = pd.DataFrame(shared)
        named = zip(a["industry"].fillna("?"), b["industries"].fillna(""), strict=True)
        frame["same_industry"] = [float(one in str(many).split(";")) for one, many in named]
        frame["same_country"] = (a["country"] == b["country"]).astype(float)
        frame["same_region"] = ((a["region"] == b["region"]) & (a["country"] == b["country"])).astype(float)
        frame["kilometres"] = _kilometres(a, b)
        frame["partner"] = partner.to_numpy()
        return frame


class NaiveBayes:
    """Odoo's scoring: frequencies of won and lost per value, plus 0.1; here with the partner as one of the columns.

    What only the lead says cancels in a ranking of partners, so columns of the pair are added: partner, same
    industry, same country, same region, partner's kind and tier.
    """

    _COLUMNS = ("partner", "same_industry", "same_country", "same_region", "partner.kind", "partner.tier")

    def fit(self, pairs: pd.DataFrame, won: pd.Series) -> "NaiveBayes":
        """Count."""
        self.tables_: dict[str, dict[str, float]] = {}
        for name in self._COLUMNS:
            if name in pairs:
                counts = pd.crosstab(pairs[name].astype(str), won.to_numpy()).reindex(columns=[0.0, 1.0], fill_value=0)
                share = (counts + 0.1) / (counts.sum() + 0.1)
                self.tables_[name] = dict(zip(share.index, np.log(share[1.0] / share[0.0]), strict=True))
        return self

    def score(self, pairs: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the log-odds up to a constant."""
        parts = [pairs[name].astype(str).map(table).fillna(0.0) for name, table in self.tables_.items()]
        return np.asarray(sum(parts), dtype=float)


class PlainTrees:
    """LightGBM with its defaults on the pairs' columns and the partner's record so far."""

    def fit(self, pairs: pd.DataFrame, offers: pd.DataFrame) -> "PlainTrees":
        """Fit on the pairs of `offers`, with the partner's record before each."""
        from lightgbm import LGBMClassifier

        self.offers_ = offers
        frame = pairs.drop(columns="partner").assign(**offer_record(offers, offers["partner"], offers["offered_at"]))
        self.words_ = {name: frame[name].astype("category").cat.categories for name in _text_columns(frame)}
        self.model_ = LGBMClassifier(verbose=-1, n_jobs=1, random_state=7).fit(self._coded(frame), offers["won"])
        return self

    def score(self, pairs: pd.DataFrame, at: pd.Series) -> npt.NDArray[np.float64]:
        """Return the probabilities of winning, each as of its instant in `at`."""
        frame = pairs.drop(columns="partner").assign(**offer_record(self.offers_, pairs["partner"], at))
        return np.asarray(self.model_.predict_proba(self._coded(frame)))[:, 1]

    def _coded(self, frame: pd.DataFrame) -> pd.DataFrame:
        words = {name: pd.Categorical(frame[name], categories=known) for name, known in self.words_.items()}
        coded = frame.assign(**words)
        return coded.rename(columns={name: f"c{k}" for k, name in enumerate(coded)})


def naive(column: pd.Series) -> pd.Series:
    """Return instants in UTC without zone."""
    return pd.to_datetime(column, utc=True, format="ISO8601").dt.tz_localize(None)


def _plain(frame: pd.DataFrame) -> list[str]:
    """Return columns that a first model would take: numbers, and words with up to 60 values."""
    skip = {"latitude", "longitude", "owner_group", "ended_at", "status", "recruited_at", "account_manager"}
    known = [str(name) for name in frame if name not in skip and frame[name].notna().any()]
    return [
        name
        for name in known
        if pd.api.types.is_numeric_dtype(frame[name]) or name in {*_LEAD, *_PARTNER} or frame[name].nunique() <= 60
    ]


def _text_columns(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]


def offer_record(offers: pd.DataFrame, partner: pd.Series, at: pd.Series) -> dict[str, npt.NDArray[np.float64]]:
    """Return each partner's record of known outcomes at an instant."""
    so_far = offers.sort_values("known_at")[["known_at", "partner", "won"]]
    groups = so_far.groupby("partner")["won"]
    so_far = so_far.assign(asked=groups.cumcount() + 1.0, won_before=groups.cumsum()).drop(columns="won")
    wanted = pd.DataFrame({"partner": partner.to_numpy(), "at": pd.to_datetime(at).to_numpy("datetime64[us]")})
    wanted = wanted.assign(row=np.arange(len(wanted))).sort_values("at")
    so_far["known_at"] = so_far["known_at"].astype(wanted["at"].dtype)
    found = pd.merge_asof(
        wanted, so_far, left_on="at", right_on="known_at", by="partner", allow_exact_matches=False
    ).sort_values("row")
    asked, won = (found[name].fillna(0.0).to_numpy(float) for name in ("asked", "won_before"))
    return {"asked": asked, "won_before": won, "rate": (won + 1) / (asked + 5)}


def _kilometres(a: pd.DataFrame, b: pd.DataFrame) -> npt.NDArray[np.float64]:
    if not {"latitude", "longitude"} <= set(a) & set(b):
        return np.full(len(a), np.nan)
    (fa, la), (fb, lb) = (np.radians(x[["latitude", "longitude"]].to_numpy(float)).T for x in (a, b))
    chord = np.sin((fa - fb) / 2) ** 2 + np.cos(fa) * np.cos(fb) * np.sin((la - lb) / 2) ** 2
    return np.asarray(2 * 6371 * np.arcsin(np.sqrt(np.clip(chord, 0, 1))))
