"""What a partner is told of its own place: sentences about itself, and none about a rival."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

import numpy as np
import pandas as pd

from domain.language import LANGUAGES, Language, language_of
from domain.routing import Rule
from intelligence.features.pair_leads import complete_leads
from intelligence.features.pair_world import LeadBatch
from intelligence.matching.counterfactual import LEVERS, Gain
from intelligence.matching.reasons import Explainer, Row
from intelligence.matching.record import Record
from intelligence.matching.refusals import SENTENCES
from models.affinity import AffinityParameters
from store.history import History
from store.veil import is_contact_field

PLACE = "Place {rank} of {n}"
FEW = "Ranked among fewer than three partners: places are not told"
BEYOND = "Not among the first {n}"
UNRANKED = "Offered without a ranking"
_RECORD = "Its record with leads like this one"
_LACKING: Mapping[str, tuple[str, str]] = {
    "industry_match": ("industry", "Does not name {what} among its industries"),
    "language_match": ("attributes.language", "Does not speak the customer's language"),
    "certified": ("product", "Lacks certifications for {what}"),
    "country_match": ("country", "Is not in the customer's country"),
    "region_match": ("region", "Is not in the customer's region"),
    "city_match": ("city", "Is not in the customer's city"),
}
"""What is said of a match that is none, and the field of the lead that asks for it."""
_SIZE = ("Its size goes with the customer's", "Its size is unlike the customer's")
_OTHER = "Was not open to it for other reasons"
_HIGHER = "{change}: place {rank} of {n} instead of {was}"
_BETTER = "{change}: a better chance at the same place"
_CHANCE = "{change}: a better chance"
_FIRST_MORE = ("{change}: first for {n} more lead of {total}", "{change}: first for {n} more leads of {total}")
_BETTER_FOR = (
    "{change}: a better chance for {n} lead of {total}",
    "{change}: a better chance for {n} leads of {total}",
)
_ALONE = (
    "{n} lead was closed to it for this reason alone",
    "{n} leads were closed to it for this reason alone",
)
ADVICE: Mapping[Rule, str] = {
    Rule.CERTIFICATION_MISSING: "Pass the certifications that the product requires",
    Rule.CERTIFICATION_EXPIRED: "Renew the certifications that have expired",
    Rule.LANGUAGE: "Name all languages that you speak in your profile",
    Rule.AT_CAPACITY: "Close or give back open leads, or take more at a time",
    Rule.AWAY: "End the absence, if it is over",
    Rule.TERRITORY: "Ask for the territory to be added to your agreement",
    Rule.PRODUCT_NOT_COVERED: "Ask for the product to be added to your agreement",
    Rule.NO_AGREEMENT: "Sign or renew an agreement",
}
"""What a partner can do about a rule that keeps leads from it; of the others it can do nothing."""
OTHER = "other"
"""Code under which a partner is told of rules that speak of a rival."""

MESSAGES = frozenset(
    {PLACE, FEW, BEYOND, UNRANKED, _RECORD, _OTHER, _HIGHER, _BETTER, _CHANCE, *ADVICE.values()}
    | {lever.sentence for lever in LEVERS}
    | {sentence for _, sentence in _LACKING.values()}
    | set(_SIZE)
)
"""All sentences that are translated."""
PLURALS = frozenset({_FIRST_MORE, _BETTER_FOR, _ALONE})
"""All pairs of singular and plural that are translated."""

_OF_RIVALS = frozenset({Rule.EXCLUSIVE_TO_OTHER, Rule.CONFLICT})
_NOT_OWN = ("lead", "all_rate", "co_customer", "customer_win", "amount_gap", "partner")
_PARTS: Mapping[str, tuple[str, ...]] = {
    "place": ("country", "region"),
    "city_place": ("city", "region"),
    "product_category": ("product",),
    "nearness": ("latitude", "longitude"),
    "distance_root": ("latitude", "longitude"),
    "size_gap": ("employees",),
    "country_match": ("country",),
    "region_match": ("region",),
    "city_match": ("city",),
    "industry_match": ("industry",),
    "language_match": ("attributes.language",),
    "certified": ("product",),
    "text_like": ("description",),
    "text_fit": ("description",),
}
"""Fields of the lead that a feature tells of, where its name does not say."""

Hidden = Callable[[str], bool]


class OwnWords:
    """Sentences about one partner and one lead.

    Parameters
    ----------
    language : Language
        Of the reader.
    lead : mapping
        Fields of the lead, custom attributes among them as ``attributes.<name>``.
    hidden : callable
        Whether the reader may not know a field of the lead.
    """

    def __init__(self, language: Language, lead: Mapping[str, Any], hidden: Hidden) -> None:
        self._language = language
        self._hidden = hidden
        frame = complete_leads(pd.DataFrame([{**lead, "company": None}]), History.of("1970-01-01"))
        self._batch = LeadBatch(frame, np.zeros((1, 0), np.int64), np.array([-1]), None)
        record = cast(Record, _NoRecord())
        self._explainers = {
            code: Explainer(record, self._batch, AffinityParameters(contrast=True), language_of(code))
            for code in LANGUAGES
        }

    def tells(self, feature: str) -> bool:
        """Whether a feature is of the partner's own, and tells nothing of the lead that the reader may not know."""
        kind, _, attribute = feature.partition(".")
        if feature in ("partner", "affinity_gap", "affinity_share", "affinity_rank") or kind.startswith(_NOT_OWN):
            return kind == "partner" and bool(attribute)
        fields = _PARTS.get(attribute or kind, (attribute,) if attribute else ())
        return not any(self._hidden(field) or is_contact_field(field) for field in fields)

    def factors(
        self, candidate: Mapping[str, Any], values: Mapping[str, Any], at_us: int
    ) -> Iterator[tuple[str, str, str, float]]:
        """Yield name, direction (for or against), text and contribution of what moved a stored chance, the most first.

        Left out is what cannot be said in words, and what reads as the contrary of its effect.
        """
        stored = [factor for factor in candidate.get("factors") or [] if self.tells(factor["name"])]
        row = Row(0, 0, at_us, (), np.zeros(0), values)
        mine = self._stored_language(stored, row) == self._language.code
        for factor in stored:
            name, is_for = factor["name"], factor["contribution"] > 0
            if name in _LACKING:
                text = self._match_text(name, row, is_for=is_for)
            elif name == "size_gap":
                text = self._language.text(_SIZE[0 if is_for else 1])
            else:
                counted = name.startswith(("rate", "lift", "wins", "affinity"))
                said = factor["sentence"] if mine and counted else ""
                text = said or self._explainers[self._language.code].text(name, row)
                text = text or (self._language.text(_RECORD) if counted else "")
            if text:
                yield name, "for" if is_for else "against", text, factor["contribution"]

    def _match_text(self, name: str, row: Row, *, is_for: bool) -> str:
        """Say that a match is there, where it helped, or that it is none, where that harmed."""
        column, sentence = _LACKING[name]
        asked = self._batch.frame[column].iloc[0] if column in self._batch.frame else None
        is_match = row.values.get(name) == 1.0
        if asked is None or pd.isna(asked) or is_match != is_for:
            return ""
        if is_match:
            return self._explainers[self._language.code].text(name, row)
        return self._language.text(sentence).replace("{what}", str(asked))

    def _stored_language(self, stored: Iterable[Mapping[str, Any]], row: Row) -> str:
        """Return the language that stored sentences are in: the one in which most of them are said again."""
        said = [(factor["name"], factor["sentence"]) for factor in stored]
        hits = {
            code: sum(text == explainer.text(name, row) != "" for name, text in said)
            for code, explainer in self._explainers.items()
        }
        return max(hits, key=lambda code: hits[code]) if any(hits.values()) else ""


class _NoRecord:
    """Stands where a partner's record is counted: what counts are told of is another sentence here."""

    only_wins = False

    def counts(self, *_asked: Any) -> dict[str, tuple[int, int, int]]:
        return {}


def rule_text(rule: Rule, language: Language, *, to_partner: bool) -> tuple[str, str]:
    """Return code and sentence of a rule; a partner is not told which of them speaks of a rival."""
    if to_partner and rule in _OF_RIVALS:
        return OTHER, language.text(_OTHER)
    return str(rule), language.text(SENTENCES[rule])


def advice(rule: Rule, alone: int, language: Language) -> str:
    """Return what a partner can do about a rule, and for how many leads it alone was in the way; empty for nothing."""
    if rule not in ADVICE:
        return ""
    text = language.text(ADVICE[rule])
    return text if not alone else f"{text}. {language.plural(*_ALONE, alone)}"


def change_text(gain: Gain, language: Language) -> str:
    """Return a change in words."""
    return language.text(gain.lever.sentence).replace("{what}", gain.what)


def gain_text(gain: Gain, was: int, n: int, language: Language, *, with_places: bool) -> str:
    """Return what a change would have made of a place in words."""
    if not with_places:
        text = language.text(_CHANCE)
    elif gain.rank == was:
        text = language.text(_BETTER)
    else:
        text = language.text(_HIGHER).format_map({"change": "{change}", "rank": gain.rank, "n": n, "was": was})
    return text.replace("{change}", change_text(gain, language))


def gains_text(change: str, first_more: int, better: int, total: int, language: Language) -> str:
    """Return what a change would have made of many places in words."""
    text = language.plural(*_FIRST_MORE, first_more) if first_more else language.plural(*_BETTER_FOR, better)
    return text.replace("{total}", language.number(total, ",.0f")).replace("{change}", change)
