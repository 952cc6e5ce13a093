"""Forms with many or repeated fields, as they were sent."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from domain.errors import InvalidInput

_LONGEST = 4000


async def _sent(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=500)


Sent = Annotated[FormData, Depends(_sent)]
"""All fields of a form."""


def text_of(form: FormData, name: str) -> str:
    """Return a field's text without spaces around, empty where it was not sent.

    Raises
    ------
    InvalidInput
        If it is longer than any field of ours takes.
    """
    value = form.get(name)
    text = value.strip() if isinstance(value, str) else ""
    if len(text) > _LONGEST:
        raise InvalidInput(f"{name} has more than {_LONGEST} characters", field=name)
    return text


def number_of(form: FormData, name: str, scale: float = 1.0) -> float | None:
    """Return a field as a number over `scale`, None where it is empty; a decimal comma is understood.

    Raises
    ------
    InvalidInput
        If it is no number.
    """
    text = text_of(form, name).replace(",", ".")
    if not text:
        return None
    try:
        return float(text) / scale
    except ValueError as error:
        raise InvalidInput(f"{name}: {text!r} is no number", field=name) from error
