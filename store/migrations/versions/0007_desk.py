"""The desk: shortlists, interventions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from store import types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "interventions",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("planned_at", types.Instant(timezone=True), nullable=True),
        sa.Column("done_at", types.Instant(timezone=True), nullable=True),
        sa.Column("p_inactive_before", sa.Float(precision=53), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_interventions_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interventions")),
        sa.UniqueConstraint("external_id", name=op.f("uq_interventions_external_id")),
    )
    op.create_index(op.f("ix_interventions_partner_id"), "interventions", ["partner_id"], unique=False)
    op.create_index(op.f("ix_interventions_row_updated_at"), "interventions", ["row_updated_at"], unique=False)
    op.create_table(
        "listings",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=True),
        sa.Column("published", sa.Boolean(), nullable=True),
        sa.Column("headline", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("languages", JSON, nullable=True),
        sa.Column("products", JSON, nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_listings_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listings")),
        sa.UniqueConstraint("partner_id", name=op.f("uq_listings_partner_id")),
    )
    op.create_index(op.f("ix_listings_partner_id"), "listings", ["partner_id"], unique=False)
    op.create_index(op.f("ix_listings_row_updated_at"), "listings", ["row_updated_at"], unique=False)
    op.create_table(
        "shortlist_entries",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("shortlist", sa.Text(), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("added_by", sa.Text(), nullable=True),
        sa.Column("added_at", types.Instant(timezone=True), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_shortlist_entries_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shortlist_entries")),
        sa.UniqueConstraint("shortlist", "partner_id", name=op.f("uq_shortlist_entries_shortlist_partner_id")),
    )
    op.create_index(op.f("ix_shortlist_entries_partner_id"), "shortlist_entries", ["partner_id"], unique=False)
    op.create_index(op.f("ix_shortlist_entries_row_updated_at"), "shortlist_entries", ["row_updated_at"], unique=False)
    op.create_index(op.f("ix_deals_status_registered_at"), "deals", ["status", "registered_at"], unique=False)
    op.add_column("scores", sa.Column("stake", sa.Float(precision=53), nullable=True))


def downgrade() -> None:
    op.drop_column("scores", "stake")
    op.drop_index(op.f("ix_deals_status_registered_at"), table_name="deals")
    op.drop_index(op.f("ix_shortlist_entries_row_updated_at"), table_name="shortlist_entries")
    op.drop_index(op.f("ix_shortlist_entries_partner_id"), table_name="shortlist_entries")
    op.drop_table("shortlist_entries")
    op.drop_index(op.f("ix_listings_row_updated_at"), table_name="listings")
    op.drop_index(op.f("ix_listings_partner_id"), table_name="listings")
    op.drop_table("listings")
    op.drop_index(op.f("ix_interventions_row_updated_at"), table_name="interventions")
    op.drop_index(op.f("ix_interventions_partner_id"), table_name="interventions")
    op.drop_table("interventions")
