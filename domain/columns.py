"""What a resource and its columns are: the words that the resources are written in."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


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
    learned : bool, default=True
        Whether the models see the rows: a resource of the import format, version 1. The others are the
        programme's own bookkeeping.
    given_id : bool, default=True
        Whether callers must give an ``external_id``; without, the service makes one.
    hidden_from_partner : bool, default=False
        Whether a partner sees none of the rows, its own neither.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ("external_id",)
    custom: bool = True
    event: bool = False
    learned: bool = True
    given_id: bool = True
    hidden_from_partner: bool = False

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


def text_column(name: str, *, required: bool = False) -> Column:
    """Return a text column."""
    return Column(name, required=required)


def typed(type_: ColumnType, *names: str) -> tuple[Column, ...]:
    """Return columns of one type; a name that ends in ``*`` is required."""
    return tuple(Column(name.rstrip("*"), type_, required=name.endswith("*")) for name in names)


def reference(name: str, target: str, *, required: bool = False) -> Column:
    """Return a reference to a row of `target`."""
    return Column(name, ColumnType.REFERENCE, required, target)


def words(name: str, enum: type[StrEnum]) -> Column:
    """Return a column with a fixed list of words."""
    return Column(name, ColumnType.WORD, words=tuple(enum))


def list_column(name: str, of: ColumnType = ColumnType.TEXT, target: str | None = None) -> Column:
    """Return a list column."""
    return Column(name, ColumnType.LIST, target=target, of=of)


ID = text_column("external_id", required=True)
NAME = text_column("name", required=True)
COORDINATES = (Column("latitude", ColumnType.LATITUDE), Column("longitude", ColumnType.LONGITUDE))
COUNTRY = Column("country", ColumnType.COUNTRY)
CURRENCY = Column("currency", ColumnType.CURRENCY)
DESCRIPTION = text_column("description")
