"""Why a partner stands where it stands: facts from its record, chosen by what moved the number."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from intelligence.features.pair_world import DAY_US, LeadBatch
from intelligence.matching.record import Record
from models.affinity import AffinityParameters

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_SILENT = ("days_since_offer", "open_deals", "tries", "all_rate", "lead", "amount_gap", "affinity_gap")
_SUMMARIES = ("affinity", "affinity_gap", "affinity_share", "affinity_rank")
_AMOUNTS = {"employees": "from companies of this size", "estimated_amount": "of this amount"}
_PLACES = {"industry": "in {}", "place": "in {}", "city_place": "in {}", "country": "in {}", "product": "for {}"}
_OTHERS = {"product_category": "for {}", "source": "from {}", "program": "in programme {}"}
_PHRASES = {**_AMOUNTS, **_PLACES, **_OTHERS}
_SINCE = {"days_since_win": "Last win", "days_since_deal": "Last deal registered", "days_since_offer": "Last offer"}
_FACTS = {
    "co_customer": "Shares customers with partners that won this one",
    "text_like": "Has won leads that read much like this one",
    "country_match": "Is in the customer's country",
    "region_match": "Is in the customer's region",
    "city_match": "Is in the customer's city",
    "language_match": "Speaks the customer's language",
}
_NAMING = {
    "industry_match": ("industry", "Names {} among its industries"),
    "certified": ("product", "Holds the certifications for {}"),
}
_HABITS = {
    "accept_rate": lambda value: f"Accepts about {100 * value:.0f} % of the leads it is offered",
    "close_rate": lambda value: f"Wins about {100 * value:.0f} % of the deals it works",
    "response_days": lambda value: f"Answers offers within {max(value, 0.1):.1f} days",
    "open_leads": lambda value: f"Has {value:.0f} open lead{'' if value == 1 else 's'}",
    "load": lambda value: f"Uses {100 * value:.0f} % of its capacity",
    "open_deals": lambda value: f"Has {value:.0f} open deal{'' if value == 1 else 's'}",
    "tries": lambda value: f"{np.expm1(value):.0f} outcomes on record",
    "customer_wins": lambda value: f"Has won {_times(value)} with this customer" if value > 0 else "",
    "customer_deals": lambda value: f"Has registered {_times(value)} with this customer" if value > 0 else "",
    "nearness": lambda value: f"{10 * np.expm1(-value):,.0f} km from the customer" if value < 0 else "",
}


class Explainer:
    """Puts features of ranked pairs into words.

    Parameters
    ----------
    record : Record
        For counts.
    batch : LeadBatch
        The leads asked about.
    affinity : AffinityParameters
        Weights of the terms behind the affinity, which is explained by its strongest term.
    """

    def __init__(self, record: Record, batch: LeadBatch, affinity: AffinityParameters) -> None:
        self._record = record
        self._batch = batch
        self._weights = dict(zip(affinity.names, affinity.weights, strict=True))
        self._columns: dict[str, list[Any]] = {}
        self._phrases: dict[tuple[str, int], str] = {}

    def _value(self, name: str, lead: int) -> Any:
        if name not in self._columns:
            frame = self._batch.frame
            self._columns[name] = list(frame[name].astype(object)) if name in frame else [None] * len(frame)
        return self._columns[name][lead]

    def reasons(self, row: "Row") -> list[str]:
        """Three sentences: what speaks most for the partner; empty ones where there is no more to say."""
        texts: list[str] = []
        order = np.argsort(-row.moved, kind="stable")
        speaking = [int(k) for k in order if row.moved[k] > 0 or len(order) <= 3]
        for k in speaking or order.tolist():
            name = row.names[k]
            text = "" if name.startswith(_SILENT) else self.text(name, row)
            if text and text not in texts:
                texts.append(text)
            if len(texts) == 3:
                break
        return texts + [""] * (3 - len(texts))

    def text(self, name: str, row: "Row") -> str:
        """Say what a feature of a pair means; empty where there is nothing to say."""
        value = row.values.get(name)
        kind, _, attribute = name.partition(".")
        if name in _SUMMARIES:
            return self._summary(row)
        if kind in ("rate", "lift") or name.startswith("wins"):
            return self._counted(attribute, row)
        if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
            return ""
        if kind in ("lead", "partner", "all_rate"):
            return _described(kind, attribute, value)
        return self._fact(name, float(value), row)

    def _summary(self, row: "Row") -> str:
        """Say what stands behind the affinity: the term that adds most to it."""
        parts = [(weight * _number(row.values.get(name)), name) for name, weight in self._weights.items()]
        for part, name in sorted(parts, reverse=True):
            text = self.text(name, row) if part > 0 else ""
            if text:
                return text
        return "" if parts else "Its record fits this lead"

    def _counted(self, attribute: str, row: "Row") -> str:
        codes = self._batch.codes[row.lead]
        won, total, first = self._record.count(row.partner, row.at_us, attribute, codes)
        if not total:
            return ""
        what = "leads" if total > 1 or not self._record.only_wins else "lead"
        if attribute:
            what = f"similar {what} {self._phrase(attribute, row.lead)}"
        share = f"Won {won}" if self._record.only_wins else f"Won {won} of {total}"
        return f"{share} {what} since {_month(first, row.at_us)}"

    def _phrase(self, attribute: str, lead: int) -> str:
        key = (attribute, lead)
        if key not in self._phrases:
            value = self._value(attribute, lead)
            shown = f"about {value:,.4g}" if isinstance(value, float) else str(value).strip("/")
            shown = shown.rsplit("/", 1)[-1] if attribute == "city_place" else shown
            pattern = _PHRASES.get(attribute, f"with {attribute.removeprefix('attributes.')} {{}}")
            self._phrases[key] = pattern.replace("{}", shown)
        return self._phrases[key]

    def _fact(self, name: str, value: float, row: "Row") -> str:
        if name in _SINCE:
            return f"{_SINCE[name]} on {_day(value, row.at_us)}"
        if name in _NAMING:
            column, sentence = _NAMING[name]
            return sentence.replace("{}", str(self._value(column, row.lead))) if value > 0 else ""
        if name in _FACTS:
            return _FACTS[name] if value > 0 else ""
        habit = _HABITS.get(name)
        return habit(value) if habit is not None else ""


class Row:
    """One ranked pair as the explainer sees it.

    Parameters
    ----------
    lead, partner, at_us : int
        Row of the batch, position, instant.
    names : sequence of str
        Features that moved the number.
    moved : float64 array
        Their contributions.
    values : mapping of str to object
        All feature values.
    """

    def __init__(
        self, lead: int, partner: int, at_us: int, names: Sequence[str], moved: Floats, values: Mapping[str, Any]
    ) -> None:
        self.lead = lead
        self.partner = partner
        self.at_us = at_us
        self.names = names
        self.moved = moved
        self.values = values


def _number(value: Any) -> float:
    return float(value) if isinstance(value, float) and not np.isnan(value) else 0.0


def _times(value: float) -> str:
    count = round(float(np.expm1(value)))
    return f"{count} deal{'' if count == 1 else 's'}"


def _described(kind: str, attribute: str, value: Any) -> str:
    plain = attribute.removeprefix("attributes.").replace("_", " ")
    if kind == "all_rate":
        return f"Leads with this {plain} are won {100 / (1 + np.exp(-float(value))):.0f} % of the time"
    shown = f"{value:,.4g}" if isinstance(value, float) else str(value)
    if kind == "lead":
        return f"Lead's {plain}: {shown}"
    if attribute == "age_years":
        return f"Partner for {value:.1f} years"
    return f"Partner's {plain}: {shown}" if plain else ""


def _month(at_us: int, now_us: int) -> str:
    stamp = pd.Timestamp(np.datetime64(at_us, "us"))
    return str(stamp.strftime("%B" if now_us - at_us < 330 * DAY_US else "%B %Y"))


def _day(days_ago: float, now_us: int) -> str:
    stamp = pd.Timestamp(np.datetime64(now_us - int(days_ago * DAY_US), "us"))
    return f"{stamp.day} {stamp.strftime('%B %Y')}"
