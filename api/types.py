"""Types of what callers send: JSON and query values as the document says them, nothing guessed from another type."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _written_out(value: Any) -> Any:
    """Refuse a number of seconds or days where a date is wanted: which epoch it counts from would be a guess."""
    if isinstance(value, str) and not _DATE.match(value):
        raise ValueError("write it as ISO 8601, e.g. 2024-05-31T12:00:00Z or 2024-05-31")
    if isinstance(value, int | float):
        raise ValueError("write it as ISO 8601 text, e.g. 2024-05-31T12:00:00Z or 2024-05-31")
    return value


def _in_utc(instant: datetime) -> datetime:
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


Told = Annotated[datetime, AfterValidator(_in_utc)]
"""An instant in an answer; what comes from a frame is UTC without saying so."""
Instant = Annotated[datetime, BeforeValidator(_written_out)]
Day = Annotated[date, BeforeValidator(_written_out)]
Flag = StrictBool
Whole = Annotated[StrictInt, Field(ge=-(2**63), lt=2**63)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Money = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
"""A number, or its text where a client keeps all digits."""
