"""Listings of the public directory: the partner asks for one and writes it, the vendor publishes it."""

from collections.abc import Mapping
from typing import Any

from domain.errors import Conflict
from domain.terms import PartnerStatus
from programme import records
from programme.ledger import service_rows
from programme.rule import Row
from store.unit_of_work import UnitOfWork


def listing_of(work: UnitOfWork, partner: Row) -> Row | None:
    """Return the listing of a partner that the actor sees; None if it has none."""
    return work.repository("listings").find((partner["external_id"],))


def keep_listing(work: UnitOfWork, partner: Row, values: Mapping[str, Any]) -> Row:
    """Make or change a partner's listing and return it; errors as of its rule and `Repository.patch`."""
    found = listing_of(work, partner)
    if found is None:
        return records.create(work, "listings", {"partner": partner["external_id"], **values})
    return records.change(work, "listings", found["id"], values)


def publish(work: UnitOfWork, key: int, *, published: bool) -> Row:
    """Publish a listing or take it out of the directory, and return it.

    Raises
    ------
    NotFound
        If the actor sees no such listing.
    Conflict
        If it is to be published, and the partner does not want it or is not active.
    """
    listing = work.repository("listings").get(key)
    partner = service_rows(work, "partners").get(listing["partner"])
    if published and partner["status"] != PartnerStatus.ACTIVE:
        raise Conflict(f"{partner['name']} is {partner['status'] or 'of no status'}; only active partners are listed.")
    return records.change(work, "listings", listing["id"], {"published": published})
