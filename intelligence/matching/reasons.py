"""Why a partner stands where it stands: facts from its record, chosen by what moved the number."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from intelligence.features.pair_events import FAILURES, PairEvent
from intelligence.features.pair_leads import labels
from intelligence.features.pair_world import DAY_US, LeadBatch, PairWorld

Ints = npt.NDArray[np.int64]

_OUTCOMES = np.array([PairEvent.WIN, *FAILURES], dtype=np.int64)
_KINDS_OF_COUNT = ("rate", "lift")
_NEVER_A_REASON = ("days_since_offer", "open_deals", "tries", "all_rate", "lead", "amount_gap", "affinity_gap")
_MOST_SIMILAR = 3


class Record:
    """Outcomes of each partner in time, for facts such as "won 7 of 12 similar leads"."""

    def __init__(self, world: PairWorld) -> None:
        events = world.events
        rows = np.flatnonzero(np.isin(events.kind, _OUTCOMES))
        rows = rows[np.argsort(events.partner[rows], kind="stable")]
        self._world = world
        self._at, self._lead = events.at[rows], events.lead[rows]
        self._won = events.kind[rows] == PairEvent.WIN
        self._bounds = np.searchsorted(events.partner[rows], np.arange(len(world.partner_ids) + 1))
        self._any_failure = not self._won.all()
        self._attributes = {attribute.name: k for k, attribute in enumerate(world.spec.attributes)}

    def _rows(self, partner: int, at_us: int) -> slice:
        start, stop = int(self._bounds[partner]), int(self._bounds[partner + 1])
        return slice(start, start + int(np.searchsorted(self._at[start:stop], at_us, "left")))

    def sentence(self, partner: int, at_us: int, attribute: str, batch: LeadBatch, lead: int) -> str:
        """How often the partner won leads with the lead's value of `attribute` (empty: all leads); may be empty."""
        rows = self._rows(partner, at_us)
        won, at = self._won[rows], self._at[rows]
        if attribute:
            k = self._attributes[attribute]
            same = self._world.batch.codes[self._lead[rows], k] == batch.codes[lead, k]
            won, at = won[same], at[same]
        if not len(at):
            return ""
        what = f"similar leads {_phrase(attribute, batch, lead)}" if attribute else "leads"
        count = f"Won {won.sum()} of {len(won)} {what}" if self._any_failure else f"Won {won.sum()} {what}"
        return f"{count} since {_month(int(at[0]), at_us)}"

    def similar_wins(self, partner: int, at_us: int, batch: LeadBatch, lead: int) -> list[dict[str, str]]:
        """Up to three earlier wins that share most attributes with the lead (latest first among equals)."""
        rows = self._rows(partner, at_us)
        won = np.flatnonzero(self._won[rows])
        leads, at = self._lead[rows][won], self._at[rows][won]
        if not len(leads):
            return []
        mine = batch.codes[lead]
        alike = ((self._world.batch.codes[leads] == mine) & (mine >= 0)).sum(axis=1)
        best = np.lexsort((-at, -alike))[:_MOST_SIMILAR]
        return [self._win(int(leads[k]), int(at[k])) for k in best]

    def _win(self, lead: int, at_us: int) -> dict[str, str]:
        row = self._world.table.iloc[lead]
        said = [str(row[name]) for name in ("company", "industry", "place") if not _missing(row[name])]
        when = np.datetime64(at_us, "us").astype("datetime64[D]")
        name = row["external_id"]
        return {"deal": str(name), "text": ", ".join([*said, f"won {when}"])}


def _phrase(attribute: str, batch: LeadBatch, lead: int) -> str:
    value = labels(batch.frame.iloc[[lead]], next_attribute(attribute))[0]
    words = {
        "industry": f"in {value}",
        "place": f"in {str(value).strip('/')}",
        "city_place": f"in {str(value).rsplit('/', 1)[-1]}",
        "country": f"in {value}",
        "product": f"for {value}",
        "product_category": f"for {value}",
        "source": f"from {value}",
        "program": f"in programme {value}",
        "employees": "from companies of this size",
        "estimated_amount": "of this amount",
    }
    return words.get(attribute, f"with {attribute.removeprefix('attributes.')} {_short(value)}")


def next_attribute(name: str) -> Any:
    """Return the attribute `name` unbanded, to show its value."""
    from intelligence.features.pair_leads import LeadAttribute

    return LeadAttribute(name)


def _short(value: Any) -> str:
    return f"about {value:,.4g}" if isinstance(value, float) else str(value)


def _missing(value: Any) -> bool:
    return value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value))


def _month(at_us: int, now_us: int) -> str:
    stamp, now = (pd.Timestamp(np.datetime64(instant, "us")) for instant in (at_us, now_us))
    return stamp.strftime("%B") if (now - stamp).days < 330 else stamp.strftime("%B %Y")


def _day(days_ago: float, now_us: int) -> str:
    stamp = pd.Timestamp(np.datetime64(now_us - int(days_ago * DAY_US), "us"))
    return f"{stamp.day} {stamp.strftime('%B %Y')}"


def factor_text(name: str, value: Any, row: pd.Series, record: Record, batch: LeadBatch) -> str:
    """Say what a feature of a ranked row means; empty where there is nothing to say.

    Parameters
    ----------
    name, value : str, object
        Feature and its value.
    row : Series
        ``question``, ``partner``, ``at`` of the pair.
    record : Record
        For counts.
    batch : LeadBatch
        The leads asked about.
    """
    lead, partner, at = int(row["question"]), int(row["partner"]), int(row["at"])
    kind, _, attribute = name.partition(".")
    if kind in _KINDS_OF_COUNT or name.startswith("wins"):
        return record.sentence(partner, at, attribute, batch, lead)
    if _missing(value):
        return ""
    if kind in ("lead", "partner", "all_rate"):
        return _described(kind, attribute, value)
    return _fact(name, float(value), at, batch, lead)


def _described(kind: str, attribute: str, value: Any) -> str:
    plain = attribute.removeprefix("attributes.").replace("_", " ")
    if kind == "all_rate":
        return f"Leads with this {plain} are won {100 / (1 + np.exp(-float(value))):.0f} % of the time"
    shown = f"{value:,.4g}" if isinstance(value, float) else str(value)
    if kind == "partner":
        return (
            f"Partner for {shown} years" if attribute == "age_years" else f"Partner's {plain}: {shown}" if plain else ""
        )
    return f"Lead's {plain}: {shown}"


def _fact(name: str, value: float, at: int, batch: LeadBatch, lead: int) -> str:
    frame = batch.frame
    if name == "nearness":
        kilometres = 10.0 * np.expm1(-value)
        return f"{kilometres:,.0f} km from the customer" if value < 0 else ""
    if name.startswith("days_since"):
        what = {
            "days_since_win": "Last win",
            "days_since_deal": "Last deal registered",
            "days_since_offer": "Last offer",
        }
        return f"{what[name]} on {_day(value, at)}"
    facts = {
        "customer_wins": f"Has won {np.expm1(value):.0f} deals with this customer",
        "customer_deals": f"Has registered {np.expm1(value):.0f} deals with this customer",
        "co_customer": "Shares customers with partners that won this one",
        "text_like": "Has won leads that read much like this one",
        "industry_match": f"Names {frame['industry'].iloc[lead]} among its industries",
        "country_match": "Is in the customer's country",
        "region_match": "Is in the customer's region",
        "city_match": "Is in the customer's city",
        "language_match": "Speaks the customer's language",
        "certified": f"Holds the certifications for {frame['product'].iloc[lead]}",
    }
    if name in facts:
        return facts[name] if value > 0 else ""
    return _habit(name, value)


def _habit(name: str, value: float) -> str:
    habits = {
        "accept_rate": f"Accepts about {100 * value:.0f} % of the leads it is offered",
        "close_rate": f"Wins about {100 * value:.0f} % of the deals it works",
        "response_days": f"Answers offers within {max(value, 0.1):.1f} days",
        "open_leads": f"Has {value:.0f} open leads",
        "load": f"Uses {100 * value:.0f} % of its capacity",
        "open_deals": f"Has {value:.0f} open deals",
        "tries": f"{np.expm1(value):.0f} outcomes on record",
        "affinity": "Its record fits this lead",
        "affinity_gap": "Its record fits this lead",
        "affinity_share": "Its record fits this lead better than most partners'",
        "affinity_rank": f"Number {value + 1:.0f} by fit of its record",
        "amount_gap": "Usual size of its wins compared with this lead",
    }
    return habits.get(name, "")


def reasons(
    contributions: pd.DataFrame, rows: pd.DataFrame, features: pd.DataFrame, record: Record, batch: LeadBatch
) -> list[list[str]]:
    """Three sentences per row: what speaks most for the partner.

    Parameters
    ----------
    contributions : DataFrame of shape (n, k)
        Per feature; columns are among those of `features`.
    rows, features : DataFrame
        Of a `Ranking`.
    record : Record
        For counts.
    batch : LeadBatch
        The leads asked about.
    """
    names = [name for name in contributions.columns if not name.startswith(_NEVER_A_REASON)]
    values = contributions[names].to_numpy(np.float64)
    order = np.argsort(-values, axis=1, kind="stable")
    found = []
    cells = features[names].to_numpy(object)
    for position, (_, row) in enumerate(rows.iterrows()):
        found.append(_three(order[position], names, cells[position], row, record, batch))
    return found


def _three(order: Ints, names: list[str], cells: Any, row: pd.Series, record: Record, batch: LeadBatch) -> list[str]:
    texts: list[str] = []
    for k in order.tolist():
        text = factor_text(names[k], cells[k], row, record, batch)
        if text and text not in texts:
            texts.append(text)
        if len(texts) == 3:
            break
    return texts + [""] * (3 - len(texts))
