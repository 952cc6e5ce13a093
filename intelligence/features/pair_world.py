"""Everything that pair features are made from, prepared once per history; and the leads that are asked about."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from intelligence.features.pair_events import PairEvents, Pairs, event_stream, pairs_of
from intelligence.features.pair_leads import LeadCodes, LeadSpec, complete_leads, lead_table, lead_text
from intelligence.features.pair_text import CommonPart, Encoder, PartnerTexts, TextFit, TextSpace

if TYPE_CHECKING:
    from store.history import History

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]

DAY_US = 86_400_000_000


@dataclass(frozen=True, eq=False)
class LeadQuery:
    """One lead as the pair features see it.

    Parameters
    ----------
    codes : int64 array of shape (a,)
        Attribute values, -1 for none or unknown.
    customer : int
        Code of the customer among those of the history, -1 for none.
    vector : float32 array of shape (d,), optional
        Of its text.
    country, region, city, industry, product, language, program, company, domain : str, optional
        As given; product and programme by external id.
    latitude, longitude, amount, employees : float
        NaN for none.
    """

    codes: Ints
    customer: int
    vector: Vectors | None
    country: str | None
    region: str | None
    city: str | None
    industry: str | None
    product: str | None
    language: str | None
    program: str | None
    company: str | None
    domain: str | None
    latitude: float
    longitude: float
    amount: float
    employees: float


class LeadBatch:
    """Leads that are asked about, with codes, customers and vectors in the terms of a history.

    Parameters
    ----------
    frame : DataFrame
        Completed by `complete_leads`.
    codes : int64 array of shape (n, a)
        Attribute values.
    customers : int64 array of shape (n,)
        Customer codes.
    vectors : float32 array of shape (n, d), optional
        Of the texts; zeros where there is none.
    """

    _WORDS = (
        *("country", "region", "city", "industry", "product"),
        *("attributes.language", "program", "company", "domain"),
    )
    _NUMBERS = ("latitude", "longitude", "estimated_amount", "employees")

    def __init__(self, frame: pd.DataFrame, codes: Ints, customers: Ints, vectors: Vectors | None) -> None:
        self.frame = frame
        self.codes = codes
        self.customers = customers
        self.vectors = vectors
        self._columns: dict[str, list[Any]] = {}
        self._floats: dict[str, Floats] = {}

    def __len__(self) -> int:
        return len(self.codes)

    def objects(self, name: str) -> list[Any]:
        """Return a column, None for missing; nothing but None where there is no such column."""
        found = self._columns.get(name)
        if found is None:
            found = self._columns[name] = self._objects(name)
        return found

    def floats(self, name: str) -> Floats:
        """Return a column as numbers, NaN for missing."""
        found = self._floats.get(name)
        if found is None:
            found = self._floats[name] = self._numbers(name)
        return found

    def _objects(self, name: str) -> list[Any]:
        if name not in self.frame:
            return [None] * len(self)
        column = self.frame[name]
        return list(column.astype(object).where(column.notna(), None))

    def _numbers(self, name: str) -> Floats:
        if name not in self.frame:
            return np.full(len(self), np.nan)
        return np.asarray(pd.to_numeric(self.frame[name], errors="coerce"), dtype=np.float64)

    def query(self, row: int) -> LeadQuery:
        """Return the lead in `row`."""
        vector = None if self.vectors is None else self.vectors[row]
        words = (self.objects(name)[row] for name in self._WORDS)
        numbers = (float(self.floats(name)[row]) for name in self._NUMBERS)
        return LeadQuery(self.codes[row], int(self.customers[row]), vector, *words, *numbers)


class LeadRow(LeadBatch):
    """One lead of a batch, read where it stands: a frame of one row costs as much to make as one of thousands.

    Parameters
    ----------
    whole : LeadBatch
        The batch.
    row : int
        The lead's row in it.
    """

    def __init__(self, whole: LeadBatch, row: int) -> None:
        here = slice(row, row + 1)
        vectors = None if whole.vectors is None else whole.vectors[here]
        super().__init__(whole.frame, whole.codes[here], whole.customers[here], vectors)
        self._whole, self._row = whole, row

    def _objects(self, name: str) -> list[Any]:
        return [self._whole.objects(name)[self._row]]

    def _numbers(self, name: str) -> Floats:
        return self._whole.floats(name)[self._row : self._row + 1]


class PairWorld:
    """A history prepared for pair features.

    Parameters
    ----------
    history : History
        Everything known at its ``until``.
    spec : LeadSpec
        Which lead attributes to count.
    horizon_days : int
        After which an offered lead without a win counts as failed.
    encoder : Encoder, optional
        Of texts; without, no text likeness.
    table : DataFrame, optional
        Of `lead_table`, if at hand.
    """

    def __init__(
        self,
        history: "History",
        spec: LeadSpec,
        horizon_days: int,
        encoder: Encoder | None = None,
        table: pd.DataFrame | None = None,
    ) -> None:
        self.history = history
        self.spec = spec
        self.horizon_days = horizon_days
        self._encoder = encoder if spec.texts else None
        self.table = lead_table(history) if table is None else table
        self._partner_texts = self._read_partner_texts()
        vectors = self._vectors(self.table)
        if vectors is not None and spec.space is None:
            self.spec = replace(spec, space=self._learn_space(vectors))
        by_id = history.partners.sort_values("id")
        self.partner_ids: Ints = by_id["id"].to_numpy(np.int64)
        self.partner_names: npt.NDArray[np.object_] = by_id["external_id"].to_numpy(object)
        self.pairs: Pairs = pairs_of(history, self.table, self.partner_ids)
        self.events: PairEvents = event_stream(self.pairs, horizon_days)
        self._coder = LeadCodes(self.table, spec.attributes)
        customers, names = pd.factorize(self.table["customer"])
        self._customer_of = {name: code for code, name in enumerate(names)}
        self.batch = LeadBatch(self.table, self._coder.codes, customers.astype(np.int64), self._topics(vectors))
        self.required = {
            str(name): tuple(courses)
            for name, courses in zip(
                history.products["external_id"], history.products["required_certifications"], strict=True
            )
        }
        self.courses = course_holders(history, self.partner_ids)

    @property
    def sizes(self) -> list[int]:
        """Number of values of each counted attribute."""
        return self._coder.sizes

    def _vectors(self, frame: pd.DataFrame) -> Vectors | None:
        if self._encoder is None:
            return None
        texts = lead_text(frame, self.spec.texts)
        distinct = sorted({text for text in texts if text})
        if not distinct:
            return None
        encoded = np.asarray(self._encoder.encode(distinct), dtype=np.float32)
        place = {text: row for row, text in enumerate(distinct)}
        vectors = np.zeros((len(texts), encoded.shape[1]), dtype=np.float32)
        for row, text in enumerate(texts):
            if text:
                vectors[row] = encoded[place[text]]
        return vectors

    def _read_partner_texts(self) -> PartnerTexts | None:
        if self._encoder is None:
            return None
        changes = self.history.changes
        told = changes[(changes["resource"] == "partners") & (changes["field"] == "description")]
        values = pd.concat([self.history.partners["description"], told["value"]]).dropna().astype(str)
        return PartnerTexts(sorted({value for value in values if value.strip()}), self._encoder)

    def _learn_space(self, vectors: Vectors) -> TextSpace:
        distinct = np.unique(vectors[vectors.any(axis=1)], axis=0)
        of_leads = CommonPart.learn(distinct)
        mine = None if self._partner_texts is None else self._partner_texts.vectors
        return TextSpace(of_leads, of_leads if mine is None or not len(mine) else CommonPart.learn(mine))

    def _topics(self, vectors: Vectors | None) -> Vectors | None:
        return vectors if vectors is None or self.spec.space is None else self.spec.space.leads.remove(vectors)

    def text_fit(self) -> TextFit | None:
        """Return what compares leads with partners' texts; None without texts."""
        texts, space = self._partner_texts, self.spec.space
        if texts is None or space is None or not len(texts.vectors):
            return None
        return TextFit(space.partners.remove(texts.vectors), texts)

    @cached_property
    def row_of_lead(self) -> dict[str, int]:
        """Rows of the leads of the store in the table, by external id."""
        own = np.flatnonzero(self.table["lead_id"].to_numpy(np.int64) >= 0)
        return dict(zip(self.table["external_id"].iloc[own].tolist(), own.tolist(), strict=True))

    def ask(self, leads: pd.DataFrame) -> LeadBatch:
        """Return leads given by columns of the leads resource, in the terms of this history."""
        frame = complete_leads(leads.reset_index(drop=True), self.history)
        customers = np.array([self._customer_of.get(name, -1) for name in frame["customer"]], dtype=np.int64)
        return LeadBatch(frame, self._coder.encode(frame), customers, self._topics(self._vectors(frame)))


@dataclass(frozen=True, eq=False)
class Holders:
    """Certificates of one course: partner positions and the instants from and until which they hold."""

    partner: Ints
    since: Ints
    until: Ints


def course_holders(history: "History", partner_ids: Ints) -> dict[str, Holders]:
    """Certificates by course; valid on the day they expire."""
    frame = history.certifications
    position = np.searchsorted(partner_ids, frame["partner_id"].to_numpy(np.int64))
    since = frame["passed_on"].to_numpy().astype("datetime64[us]").astype(np.int64)
    expires = frame["expires_on"].to_numpy().astype("datetime64[us]")
    until = np.where(np.isnat(expires), np.iinfo(np.int64).max, expires.astype(np.int64) + DAY_US)
    rows = frame.reset_index(drop=True).groupby("course", sort=True).indices
    return {str(course): Holders(position[found], since[found], until[found]) for course, found in rows.items()}


def held(holders: Holders | None, at_us: int, n_partners: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which partners hold a course at an instant, and which ever passed it until then."""
    now, ever = np.zeros(n_partners, dtype=bool), np.zeros(n_partners, dtype=bool)
    if holders is not None:
        passed = holders.since <= at_us
        ever[holders.partner[passed]] = True
        now[holders.partner[passed & (at_us < holders.until)]] = True
    return now, ever
