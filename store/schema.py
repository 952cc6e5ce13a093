"""What all tables share: one metadata, the types of ids and of JSON."""

from sqlalchemy import JSON, BigInteger, Integer, MetaData
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
RowId = BigInteger().with_variant(Integer(), "sqlite")


def all_tables() -> MetaData:
    """Return the metadata with the tables of all files in it."""
    from store import (  # noqa: F401
        access_tables,
        claim_tables,
        journal_tables,
        notice_tables,
        privacy_tables,
        routing_tables,
        tables,
    )

    return metadata
