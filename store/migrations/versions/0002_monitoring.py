"""Monitoring: scores of a version in shadow, and what the nightly check of a model found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from store import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "shadow_scores",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("model", sa.String(length=16), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("as_of", types.Instant(), nullable=False),
        sa.Column("p", sa.Float(precision=53), nullable=False),
        sa.Column("low", sa.Float(precision=53), nullable=False),
        sa.Column("high", sa.Float(precision=53), nullable=False),
        sa.Column("model_version", sa.String(length=64), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_shadow_scores_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_scores")),
        sa.UniqueConstraint(
            "partner_id",
            "model",
            "horizon_days",
            "as_of",
            "model_version",
            name=op.f("uq_shadow_scores"),
        ),
    )
    op.create_index(
        op.f("ix_shadow_scores_model_horizon_days_as_of"), "shadow_scores", ["model", "horizon_days", "as_of"]
    )
    op.create_table(
        "model_checks",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("model", sa.String(length=16), nullable=False),
        sa.Column("model_version", sa.String(length=64), nullable=False),
        sa.Column("as_of", types.Instant(), nullable=False),
        sa.Column("report", JSON, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_checks")),
    )
    op.create_index(op.f("ix_model_checks_model_as_of"), "model_checks", ["model", "as_of"])


def downgrade() -> None:
    op.drop_table("model_checks")
    op.drop_table("shadow_scores")
