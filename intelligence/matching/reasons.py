"""Why a partner stands where it stands: facts from its record, chosen by what moved the number."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.language import Language, spoken
from intelligence.features.pair_world import DAY_US, LeadBatch
from intelligence.matching.record import Record
from models.affinity import AffinityParameters

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_SILENT = ("days_since_offer", "open_deals", "tries", "all_rate", "lead", "amount_gap", "affinity_gap", "size_gap")
_EPOCH = date(1970, 1, 1)
_MOST_SAID = 20_000
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_SUMMARIES = ("affinity", "affinity_gap", "affinity_share", "affinity_rank")
# Sentences by feature, in English; other languages by the catalogues. What stands in [ ] is left out where only
# wins are on record, because then shares mean nothing.
_SIMILAR = {
    "employees": "from companies of this size",
    "estimated_amount": "of this amount",
    "industry": "in {what}",
    "place": "in {what}",
    "city_place": "in {what}",
    "country": "in {what}",
    "product": "for {what}",
    "product_category": "for {what}",
    "source": "from {what}",
    "program": "in programme {what}",
}
_SIMILAR_OTHER = "with {name} {what}"


def _won(lead: str, tail: str = "") -> str:
    return " ".join(filter(None, ("Won {won}[ of {total}]", lead, tail, "since {month}")))


def _both(tail: str) -> tuple[str, str]:
    return _won("similar lead", tail), _won("similar leads", tail)


_SINCE = {
    "days_since_win": "Last win on {}",
    "days_since_deal": "Last deal registered on {}",
    "days_since_offer": "Last offer on {}",
    "days_since_seen": "Last sign of life on {}",
}
_FACTS = {
    "co_customer": "Shares customers with partners that won this one",
    "text_like": "Has won leads that read much like this one",
    "text_fit": "What it says of itself goes with what the lead asks for",
    "country_match": "Is in the customer's country",
    "region_match": "Is in the customer's region",
    "city_match": "Is in the customer's city",
    "language_match": "Speaks the customer's language",
}
_NAMING = {
    "industry_match": ("industry", "Names {} among its industries"),
    "certified": ("product", "Holds the certifications for {}"),
}
_SHARES = {
    "accept_rate": "Accepts about {} % of the leads it is offered",
    "close_rate": "Wins about {} % of the deals it works",
    "load": "Uses {} % of its capacity",
}
_COUNTS = {
    "open_leads": ("Has {n} open lead", "Has {n} open leads"),
    "open_deals": ("Has {n} open deal", "Has {n} open deals"),
    "tries": ("{n} outcome on record", "{n} outcomes on record"),
    "seen_30": ("{n} sign of life in the last 30 days", "{n} signs of life in the last 30 days"),
    "seen_90": ("{n} sign of life in the last 90 days", "{n} signs of life in the last 90 days"),
    "seen_365": ("{n} sign of life in the last 365 days", "{n} signs of life in the last 365 days"),
    "customer_wins": ("Has won {n} deal with this customer", "Has won {n} deals with this customer"),
    "customer_deals": ("Has registered {n} deal with this customer", "Has registered {n} deals with this customer"),
}
_LOGGED = ("tries", "customer_wins", "customer_deals", "seen_30", "seen_90", "seen_365")  # log1p of a count
_RESPONSE = ("Answers offers within {n} day", "Answers offers within {n} days")
_NEAR = "{} km from the customer"
_USUAL = "Its deals usually are worth about {}"
_ROUND = "The lead's {name} is a round number"
_EXACT = "The lead's {name} is not a round number"
_FITS = "Its record fits this lead"
_ALL_RATE = "Leads with this {name} are won {what} % of the time"
_LEAD, _PARTNER = "Lead's {name}: {what}", "Partner's {name}: {what}"
_YEARS = ("Partner for {n} year", "Partner for {n} years")

MESSAGES = frozenset(
    {
        _NEAR,
        _USUAL,
        _ROUND,
        _EXACT,
        _FITS,
        _ALL_RATE,
        _LEAD,
        _PARTNER,
        *_SINCE.values(),
        *_FACTS.values(),
        *_SHARES.values(),
    }
    | {text for _, text in _NAMING.values()}
)
"""All sentences that are translated."""
PLURALS = frozenset(
    {_RESPONSE, _YEARS, *_COUNTS.values(), (_won("lead"), _won("leads"))}
    | {_both(tail) for tail in (*_SIMILAR.values(), _SIMILAR_OTHER)}
)
"""All pairs of singular and plural that are translated."""


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
    language : Language, optional
        Default: that of whoever is being answered.
    """

    def __init__(
        self, record: Record, batch: LeadBatch, affinity: AffinityParameters, language: Language | None = None
    ) -> None:
        self._record = record
        self._batch = batch
        self._language = language or spoken()
        self._said: dict[tuple[int, str, Any], str] = {}
        self._told = _Told(None)
        self._weights = dict(zip(affinity.names, affinity.weights, strict=True))

    def _value(self, name: str, lead: int) -> Any:
        return self._batch.objects(name)[lead]

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
        said = self._of(row).said
        if name not in said:
            said[name] = self._text(name, row)
        return said[name]

    def _of(self, row: "Row") -> "_Told":
        """Return what was said of a row so far, anew for each row: several features come down to the same facts."""
        if self._told.row is not row:
            self._told = _Told(row)
        return self._told

    def _text(self, name: str, row: "Row") -> str:
        value = row.values.get(name)
        kind, _, attribute = name.partition(".")
        if name in _SUMMARIES:
            return self._summary(row)
        if kind in ("rate", "lift") or name.startswith("wins"):
            return self._counted(attribute, row)
        if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
            return ""
        if name in _SINCE:
            return self._fact(name, float(value), row)
        key = row.lead, name, value
        if key not in self._said:  # of the lead, or of many partners alike
            if len(self._said) > _MOST_SAID:
                self._said.clear()
            described = kind in ("lead", "partner", "all_rate")
            self._said[key] = (
                self._described(kind, attribute, value) if described else self._fact(name, float(value), row)
            )
        return self._said[key]

    def _summary(self, row: "Row") -> str:
        """Say what stands behind the affinity: the term that adds most to it."""
        said = self._of(row).said
        if _SUMMARIES[0] not in said:
            said[_SUMMARIES[0]] = self._strongest(row)
        return said[_SUMMARIES[0]]

    def _strongest(self, row: "Row") -> str:
        parts = [(weight * _number(row.values.get(name)), name) for name, weight in self._weights.items()]
        for part, name in sorted(parts, reverse=True):
            text = self.text(name, row) if part > 0 else ""
            if text:
                return text
        return "" if parts else self._language.text(_FITS)

    def _counted(self, attribute: str, row: "Row") -> str:
        told = self._of(row)
        if told.counts is None:
            told.counts = self._record.counts(row.partner, row.at_us, self._batch.codes[row.lead])
        won, total, first = told.counts.get(attribute, (0, 0, 0))
        if not total:
            return ""
        if attribute not in told.counted:
            told.counted[attribute] = self._count_told(attribute, row, won, total, first)
        return told.counted[attribute]

    def _count_told(self, attribute: str, row: "Row", won: int, total: int, first: int) -> str:
        tail = _SIMILAR.get(attribute, _SIMILAR_OTHER)
        one, many = _both(tail) if attribute else (_won("lead"), _won("leads"))
        only = total if self._record.only_wins else 2  # "1 of 1 leads", but "1 lead"
        text = _OPTIONAL.sub("" if self._record.only_wins else r"\1", self._language.plural(one, many, only))
        values = {
            "won": won,
            "total": total,
            "what": self._what(attribute, row.lead) if attribute else "",
            "name": _plain(attribute),
            "month": self._month(first, row.at_us),
        }
        return text.format_map(values)

    def _what(self, attribute: str, lead: int) -> str:
        value = self._value(attribute, lead)
        if isinstance(value, float):
            return self._language.number(value, ",.4g")
        shown = str(value).strip("/")
        return shown.rsplit("/", 1)[-1] if attribute == "city_place" else shown

    def _fact(self, name: str, value: float, row: "Row") -> str:
        text = self._language.text
        if name in _SINCE:
            days = float(np.expm1(value)) if name == "days_since_seen" else value
            return text(_SINCE[name]).replace("{}", self._day(days, row.at_us))
        if name in _NAMING:
            column, sentence = _NAMING[name]
            return text(sentence).replace("{}", str(self._value(column, row.lead))) if value > 0 else ""
        if name in _FACTS:
            return text(_FACTS[name]) if value > 0 else ""
        return self._habit(name, value)

    def _habit(self, name: str, value: float) -> str:
        """Say what a partner usually does, or how much it has to do."""
        language = self._language
        if name in _SHARES:
            return language.text(_SHARES[name]).replace("{}", f"{100 * value:.0f}")
        if name in _COUNTS:
            count = round(float(np.expm1(value)) if name in _LOGGED else value)
            return language.plural(*_COUNTS[name], count) if count > 0 or not name.startswith("customer") else ""
        if name == "response_days":
            return language.plural(*_RESPONSE, round(max(value, 0.1), 1))
        sentence, number = _measured(name, value)
        return language.text(sentence).replace("{}", language.number(number, ",.0f")) if sentence else ""

    def _described(self, kind: str, attribute: str, value: Any) -> str:
        language, name = self._language, _plain(attribute)
        if kind == "all_rate":
            share = f"{100 / (1 + np.exp(-float(value))):.0f}"
            return language.text(_ALL_RATE).format_map({"name": name, "what": share})
        if kind == "partner" and attribute == "age_years":
            return language.plural(*_YEARS, round(value, 1))
        if kind == "lead" and attribute.endswith(".roundness"):
            sentence = _ROUND if value > 0 else _EXACT
            return language.text(sentence).format_map({"name": _plain(attribute.removesuffix(".roundness"))})
        shown = language.number(value, ",.4g") if isinstance(value, float) else str(value)
        sentence = _LEAD if kind == "lead" else _PARTNER
        return language.text(sentence).format_map({"name": name, "what": shown}) if name else ""

    def _month(self, at_us: int, now_us: int) -> str:
        day = _date(at_us)
        return self._language.month(day, year=now_us - at_us >= 330 * DAY_US)

    def _day(self, days_ago: float, now_us: int) -> str:
        return self._language.day(_date(now_us - int(days_ago * DAY_US)), year=True)


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


class _Told:
    """What was said of a row so far."""

    def __init__(self, row: Row | None) -> None:
        self.row = row
        self.said: dict[str, str] = {}
        self.counted: dict[str, str] = {}
        self.counts: Mapping[str, tuple[int, int, int]] | None = None


def _date(at_us: int) -> date:
    return _EPOCH + timedelta(microseconds=at_us)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, float) and not np.isnan(value) else 0.0


def _measured(name: str, value: float) -> tuple[str, float]:
    """Return the sentence that tells a measure, and the measure in what it is told in."""
    if name == "nearness" and value < 0:
        return _NEAR, 10 * float(np.expm1(-value))
    if name == "distance_root" and value > 0:
        return _NEAR, value**2
    if name == "usual_amount":
        return _USUAL, float(f"{np.expm1(value):.1e}")  # two digits: a habit is not known more exactly
    return "", value


def _plain(attribute: str) -> str:
    return attribute.removeprefix("attributes.").replace("_", " ")
