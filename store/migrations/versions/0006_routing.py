"""Routing: policies, overrides, absences, routes with their clocks, allocations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from store import types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "allocations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("as_of", types.Instant(timezone=True), nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("program", sa.Text(), nullable=True),
        sa.Column("policy", JSON, nullable=False),
        sa.Column("request", JSON, nullable=False),
        sa.Column("response", JSON, nullable=False),
        sa.Column("prices", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocations")),
    )
    op.create_index(op.f("ix_allocations_as_of"), "allocations", ["as_of"], unique=False)
    op.create_table(
        "routing_policies",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("program_id", ROW_ID, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=True),
        sa.Column("shadow_prices", sa.Boolean(), nullable=True),
        sa.Column("objective", sa.Text(), nullable=True),
        sa.Column("margin", sa.Float(precision=53), nullable=True),
        sa.Column("exploration", sa.Text(), nullable=True),
        sa.Column("explored_share", sa.Float(precision=53), nullable=True),
        sa.Column("explored_within", sa.Float(precision=53), nullable=True),
        sa.Column("max_hops", sa.BigInteger(), nullable=True),
        sa.Column("answer_hours", sa.Float(precision=53), nullable=True),
        sa.Column("first_contact_hours", sa.Float(precision=53), nullable=True),
        sa.Column("remind_hours", sa.Float(precision=53), nullable=True),
        sa.Column("cool_down_days", sa.Float(precision=53), nullable=True),
        sa.Column("newcomer_days", sa.Float(precision=53), nullable=True),
        sa.Column("working_days", JSON, nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_routing_policies_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_policies")),
        sa.UniqueConstraint("external_id", name=op.f("uq_routing_policies_external_id")),
    )
    op.create_index(op.f("ix_routing_policies_row_updated_at"), "routing_policies", ["row_updated_at"], unique=False)
    op.create_table(
        "absences",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("since", types.Instant(timezone=True), nullable=False),
        sa.Column("until", types.Instant(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_absences_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
        sa.UniqueConstraint("partner_id", "since", name=op.f("uq_absences_partner_id_since")),
    )
    op.create_index(op.f("ix_absences_partner_id"), "absences", ["partner_id"], unique=False)
    op.create_index(op.f("ix_absences_row_updated_at"), "absences", ["row_updated_at"], unique=False)
    op.create_table(
        "routes",
        sa.Column("lead_id", ROW_ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("policy", JSON, nullable=False),
        sa.Column("started_at", types.Instant(timezone=True), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("hops", sa.Integer(), server_default="0", nullable=False),
        sa.Column("contact_until", types.Instant(timezone=True), nullable=True),
        sa.Column("due_at", types.Instant(timezone=True), nullable=True),
        sa.Column("ended_at", types.Instant(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("told_at", types.Instant(timezone=True), nullable=True),
        sa.Column("lease_until", types.Instant(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_routes_lead_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_routes")),
    )
    op.create_index(op.f("ix_routes_due_at"), "routes", ["due_at"], unique=False)
    op.create_index(op.f("ix_routes_state"), "routes", ["state"], unique=False)
    op.create_table(
        "routing_limits",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("policy_id", ROW_ID, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("least", sa.Float(precision=53), nullable=True),
        sa.Column("most", sa.Float(precision=53), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["policy_id"], ["routing_policies.id"], name=op.f("fk_routing_limits_policy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_limits")),
        sa.UniqueConstraint("external_id", name=op.f("uq_routing_limits_external_id")),
    )
    op.create_index(op.f("ix_routing_limits_row_updated_at"), "routing_limits", ["row_updated_at"], unique=False)
    op.create_table(
        "routing_overrides",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("lead_id", ROW_ID, nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=True),
        sa.Column("set_at", types.Instant(timezone=True), nullable=True),
        sa.Column("expires_at", types.Instant(timezone=True), nullable=True),
        sa.Column("ended_at", types.Instant(timezone=True), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_routing_overrides_lead_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_routing_overrides_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_overrides")),
        sa.UniqueConstraint("external_id", name=op.f("uq_routing_overrides_external_id")),
    )
    op.create_index(op.f("ix_routing_overrides_lead_id"), "routing_overrides", ["lead_id"], unique=False)
    op.create_index(op.f("ix_routing_overrides_partner_id"), "routing_overrides", ["partner_id"], unique=False)
    op.create_index(op.f("ix_routing_overrides_row_updated_at"), "routing_overrides", ["row_updated_at"], unique=False)
    op.create_table(
        "routing_rules",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("policy_id", ROW_ID, nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("enforced", sa.Boolean(), nullable=True),
        sa.Column("number", sa.Float(precision=53), nullable=True),
        sa.Column("names", JSON, nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["policy_id"], ["routing_policies.id"], name=op.f("fk_routing_rules_policy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_rules")),
        sa.UniqueConstraint("policy_id", "rule", name=op.f("uq_routing_rules_policy_id_rule")),
    )
    op.create_index(op.f("ix_routing_rules_row_updated_at"), "routing_rules", ["row_updated_at"], unique=False)
    op.add_column("match_runs", sa.Column("decision", JSON, nullable=True))
    op.create_index(op.f("ix_match_runs_lead_id"), "match_runs", ["lead_id"], unique=False)
    op.add_column("offer_terms", sa.Column("hop", sa.Integer(), nullable=True))
    op.add_column("offer_terms", sa.Column("reminded_at", types.Instant(timezone=True), nullable=True))
    op.add_column("offer_terms", sa.Column("override", sa.Text(), nullable=True))
    op.add_column("offer_terms", sa.Column("rank", sa.Integer(), nullable=True))
    op.add_column("offer_terms", sa.Column("p_win", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("offer_terms", "p_win")
    op.drop_column("offer_terms", "rank")
    op.drop_column("offer_terms", "override")
    op.drop_column("offer_terms", "reminded_at")
    op.drop_column("offer_terms", "hop")
    op.drop_index(op.f("ix_match_runs_lead_id"), table_name="match_runs")
    op.drop_column("match_runs", "decision")
    op.drop_index(op.f("ix_routing_rules_row_updated_at"), table_name="routing_rules")
    op.drop_table("routing_rules")
    op.drop_index(op.f("ix_routing_overrides_row_updated_at"), table_name="routing_overrides")
    op.drop_index(op.f("ix_routing_overrides_partner_id"), table_name="routing_overrides")
    op.drop_index(op.f("ix_routing_overrides_lead_id"), table_name="routing_overrides")
    op.drop_table("routing_overrides")
    op.drop_index(op.f("ix_routing_limits_row_updated_at"), table_name="routing_limits")
    op.drop_table("routing_limits")
    op.drop_index(op.f("ix_routes_state"), table_name="routes")
    op.drop_index(op.f("ix_routes_due_at"), table_name="routes")
    op.drop_table("routes")
    op.drop_index(op.f("ix_absences_row_updated_at"), table_name="absences")
    op.drop_index(op.f("ix_absences_partner_id"), table_name="absences")
    op.drop_table("absences")
    op.drop_index(op.f("ix_routing_policies_row_updated_at"), table_name="routing_policies")
    op.drop_table("routing_policies")
    op.drop_index(op.f("ix_allocations_as_of"), table_name="allocations")
    op.drop_table("allocations")
