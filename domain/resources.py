"""The resources of a partner programme and their columns: the import format as data.

Everything that must agree with the format reads it here: the store's tables, import and export,
the HTTP schemas and the documentation. Names are public promises and are never changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from domain.terms import (
    AgreementStatus,
    AssignmentResponse,
    DealOutcome,
    DealStatus,
    PartnerKind,
    PartnerStatus,
)


class ColumnType(StrEnum):
    """What a column of the import format holds."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    AMOUNT = "amount"
    CURRENCY = "currency"
    COUNTRY = "country"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    LATITUDE = "latitude"
    LONGITUDE = "longitude"
    LIST = "list"
    WORD = "word"
    REFERENCE = "reference"


@dataclass(frozen=True)
class Column:
    """One column of a resource.

    Parameters
    ----------
    name : str
        Public name.
    type : ColumnType, default=ColumnType.TEXT
        What it holds.
    required : bool, default=False
        Whether every row must give a value.
    target : str, optional
        The resource that a reference (or each element of a list) points to.
    words : tuple of str, optional
        The fixed list, for ``WORD``.
    of : ColumnType, default=ColumnType.TEXT
        Element type of a ``LIST``.
    """

    name: str
    type: ColumnType = ColumnType.TEXT
    required: bool = False
    target: str | None = None
    words: tuple[str, ...] = ()
    of: ColumnType = ColumnType.TEXT


@dataclass(frozen=True)
class Resource:
    """One resource, which is one file of the import format and one table of the store.

    Parameters
    ----------
    name : str
        Plural, as in ``partners.csv``.
    columns : tuple of Column
        In the order of the documentation.
    key : tuple of str
        Column names that identify a row for the caller.
    custom : bool, default=True
        Whether unlisted columns are kept as custom attributes.
    event : bool, default=False
        Whether rows are immutable facts without an id of the caller's.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("external_id",)
    custom: bool = True
    event: bool = False

    def column(self, name: str) -> Column:
        """Return the column called `name`.

        Raises
        ------
        KeyError
            If the resource has no such column.
        """
        return self.by_name[name]

    @property
    def by_name(self) -> Mapping[str, Column]:
        """Columns by name."""
        return {column.name: column for column in self.columns}

    @property
    def has_external_id(self) -> bool:
        """Whether rows carry the caller's own id."""
        return self.key == ("external_id",)


def _text(name: str, *, required: bool = False) -> Column:
    return Column(name, required=required)


def _typed(type_: ColumnType, *names: str) -> tuple[Column, ...]:
    return tuple(Column(name.rstrip("*"), type_, required=name.endswith("*")) for name in names)


def _ref(name: str, target: str, *, required: bool = False) -> Column:
    return Column(name, ColumnType.REFERENCE, required, target)


def _words(name: str, enum: type[StrEnum]) -> Column:
    return Column(name, ColumnType.WORD, words=tuple(enum))


def _list(name: str, of: ColumnType = ColumnType.TEXT, target: str | None = None) -> Column:
    return Column(name, ColumnType.LIST, target=target, of=of)


_ID = _text("external_id", required=True)
_NAME = _text("name", required=True)
_COORDINATES = (Column("latitude", ColumnType.LATITUDE), Column("longitude", ColumnType.LONGITUDE))
_COUNTRY = Column("country", ColumnType.COUNTRY)
_CURRENCY = Column("currency", ColumnType.CURRENCY)
_DESCRIPTION = _text("description")

_ALL = (
    Resource("programs", (_ID, _NAME, _text("kind"), _text("objective"), _list("tiers"))),
    Resource(
        "products",
        (
            _ID,
            _NAME,
            _text("category"),
            _DESCRIPTION,
            *_typed(ColumnType.AMOUNT, "price"),
            _CURRENCY,
            _list("required_certifications"),
        ),
    ),
    Resource(
        "partners",
        (
            _ID,
            _NAME,
            _words("status", PartnerStatus),
            _ref("program", "programs"),
            _words("kind", PartnerKind),
            _text("tier"),
            _COUNTRY,
            _text("region"),
            _text("city"),
            _list("territories"),
            _list("industries"),
            _list("languages"),
            *_typed(ColumnType.INTEGER, "employees"),
            *_typed(ColumnType.AMOUNT, "annual_revenue"),
            *_typed(ColumnType.DATE, "founded_on"),
            *_typed(ColumnType.INSTANT, "recruited_at", "ended_at"),
            _text("website"),
            _DESCRIPTION,
            _text("account_manager"),
            *_typed(ColumnType.INTEGER, "max_open_leads"),
            *_COORDINATES,
        ),
    ),
    Resource(
        "contacts",
        (_ID, _ref("partner", "partners", required=True), _NAME, _text("email"), _text("phone"), _text("role")),
    ),
    Resource(
        "agreements",
        (
            _ID,
            _ref("partner", "partners", required=True),
            _words("status", AgreementStatus),
            *_typed(ColumnType.DATE, "signed_on", "valid_from*", "valid_to"),
            _list("territories"),
            _list("products", ColumnType.REFERENCE, "products"),
            *_typed(ColumnType.NUMBER, "commission_rate"),
            *_typed(ColumnType.BOOLEAN, "exclusive"),
        ),
    ),
    Resource(
        "certifications",
        (
            _ref("partner", "partners", required=True),
            _text("course", required=True),
            *_typed(ColumnType.DATE, "passed_on*", "expires_on"),
            _ref("contact", "contacts"),
        ),
        key=("partner", "course", "passed_on"),
    ),
    Resource(
        "leads",
        (
            _ID,
            *_typed(ColumnType.INSTANT, "created_at*"),
            _text("company"),
            _text("domain"),
            _COUNTRY,
            _text("region"),
            _text("city"),
            _text("industry"),
            *_typed(ColumnType.INTEGER, "employees"),
            _text("source"),
            _ref("product", "products"),
            *_typed(ColumnType.AMOUNT, "estimated_amount"),
            _CURRENCY,
            _DESCRIPTION,
            _ref("program", "programs"),
            *_COORDINATES,
        ),
    ),
    Resource(
        "assignments",
        (
            _ref("lead", "leads", required=True),
            _ref("partner", "partners", required=True),
            *_typed(ColumnType.INSTANT, "offered_at*"),
            _words("response", AssignmentResponse),
            *_typed(ColumnType.INSTANT, "responded_at"),
            _text("decline_reason"),
        ),
        key=("lead", "partner", "offered_at"),
    ),
    Resource(
        "deals",
        (
            _ID,
            _ref("partner", "partners", required=True),
            *_typed(ColumnType.INSTANT, "registered_at*"),
            _ref("lead", "leads"),
            _text("company"),
            _text("domain"),
            _COUNTRY,
            _text("region"),
            _text("industry"),
            _ref("product", "products"),
            _words("status", DealStatus),
            _text("stage"),
            _words("outcome", DealOutcome),
            *_typed(ColumnType.AMOUNT, "amount"),
            _CURRENCY,
            *_typed(ColumnType.INSTANT, "closed_at"),
            _DESCRIPTION,
        ),
    ),
    Resource(
        "assets",
        (
            _ID,
            _text("title", required=True),
            _text("kind"),
            _text("body"),
            _text("language"),
            _list("topics"),
            _list("products", ColumnType.REFERENCE, "products"),
            _list("countries", ColumnType.COUNTRY),
            _text("min_tier"),
            *_typed(ColumnType.INSTANT, "published_at", "expires_at"),
        ),
    ),
    Resource(
        "offers",
        (
            _ID,
            _text("title", required=True),
            _text("kind"),
            _text("body"),
            *_typed(ColumnType.DATE, "valid_from", "valid_to"),
            _list("countries", ColumnType.COUNTRY),
            _list("products", ColumnType.REFERENCE, "products"),
            _text("min_tier"),
            *_typed(ColumnType.AMOUNT, "amount"),
            _CURRENCY,
            *_typed(ColumnType.AMOUNT, "budget"),
        ),
    ),
    Resource(
        "activities",
        (
            _ref("partner", "partners", required=True),
            *_typed(ColumnType.INSTANT, "occurred_at*"),
            _text("kind", required=True),
            _ref("asset", "assets"),
            _ref("offer", "offers"),
            _ref("deal", "deals"),
            _ref("contact", "contacts"),
            *_typed(ColumnType.NUMBER, "quantity"),
            *_typed(ColumnType.AMOUNT, "amount"),
            *_typed(ColumnType.INSTANT, "recorded_at"),
        ),
        key=(
            "partner",
            "occurred_at",
            "kind",
            "asset",
            "offer",
            "deal",
            "contact",
            "quantity",
            "amount",
            "recorded_at",
        ),
        event=True,
    ),
    Resource(
        "feedback",
        (
            _ref("partner", "partners", required=True),
            *_typed(ColumnType.INSTANT, "submitted_at*"),
            _text("kind", required=True),
            *_typed(ColumnType.NUMBER, "score"),
            _text("comment"),
        ),
        key=("partner", "submitted_at", "kind"),
    ),
    Resource(
        "goals",
        (
            _ref("partner", "partners", required=True),
            _text("metric", required=True),
            *_typed(ColumnType.DATE, "period_start*", "period_end*"),
            *_typed(ColumnType.NUMBER, "target*"),
        ),
        key=("partner", "metric", "period_start"),
    ),
    Resource(
        "changes",
        (
            _text("resource", required=True),
            _text("external_id", required=True),
            _text("field", required=True),
            *_typed(ColumnType.INSTANT, "changed_at*"),
            _text("value"),
        ),
        key=("resource", "external_id", "field", "changed_at"),
        custom=False,
    ),
)

RESOURCES: Mapping[str, Resource] = MappingProxyType({resource.name: resource for resource in _ALL})
"""All resources by name, in an order in which references point backwards."""
