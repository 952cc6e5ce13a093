"""The resources of a partner programme and their columns: the import format as data.

Everything that must agree with the format reads it here: the store's tables, import and export,
the HTTP schemas and the documentation. Names are public promises and are never changed.
"""

from collections.abc import Mapping
from types import MappingProxyType

from domain.columns import (
    COORDINATES,
    COUNTRY,
    CURRENCY,
    DESCRIPTION,
    ID,
    NAME,
    Column,
    ColumnType,
    Resource,
    list_column,
    reference,
    text_column,
    typed,
    words,
)
from domain.duties import DUTIES
from domain.terms import AgreementStatus, AssignmentResponse, DealOutcome, DealStatus, PartnerKind, PartnerStatus

__all__ = ["LEARNED", "RESOURCES", "Column", "ColumnType", "Resource"]

_FORMAT = (
    Resource("programs", (ID, NAME, text_column("kind"), text_column("objective"), list_column("tiers"))),
    Resource(
        "products",
        (
            ID,
            NAME,
            text_column("category"),
            DESCRIPTION,
            *typed(ColumnType.AMOUNT, "price"),
            CURRENCY,
            list_column("required_certifications"),
        ),
    ),
    Resource(
        "partners",
        (
            ID,
            NAME,
            words("status", PartnerStatus),
            reference("program", "programs"),
            words("kind", PartnerKind),
            text_column("tier"),
            COUNTRY,
            text_column("region"),
            text_column("city"),
            list_column("territories"),
            list_column("industries"),
            list_column("languages"),
            *typed(ColumnType.INTEGER, "employees"),
            *typed(ColumnType.AMOUNT, "annual_revenue"),
            *typed(ColumnType.DATE, "founded_on"),
            *typed(ColumnType.INSTANT, "recruited_at", "ended_at"),
            text_column("website"),
            DESCRIPTION,
            text_column("account_manager"),
            *typed(ColumnType.INTEGER, "max_open_leads"),
            *COORDINATES,
        ),
    ),
    Resource(
        "contacts",
        (
            ID,
            reference("partner", "partners", required=True),
            NAME,
            text_column("email"),
            text_column("phone"),
            text_column("role"),
        ),
    ),
    Resource(
        "agreements",
        (
            ID,
            reference("partner", "partners", required=True),
            words("status", AgreementStatus),
            *typed(ColumnType.DATE, "signed_on", "valid_from*", "valid_to"),
            list_column("territories"),
            list_column("products", ColumnType.REFERENCE, "products"),
            *typed(ColumnType.NUMBER, "commission_rate"),
            *typed(ColumnType.BOOLEAN, "exclusive"),
        ),
    ),
    Resource(
        "certifications",
        (
            reference("partner", "partners", required=True),
            text_column("course", required=True),
            *typed(ColumnType.DATE, "passed_on*", "expires_on"),
            reference("contact", "contacts"),
        ),
        key=("partner", "course", "passed_on"),
    ),
    Resource(
        "leads",
        (
            ID,
            *typed(ColumnType.INSTANT, "created_at*"),
            text_column("company"),
            text_column("domain"),
            COUNTRY,
            text_column("region"),
            text_column("city"),
            text_column("industry"),
            *typed(ColumnType.INTEGER, "employees"),
            text_column("source"),
            reference("product", "products"),
            *typed(ColumnType.AMOUNT, "estimated_amount"),
            CURRENCY,
            DESCRIPTION,
            reference("program", "programs"),
            *COORDINATES,
        ),
    ),
    Resource(
        "assignments",
        (
            reference("lead", "leads", required=True),
            reference("partner", "partners", required=True),
            *typed(ColumnType.INSTANT, "offered_at*"),
            words("response", AssignmentResponse),
            *typed(ColumnType.INSTANT, "responded_at"),
            text_column("decline_reason"),
        ),
        key=("lead", "partner", "offered_at"),
    ),
    Resource(
        "deals",
        (
            ID,
            reference("partner", "partners", required=True),
            *typed(ColumnType.INSTANT, "registered_at*"),
            reference("lead", "leads"),
            text_column("company"),
            text_column("domain"),
            COUNTRY,
            text_column("region"),
            text_column("industry"),
            reference("product", "products"),
            words("status", DealStatus),
            text_column("stage"),
            words("outcome", DealOutcome),
            *typed(ColumnType.AMOUNT, "amount"),
            CURRENCY,
            *typed(ColumnType.INSTANT, "closed_at"),
            DESCRIPTION,
        ),
    ),
    Resource(
        "assets",
        (
            ID,
            text_column("title", required=True),
            text_column("kind"),
            text_column("body"),
            text_column("language"),
            list_column("topics"),
            list_column("products", ColumnType.REFERENCE, "products"),
            list_column("countries", ColumnType.COUNTRY),
            text_column("min_tier"),
            *typed(ColumnType.INSTANT, "published_at", "expires_at"),
        ),
    ),
    Resource(
        "offers",
        (
            ID,
            text_column("title", required=True),
            text_column("kind"),
            text_column("body"),
            *typed(ColumnType.DATE, "valid_from", "valid_to"),
            list_column("countries", ColumnType.COUNTRY),
            list_column("products", ColumnType.REFERENCE, "products"),
            text_column("min_tier"),
            *typed(ColumnType.AMOUNT, "amount"),
            CURRENCY,
            *typed(ColumnType.AMOUNT, "budget"),
        ),
    ),
    Resource(
        "activities",
        (
            reference("partner", "partners", required=True),
            *typed(ColumnType.INSTANT, "occurred_at*"),
            text_column("kind", required=True),
            reference("asset", "assets"),
            reference("offer", "offers"),
            reference("deal", "deals"),
            reference("contact", "contacts"),
            *typed(ColumnType.NUMBER, "quantity"),
            *typed(ColumnType.AMOUNT, "amount"),
            *typed(ColumnType.INSTANT, "recorded_at"),
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
            reference("partner", "partners", required=True),
            *typed(ColumnType.INSTANT, "submitted_at*"),
            text_column("kind", required=True),
            *typed(ColumnType.NUMBER, "score"),
            text_column("comment"),
        ),
        key=("partner", "submitted_at", "kind"),
    ),
    Resource(
        "goals",
        (
            reference("partner", "partners", required=True),
            text_column("metric", required=True),
            *typed(ColumnType.DATE, "period_start*", "period_end*"),
            *typed(ColumnType.NUMBER, "target*"),
        ),
        key=("partner", "metric", "period_start"),
    ),
    Resource(
        "changes",
        (
            text_column("resource", required=True),
            text_column("external_id", required=True),
            text_column("field", required=True),
            *typed(ColumnType.INSTANT, "changed_at*"),
            text_column("value"),
        ),
        key=("resource", "external_id", "field", "changed_at"),
        custom=False,
    ),
)

_IN_ORDER = (*_FORMAT[:-1], *DUTIES, _FORMAT[-1])  # changes come last: they are of rows of all others

RESOURCES: Mapping[str, Resource] = MappingProxyType({resource.name: resource for resource in _IN_ORDER})
"""All resources by name, in an order in which references point backwards."""

LEARNED: Mapping[str, Resource] = MappingProxyType({resource.name: resource for resource in _FORMAT})
"""Those of the import format, version 1: what the models learn from."""
