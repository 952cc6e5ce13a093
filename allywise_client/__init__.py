"""Typed client of the HTTP API: one method per operation of the OpenAPI document, made from it."""

from allywise_client.operations import Allywise
from allywise_client.transport import ApiProblem, every_row

__all__ = ["Allywise", "ApiProblem", "every_row"]
