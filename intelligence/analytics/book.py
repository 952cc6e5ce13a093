"""The programme's books as of an instant: what all figures are counted from, each relation worked out once."""

import re
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from domain.context import SYSTEM, Actor
from intelligence.analytics.period import Window
from store.engine import Connection
from store.figures import Books, Shelf, State, activity_counts, visible_partners
from store.frames import naive
from store.history import History

SECONDS_PER_DAY = 86_400

_PAIR = 2**31
_DEALS = [*("id", "partner_id", "registered_at", "lead_id", "product_id", "status", "outcome", "amount", "currency"),
          "closed_at"]  # fmt: skip
_OFFERS = ["id", "lead_id", "partner_id", "offered_at", "response", "responded_at"]
"""What figures look at: rows are chosen over and over, and each further column costs."""

_INSTANTS = 64
_LEGAL_FORMS = frozenset(
    "inc incorporated llc ltd limited corp corporation co company plc gmbh ag kg ug sa sl srl sas sarl spa bv nv ab as"
    " oy aps ltda eireli me epp sp zoo z o oo pty pte".split()
)


_T = TypeVar("_T")


def _shared(method: "Callable[[Book], _T]") -> "cached_property[_T]":
    """Make of a method a property that is worked out once for all books in which the same is known and seen.

    It may look at nothing but rows that were known: at `Book.as_of` itself neither, nor at the currency told.
    """

    def once(book: "Book") -> _T:
        name = method.__name__
        if name not in book._kept:
            book._kept[name] = method(book)
        found: _T = book._kept[name]
        return found

    once.__doc__ = method.__doc__
    return cached_property(once)


@dataclass(frozen=True, eq=False)
class Book:
    """What was known of the programme at `as_of`.

    Parameters
    ----------
    connection : Connection
        In a transaction; activities and customers are asked for when a figure needs them.
    as_of : datetime
        Aware UTC; nothing that became known later is in it.
    home : str
        Currency of the store: amounts that name none are in it.
    actor : Actor
        Sees figures of its own rows only.
    told : str, optional
        Currency that money is told in; that of the store when not given.
    shelf : Shelf, optional
        Where the books are kept between requests that only read; without, they are read anew.
    """

    connection: Connection
    as_of: datetime
    home: str
    actor: Actor = SYSTEM
    told: str = ""
    shelf: Shelf | None = None
    _counts: dict[tuple[object, ...], pd.DataFrame] = field(default_factory=dict, init=False, repr=False)

    @property
    def currency(self) -> str:
        """The one that money is told in."""
        return self.told or self.home

    @cached_property
    def sees_all(self) -> bool:
        """Whether the actor sees all partners."""
        return self._allowed is None

    @cached_property
    def _allowed(self) -> frozenset[int] | None:
        return visible_partners(self.connection, self.actor)

    @cached_property
    def history(self) -> History:
        """Everything but activities, with the columns that figures look at."""
        return self._state.history.until_also(self.as_of)

    @property
    def duties(self) -> Mapping[str, pd.DataFrame]:
        """Programme rules, tiers, ledger and costs."""
        return self._state.duties

    @cached_property
    def _books(self) -> Books:
        return Books(self.connection) if self.shelf is None else self.shelf.books(self.connection)

    @cached_property
    def _state(self) -> State:
        return self._books.state(self.as_of)

    @cached_property
    def _kept(self) -> dict[Hashable, Any]:
        return self._state.kept((self.home, self._allowed))

    @_shared
    def partners(self) -> pd.DataFrame:
        """Return the partners that the actor may see, by our id, in the groups that they are in at `as_of`."""
        frame = self.history.partners
        programs = self.history.programs.set_index("id")["external_id"]
        frame = frame.assign(
            program=frame["program_id"].map(programs),
            status=self.history.status_as_of(frame["id"], self.history.until).to_numpy(),
        ).set_index("id", drop=False)
        return frame if self._allowed is None else frame[frame["id"].isin(list(self._allowed))]

    def status_at(self, instant: datetime) -> pd.Series:
        """Return the status of each partner at an instant, by our id."""
        at = min(instant, self.as_of)
        # Nearly every figure asks at the same two or three instants, and little happens between two requests.
        known = self._kept.setdefault("statuses", OrderedDict())
        place = self._books.place(at)
        found: pd.Series | None = known.get(place)
        if found is None:
            status = self.history.status_as_of(self.partners["id"], naive(at))
            found = known[place] = pd.Series(status.to_numpy(), index=self.partners.index)
            if len(known) > _INSTANTS:
                known.popitem(last=False)
        return found

    def active_at(self, instant: datetime) -> pd.Index:
        """Return our ids of the partners that were active at an instant."""
        status = self.status_at(instant)
        active: pd.Index = status.index[status.to_numpy() == "active"]
        return active

    @_shared
    def deals(self) -> pd.DataFrame:
        """Return visible partners' deals: ``won``, ``lost``, ``valid`` (neither rejected nor expired), ``currency``."""
        deals = self._own(self.history.deals[_DEALS])
        closed = deals["closed_at"].notna()
        return deals.assign(
            won=closed & (deals["outcome"] == "won"),
            lost=closed & (deals["outcome"] == "lost"),
            valid=~deals["status"].isin(["rejected", "expired"]),
            currency=deals["currency"].fillna(self.home),
        )

    @_shared
    def won(self) -> pd.DataFrame:
        """Return won deals, by the time of winning."""
        return self.deals[self.deals["won"]].sort_values(["closed_at", "id"], ignore_index=True)

    @_shared
    def offers(self) -> pd.DataFrame:
        """Return offers of leads: ``accepted``, ``answered``, ``hours`` to it, what came of it, the lead's program."""
        offers = self._own(self.history.assignments[_OFFERS])
        leads = self.history.leads.set_index("id")
        deals = self.deals[self.deals["lead_id"] >= 0]
        pair = offers["lead_id"] * _PAIR + offers["partner_id"]
        made = deals["lead_id"] * _PAIR + deals["partner_id"]
        lead = offers["lead_id"]
        program = lead.map(leads["program_id"]).fillna(-1).astype(np.int64)
        own = offers["partner_id"].map(self.partners["program_id"]).fillna(-1).astype(np.int64)
        return offers.assign(
            accepted=offers["response"] == "accepted",
            answered=offers["response"].isin(["accepted", "declined"]),
            hours=(offers["responded_at"] - offers["offered_at"]).dt.total_seconds() / 3600,
            dealt=pair.isin(made),
            won=pair.isin(made[deals["won"]]),
            product_id=lead.map(leads["product_id"]).fillna(-1).astype(np.int64),
            program_id=program.where(program >= 0, own),
        )

    @_shared
    def first_wins(self) -> pd.DataFrame:
        """Return the first won deal of each customer: a row of ``won`` with ``customer``."""
        named = self.won[["id"]].merge(self._books.customers(self.connection), on="id", how="left")
        return self.won.assign(customer=_customer_keys(named)).drop_duplicates("customer")

    @_shared
    def answer_hours(self) -> pd.Series:
        """Return hours within which a lead must be answered, by our id of the programme."""
        rules = self.duties["program_rules"]
        return rules.dropna(subset="answer_hours").set_index("program_id")["answer_hours"]

    @_shared
    def status_steps(self) -> pd.DataFrame:
        """Return changes of status: partner_id, ``before``, ``after``, ``days`` that the one before lasted, ``at``."""
        changes = self.history.changes
        changes = changes[(changes["resource"] == "partners") & (changes["field"] == "status")]
        ids = pd.Series(self.partners["id"].to_numpy(), index=self.partners["external_id"])
        steps = changes.assign(partner_id=changes["external_id"].map(ids)).dropna(subset="partner_id")
        steps = steps.astype({"partner_id": np.int64}).sort_values(["partner_id", "changed_at", "id"])
        steps = steps[steps["value"].ne(steps.groupby("partner_id")["value"].shift())]
        before = steps.groupby("partner_id")[["value", "changed_at"]].shift()
        days = (steps["changed_at"] - before["changed_at"]).dt.total_seconds() / SECONDS_PER_DAY
        return pd.DataFrame(
            {
                "partner_id": steps["partner_id"],
                "before": before["value"],
                "after": steps["value"],
                "days": days,
                "at": steps["changed_at"],
            }
        )

    def activities(self, window: Window, kind: str | None = None) -> pd.Series:
        """Return how many activities each visible partner had in a window, by our id; those with any."""
        key = (window.start, window.end, kind)
        if key not in self._counts:
            self.count_activities([window.start, window.end], kind)
        counts = self._counts[key]
        return counts.set_index("partner_id")["n"]

    def count_activities(self, edges: list[datetime], kind: str | None = None) -> None:
        """Count activities between ascending instants in one go, for `activities` to be asked for."""
        found = self._own(activity_counts(self.connection, self.as_of, edges, kind=kind))
        for place, (start, end) in enumerate(pairwise(edges)):
            self._counts[start, end, kind] = found[found["bucket"] == place]

    @cached_property
    def required_courses(self) -> pd.DataFrame:
        """Which certificates each partner must hold: partner_id, course, by its tier and its agreements' products."""
        return pd.concat([self._by_tier(), self._by_agreement()]).drop_duplicates(ignore_index=True)

    def certificates_at(self, instant: datetime) -> pd.DataFrame:
        """Return partner_id and course of the certificates that were valid at an instant (expiry is inclusive)."""
        held, day = self._own(self.history.certifications), naive(min(instant, self.as_of)).astype("datetime64[D]")
        valid = (held["passed_on"] <= day) & (held["expires_on"].isna() | (held["expires_on"] >= day))
        certificates: pd.DataFrame = held.loc[valid, ["partner_id", "course"]].drop_duplicates()
        return certificates

    def _by_tier(self) -> pd.DataFrame:
        tiers = self.duties["tiers"].rename(columns={"name": "tier"})
        asked = self.partners[["program_id", "tier"]].rename_axis("partner_id").reset_index()
        found = asked.merge(tiers[["program_id", "tier", "required_certifications"]], on=["program_id", "tier"])
        return _exploded(found, "required_certifications")

    def _by_agreement(self) -> pd.DataFrame:
        agreements, day = self._own(self.history.agreements), naive(self.as_of).astype("datetime64[D]")
        running = (agreements["valid_from"] <= day) & (agreements["valid_to"].isna() | (agreements["valid_to"] >= day))
        named = _exploded(agreements[running & (agreements["status"] == "active")], "products", "product")
        products = self.history.products.rename(columns={"external_id": "product"})
        found = named.merge(products[["product", "required_certifications"]], on="product")
        return _exploded(found, "required_certifications")

    def _own(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[frame["partner_id"].isin(self.partners.index)]


def make_ready(book: Book) -> None:
    """Work out what all books share in which the same is known, so that the next one need not."""
    for relation in (book.partners, book.won, book.offers, book.first_wins):
        relation.shape  # noqa: B018  # to look at it is to work it out
    book.status_at(book.as_of)


def _exploded(frame: pd.DataFrame, column: str, name: str = "course") -> pd.DataFrame:
    """Return partner_id and one element of a list column per row."""
    rows = frame[["partner_id", column]].rename(columns={column: name}).explode(name)
    return rows.dropna(subset=name).reset_index(drop=True)


def _customer_keys(named: pd.DataFrame) -> list[str]:
    """Return who the customer of each deal is: by domain, else company, else the lead, else the deal itself.

    A company that names its domain on one deal and not on another is one customer.
    """
    domains = ["" if pd.isna(text) else normal_domain(text) for text in named["domain"]]
    companies = ["" if pd.isna(text) else normal_company(text) for text in named["company"]]
    domain_of = {company: domain for company, domain in zip(companies, domains, strict=True) if company and domain}
    keys = []
    for id_, given, company, lead in zip(named["id"], domains, companies, named["lead_id"], strict=True):
        domain = given or domain_of.get(company, "")
        other = f"company {company}" if company else (f"lead {lead}" if lead >= 0 else f"deal {id_}")
        keys.append(f"domain {domain}" if domain else other)
    return keys


@lru_cache(maxsize=2**16)
def normal_domain(text: str) -> str:
    """Return a domain without scheme, path, port and ``www.``, in lower case.

    Examples
    --------
    >>> normal_domain("https://WWW.Example.com:443/contact")
    'example.com'
    """
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", text.strip().lower())
    return re.split(r"[/:?#]", host, maxsplit=1)[0].removeprefix("www.").strip(".")


@lru_cache(maxsize=2**16)
def normal_company(text: str) -> str:
    """Return a company's name without case, accents, punctuation and legal form.

    Examples
    --------
    >>> normal_company("Padaria São João, Ltda.") == normal_company("PADARIA SAO JOAO")
    True
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(c))
    words = re.sub(r"[^\w]+", " ", plain.replace(".", "")).split()
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words.pop()
    return " ".join(words)
