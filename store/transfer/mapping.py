"""Mapping files: how the exports of another system become the import format, as data."""

import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from domain.errors import InvalidInput
from domain.resources import RESOURCES

FOLDER = Path(__file__).parent / "mappings"
"""Where the mappings that come with the service lie."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Lookup(_Part):
    """Another file of the export in which a value stands for a row."""

    file: str
    key: str
    value: str
    rows: str = ""


class Source(_Part):
    """Where the value of one column comes from, and what is made of it."""

    from_: str | list[str] = Field("", alias="from", description="field, or several: the first that holds something")
    join: str | None = Field(None, description="put between all of several fields, instead of taking the first")
    value: str | float | bool | None = Field(None, description="the same for every row")
    default: str | float | bool | None = Field(None, description="when the fields hold nothing")
    find: str | None = Field(None, description="regular expression; its first group is taken")
    words: dict[str, str] | None = Field(None, description="what each word becomes; '*' for all others, '' is none")
    read: Literal["text", "country", "domain", "instant", "date", "number", "truth"] = "text"
    format: str | None = Field(None, description="of instants and dates that are not ISO 8601, as in strptime")
    decimal: Literal[".", ","] = "."
    split: str | None = Field(None, description="what parts a list")
    lookup: Lookup | None = None

    @property
    def fields(self) -> list[str]:
        """The fields that it reads."""
        return [self.from_] if isinstance(self.from_, str) else self.from_


class TableMapping(_Part):
    """One file of the export, or some of its rows, as rows of one resource."""

    resource: str
    file: str = Field(description="name, or a pattern such as Account*.csv")
    rows: str = Field("", description="in JSON: path to the list of rows")
    where: dict[str, str | list[str]] = Field({}, description="only these: a value, several, '*' any, '' none, '!x'")
    known: list[str] = Field([], description="references that must be to rows of this conversion: others are left out")
    columns: dict[str, str | Source]
    attributes: dict[str, str | Source] = Field({}, description="custom attributes")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.resource not in RESOURCES:
            raise ValueError(f"there is no resource {self.resource!r}; there are {', '.join(RESOURCES)}")
        resource = RESOURCES[self.resource]
        unknown = [name for name in self.columns if name not in resource.by_name]
        missing = [column.name for column in resource.columns if column.required and column.name not in self.columns]
        if unknown:
            raise ValueError(f"{self.resource} have no column {unknown[0]!r}; custom ones stand under attributes")
        if missing:
            raise ValueError(f"{self.resource} must have the column {missing[0]!r}")
        return self

    def source(self, name: str) -> Source:
        """Return where a column, or ``attributes.<name>``, comes from."""
        plain = name.removeprefix("attributes.")
        found = self.columns[name] if plain == name else self.attributes[plain]
        return Source.model_validate({"from": found}) if isinstance(found, str) else found


class Mapping(_Part):
    """A mapping file."""

    name: str
    description: str = ""
    tables: list[TableMapping] = Field(min_length=1)


def shipped_mappings() -> list[str]:
    """Return the names of the mappings that come with the service.

    Examples
    --------
    >>> "salesforce" in shipped_mappings()
    True
    """
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read_mapping(name: str) -> Mapping:
    """Read a mapping file.

    Parameters
    ----------
    name : str
        One of `shipped_mappings`, or the path of a file.

    Raises
    ------
    InvalidInput
        If there is none, or it is not what a mapping file must be; the message says where.
    """
    path = FOLDER / f"{name}.toml" if name in shipped_mappings() else Path(name)
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return Mapping.model_validate(content)
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(shipped_mappings())
        raise InvalidInput(f"There is no mapping {name!r}: name a file, or one of {known}.", field="mapping") from error
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{path.name} is not TOML: {error}", field="mapping") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{path.name}: {place}: {first['msg']}", field="mapping") from error
