"""The programme's duties, people and sessions, audit trail, events, webhooks and alerts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from store import types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "alert_notices",
        sa.Column("alert_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("sent_at", types.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("alert_id", "person", "channel", name=op.f("pk_alert_notices")),
    )
    op.create_index(
        op.f("ix_alert_notices_channel_mode_sent_at"), "alert_notices", ["channel", "mode", "sent_at"], unique=False
    )
    op.create_table(
        "alert_preferences",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("console", sa.Boolean(), nullable=False),
        sa.Column("email", sa.String(length=16), nullable=False),
        sa.Column("webhook", sa.String(length=16), nullable=False),
        sa.Column("updated_at", types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person", "kind", name=op.f("pk_alert_preferences")),
    )
    op.create_table(
        "alert_reads",
        sa.Column("alert_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("read_at", types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("alert_id", "person", name=op.f("pk_alert_reads")),
    )
    op.create_table(
        "alerts",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=True),
        sa.Column("for_staff", sa.Boolean(), nullable=False),
        sa.Column("for_partner", sa.Boolean(), nullable=False),
        sa.Column("resource", sa.String(length=64), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("dedup_key", sa.String(length=200), nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("resolved_at", types.Instant(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("dedup_key", name=op.f("uq_alerts_dedup_key")),
    )
    op.create_index(op.f("ix_alerts_created_at"), "alerts", ["created_at"], unique=False)
    op.create_index(op.f("ix_alerts_partner_id"), "alerts", ["partner_id"], unique=False)
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", types.Instant(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("actor_partner_id", ROW_ID, nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("resource", sa.String(length=64), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("partner_id", ROW_ID, nullable=True),
        sa.Column("details_digest", sa.String(length=64), nullable=True),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_actor"), "audit", ["actor"], unique=False)
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_index(op.f("ix_audit_partner_id"), "audit", ["partner_id"], unique=False)
    op.create_index(op.f("ix_audit_resource_key"), "audit", ["resource", "key"], unique=False)
    op.create_table(
        "audit_details",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_details")),
    )
    op.create_table(
        "audit_subjects",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("resource", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", "key", name=op.f("pk_audit_subjects")),
    )
    op.create_index(op.f("ix_audit_subjects_resource_key"), "audit_subjects", ["resource", "key"], unique=False)
    op.create_table(
        "courses",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("products", JSON, nullable=True),
        sa.Column("validity_days", sa.BigInteger(), nullable=True),
        sa.Column("hours", sa.Float(precision=53), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courses")),
        sa.UniqueConstraint("external_id", name=op.f("uq_courses_external_id")),
    )
    op.create_index(op.f("ix_courses_row_updated_at"), "courses", ["row_updated_at"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("webhook_id", ROW_ID, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", types.Instant(timezone=True), nullable=False),
        sa.Column("lease_until", types.Instant(timezone=True), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("replay_of", sa.String(length=32), nullable=True),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("finished_at", types.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_event_id"), "deliveries", ["event_id"], unique=False)
    op.create_index(
        op.f("ix_deliveries_status_next_attempt_at"), "deliveries", ["status", "next_attempt_at"], unique=False
    )
    op.create_index(
        op.f("ix_deliveries_webhook_id_created_at"), "deliveries", ["webhook_id", "created_at"], unique=False
    )
    op.create_table(
        "erasures",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("resource", sa.String(length=64), nullable=False),
        sa.Column("row_id", ROW_ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("erased_by", sa.Text(), nullable=False),
        sa.Column("erased_at", types.Instant(timezone=True), nullable=False),
        sa.Column("reached", JSON, nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index(op.f("ix_erasures_resource_row_id"), "erasures", ["resource", "row_id"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", types.Instant(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("resource", sa.String(length=64), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("partner_id", ROW_ID, nullable=True),
        sa.Column("for_partner", sa.Boolean(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_at"), "events", ["at"], unique=False)
    op.create_index(op.f("ix_events_partner_id_id"), "events", ["partner_id", "id"], unique=False)
    op.create_table(
        "feed_marks",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_feed_marks")),
    )
    op.create_table(
        "key_marks",
        sa.Column("resource", sa.String(length=8), nullable=False),
        sa.Column("marked_at", types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("resource", "marked_at", name=op.f("pk_key_marks")),
    )
    op.create_table(
        "key_progress",
        sa.Column("resource", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("resource", name=op.f("pk_key_progress")),
    )
    op.create_table(
        "notices",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("told_at", types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "subject", name=op.f("pk_notices")),
    )
    op.create_table(
        "sign_in_tries",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("subject_hash", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("begun_at", types.Instant(timezone=True), nullable=False),
        sa.Column("locked_until", types.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_tries")),
        sa.UniqueConstraint("kind", "subject_hash", name=op.f("uq_sign_in_tries_kind_subject_hash")),
    )
    op.create_index(op.f("ix_sign_in_tries_begun_at"), "sign_in_tries", ["begun_at"], unique=False)
    op.create_table(
        "webhooks",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("events", JSON, nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("former_secret", sa.Text(), nullable=True),
        sa.Column("former_until", types.Instant(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failing_since", types.Instant(timezone=True), nullable=True),
        sa.Column("paused_until", types.Instant(timezone=True), nullable=True),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("updated_at", types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "commission_plans",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("program_id", ROW_ID, nullable=True),
        sa.Column("base", sa.Text(), nullable=True),
        sa.Column("rate", sa.Float(precision=53), nullable=True),
        sa.Column("marginal", sa.Boolean(), nullable=True),
        sa.Column("products", JSON, nullable=True),
        sa.Column("tiers", JSON, nullable=True),
        sa.Column("priority", sa.BigInteger(), nullable=True),
        sa.Column("volume_days", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_commission_plans_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_plans")),
        sa.UniqueConstraint("external_id", name=op.f("uq_commission_plans_external_id")),
    )
    op.create_index(op.f("ix_commission_plans_row_updated_at"), "commission_plans", ["row_updated_at"], unique=False)
    op.create_table(
        "criteria",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("program_id", ROW_ID, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("weight", sa.Float(precision=53), nullable=False),
        sa.Column("minimum", sa.Float(precision=53), nullable=True),
        sa.Column("must_have", sa.Boolean(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_criteria_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criteria")),
        sa.UniqueConstraint("external_id", name=op.f("uq_criteria_external_id")),
    )
    op.create_index(op.f("ix_criteria_row_updated_at"), "criteria", ["row_updated_at"], unique=False)
    op.create_table(
        "incentives",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("program_id", ROW_ID, nullable=True),
        sa.Column("products", JSON, nullable=True),
        sa.Column("amount", types.Amount(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("rate", sa.Float(precision=53), nullable=True),
        sa.Column("within_days", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_incentives_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incentives")),
        sa.UniqueConstraint("external_id", name=op.f("uq_incentives_external_id")),
    )
    op.create_index(op.f("ix_incentives_row_updated_at"), "incentives", ["row_updated_at"], unique=False)
    op.create_table(
        "onboarding_steps",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("program_id", ROW_ID, nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("due_days", sa.BigInteger(), nullable=True),
        sa.Column("required", sa.Boolean(), nullable=True),
        sa.Column("course", sa.Text(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_onboarding_steps_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_onboarding_steps")),
        sa.UniqueConstraint("external_id", name=op.f("uq_onboarding_steps_external_id")),
    )
    op.create_index(op.f("ix_onboarding_steps_row_updated_at"), "onboarding_steps", ["row_updated_at"], unique=False)
    op.create_table(
        "program_rules",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("program_id", ROW_ID, nullable=False),
        sa.Column("protection_days", sa.BigInteger(), nullable=True),
        sa.Column("reminder_days", sa.BigInteger(), nullable=True),
        sa.Column("answer_hours", sa.BigInteger(), nullable=True),
        sa.Column("first_contact_hours", sa.BigInteger(), nullable=True),
        sa.Column("auto_approve", sa.Boolean(), nullable=True),
        sa.Column("qualification_note", sa.Text(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_program_rules_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_program_rules")),
        sa.UniqueConstraint("program_id", name=op.f("uq_program_rules_program_id")),
    )
    op.create_index(op.f("ix_program_rules_row_updated_at"), "program_rules", ["row_updated_at"], unique=False)
    op.create_table(
        "surveys",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("program_id", ROW_ID, nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_surveys_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys")),
        sa.UniqueConstraint("external_id", name=op.f("uq_surveys_external_id")),
    )
    op.create_index(op.f("ix_surveys_row_updated_at"), "surveys", ["row_updated_at"], unique=False)
    op.create_table(
        "tiers",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("program_id", ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("min_revenue", types.Amount(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("min_deals", sa.BigInteger(), nullable=True),
        sa.Column("min_certified", sa.BigInteger(), nullable=True),
        sa.Column("required_certifications", JSON, nullable=True),
        sa.Column("benefits", sa.Text(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_tiers_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tiers")),
        sa.UniqueConstraint("external_id", name=op.f("uq_tiers_external_id")),
    )
    op.create_index(op.f("ix_tiers_row_updated_at"), "tiers", ["row_updated_at"], unique=False)
    op.create_table(
        "commission_bands",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("plan_id", ROW_ID, nullable=False),
        sa.Column("from_amount", types.Amount(), nullable=False),
        sa.Column("rate", sa.Float(precision=53), nullable=False),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["commission_plans.id"], name=op.f("fk_commission_bands_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_bands")),
        sa.UniqueConstraint("plan_id", "from_amount", name=op.f("uq_commission_bands_plan_id_from_amount")),
    )
    op.create_index(op.f("ix_commission_bands_row_updated_at"), "commission_bands", ["row_updated_at"], unique=False)
    op.create_table(
        "costs",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=True),
        sa.Column("program_id", ROW_ID, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", types.Amount(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("incurred_on", sa.Date(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_costs_partner_id")),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_costs_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_costs")),
        sa.UniqueConstraint("external_id", name=op.f("uq_costs_external_id")),
    )
    op.create_index(op.f("ix_costs_partner_id"), "costs", ["partner_id"], unique=False)
    op.create_index(op.f("ix_costs_row_updated_at"), "costs", ["row_updated_at"], unique=False)
    op.create_table(
        "fund_requests",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("offer_id", ROW_ID, nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("amount", types.Amount(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("requested_at", types.Instant(timezone=True), nullable=True),
        sa.Column("approved_amount", types.Amount(), nullable=True),
        sa.Column("claimed_amount", types.Amount(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", types.Instant(timezone=True), nullable=True),
        sa.Column("claimed_at", types.Instant(timezone=True), nullable=True),
        sa.Column("paid_at", types.Instant(timezone=True), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_fund_requests_offer_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_fund_requests_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_requests")),
        sa.UniqueConstraint("external_id", name=op.f("uq_fund_requests_external_id")),
    )
    op.create_index(op.f("ix_fund_requests_partner_id"), "fund_requests", ["partner_id"], unique=False)
    op.create_index(op.f("ix_fund_requests_row_updated_at"), "fund_requests", ["row_updated_at"], unique=False)
    op.create_table(
        "lead_keys",
        sa.Column(
            "key", sa.String(length=80).with_variant(sa.String(length=80, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("lead_id", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_lead_keys_lead_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", "lead_id", name=op.f("pk_lead_keys")),
    )
    op.create_index(op.f("ix_lead_keys_lead_id"), "lead_keys", ["lead_id"], unique=False)
    op.create_table(
        "plans",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("objective", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_plans_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("external_id", name=op.f("uq_plans_external_id")),
    )
    op.create_index(op.f("ix_plans_partner_id"), "plans", ["partner_id"], unique=False)
    op.create_index(op.f("ix_plans_row_updated_at"), "plans", ["row_updated_at"], unique=False)
    op.create_table(
        "ratings",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("criterion_id", ROW_ID, nullable=False),
        sa.Column("rated_at", types.Instant(timezone=True), nullable=False),
        sa.Column("score", sa.Float(precision=53), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("rated_by", sa.Text(), nullable=False),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["criterion_id"], ["criteria.id"], name=op.f("fk_ratings_criterion_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_ratings_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
        sa.UniqueConstraint(
            "partner_id",
            "criterion_id",
            "rated_by",
            "rated_at",
            name=op.f("uq_ratings_partner_id_criterion_id_rated_by_rated_at"),
        ),
    )
    op.create_index(op.f("ix_ratings_partner_id"), "ratings", ["partner_id"], unique=False)
    op.create_index(op.f("ix_ratings_row_updated_at"), "ratings", ["row_updated_at"], unique=False)
    op.create_table(
        "stage_changes",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("changed_at", types.Instant(timezone=True), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=True),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=True),
        sa.Column("overridden", sa.Boolean(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_stage_changes_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_changes")),
        sa.UniqueConstraint(
            "partner_id", "changed_at", "to_status", name=op.f("uq_stage_changes_partner_id_changed_at_to_status")
        ),
    )
    op.create_index(op.f("ix_stage_changes_partner_id"), "stage_changes", ["partner_id"], unique=False)
    op.create_index(op.f("ix_stage_changes_row_updated_at"), "stage_changes", ["row_updated_at"], unique=False)
    op.create_table(
        "statements",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("credit", types.Amount(), nullable=True),
        sa.Column("debit", types.Amount(), nullable=True),
        sa.Column("closed_at", types.Instant(timezone=True), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_statements_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
        sa.UniqueConstraint("external_id", name=op.f("uq_statements_external_id")),
    )
    op.create_index(op.f("ix_statements_partner_id"), "statements", ["partner_id"], unique=False)
    op.create_index(op.f("ix_statements_row_updated_at"), "statements", ["row_updated_at"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("step_id", ROW_ID, nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_at", types.Instant(timezone=True), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_tasks_partner_id")),
        sa.ForeignKeyConstraint(["step_id"], ["onboarding_steps.id"], name=op.f("fk_tasks_step_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("external_id", name=op.f("uq_tasks_external_id")),
    )
    op.create_index(op.f("ix_tasks_partner_id"), "tasks", ["partner_id"], unique=False)
    op.create_index(op.f("ix_tasks_row_updated_at"), "tasks", ["row_updated_at"], unique=False)
    op.create_table(
        "tier_reviews",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("reviewed_on", sa.Date(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("proposed_tier", sa.Text(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", types.Instant(timezone=True), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_tier_reviews_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier_reviews")),
        sa.UniqueConstraint("external_id", name=op.f("uq_tier_reviews_external_id")),
    )
    op.create_index(op.f("ix_tier_reviews_partner_id"), "tier_reviews", ["partner_id"], unique=False)
    op.create_index(op.f("ix_tier_reviews_row_updated_at"), "tier_reviews", ["row_updated_at"], unique=False)
    op.create_table(
        "users",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=True),
        sa.Column("partner_role", sa.String(length=16), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("token_expires_at", types.Instant(timezone=True), nullable=True),
        sa.Column("oidc_subject", sa.Text(), nullable=True),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("last_login_at", types.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_users_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sa.UniqueConstraint("oidc_subject", name=op.f("uq_users_oidc_subject")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_users_token_hash")),
    )
    op.create_index(op.f("ix_users_partner_id"), "users", ["partner_id"], unique=False)
    op.create_table(
        "commission_shares",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("deal_id", ROW_ID, nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("share", sa.Float(precision=53), nullable=False),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deal_id"], ["deals.id"], name=op.f("fk_commission_shares_deal_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_commission_shares_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission_shares")),
        sa.UniqueConstraint("deal_id", "partner_id", name=op.f("uq_commission_shares_deal_id_partner_id")),
    )
    op.create_index(op.f("ix_commission_shares_partner_id"), "commission_shares", ["partner_id"], unique=False)
    op.create_index(op.f("ix_commission_shares_row_updated_at"), "commission_shares", ["row_updated_at"], unique=False)
    op.create_table(
        "deal_keys",
        sa.Column(
            "key", sa.String(length=80).with_variant(sa.String(length=80, collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("deal_id", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(["deal_id"], ["deals.id"], name=op.f("fk_deal_keys_deal_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", "deal_id", name=op.f("pk_deal_keys")),
    )
    op.create_index(op.f("ix_deal_keys_deal_id"), "deal_keys", ["deal_id"], unique=False)
    op.create_table(
        "enrolments",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("course_id", ROW_ID, nullable=False),
        sa.Column("contact_id", ROW_ID, nullable=True),
        sa.Column("enrolled_at", types.Instant(timezone=True), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("completed_at", types.Instant(timezone=True), nullable=True),
        sa.Column("score", sa.Float(precision=53), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_enrolments_contact_id")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_enrolments_course_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_enrolments_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint("external_id", name=op.f("uq_enrolments_external_id")),
    )
    op.create_index(op.f("ix_enrolments_partner_id"), "enrolments", ["partner_id"], unique=False)
    op.create_index(op.f("ix_enrolments_row_updated_at"), "enrolments", ["row_updated_at"], unique=False)
    op.create_table(
        "ledger",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("deal_id", ROW_ID, nullable=True),
        sa.Column("plan_id", ROW_ID, nullable=True),
        sa.Column("incentive_id", ROW_ID, nullable=True),
        sa.Column("statement_id", ROW_ID, nullable=True),
        sa.Column("base_amount", types.Amount(), nullable=True),
        sa.Column("rate", sa.Float(precision=53), nullable=True),
        sa.Column("share", sa.Float(precision=53), nullable=True),
        sa.Column("credit", types.Amount(), nullable=True),
        sa.Column("debit", types.Amount(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("earned_on", sa.Date(), nullable=False),
        sa.Column("booked_at", types.Instant(timezone=True), nullable=True),
        sa.Column("reverses", sa.Text(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deal_id"], ["deals.id"], name=op.f("fk_ledger_deal_id")),
        sa.ForeignKeyConstraint(["incentive_id"], ["incentives.id"], name=op.f("fk_ledger_incentive_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_ledger_partner_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["commission_plans.id"], name=op.f("fk_ledger_plan_id")),
        sa.ForeignKeyConstraint(["statement_id"], ["statements.id"], name=op.f("fk_ledger_statement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sa.UniqueConstraint("external_id", name=op.f("uq_ledger_external_id")),
    )
    op.create_index(op.f("ix_ledger_deal_id"), "ledger", ["deal_id"], unique=False)
    op.create_index(op.f("ix_ledger_partner_id"), "ledger", ["partner_id"], unique=False)
    op.create_index(op.f("ix_ledger_row_updated_at"), "ledger", ["row_updated_at"], unique=False)
    op.create_index(op.f("ix_ledger_statement_id"), "ledger", ["statement_id"], unique=False)
    op.create_table(
        "notes",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("lead_id", ROW_ID, nullable=True),
        sa.Column("deal_id", ROW_ID, nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("written_at", types.Instant(timezone=True), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deal_id"], ["deals.id"], name=op.f("fk_notes_deal_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_notes_lead_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_notes_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sa.UniqueConstraint("external_id", name=op.f("uq_notes_external_id")),
    )
    op.create_index(op.f("ix_notes_partner_id"), "notes", ["partner_id"], unique=False)
    op.create_index(op.f("ix_notes_row_updated_at"), "notes", ["row_updated_at"], unique=False)
    op.create_table(
        "offer_terms",
        sa.Column("assignment_id", ROW_ID, nullable=False),
        sa.Column("match_id", sa.String(length=32), nullable=True),
        sa.Column("answer_until", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"], ["assignments.id"], name=op.f("fk_offer_terms_assignment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["match_id"], ["match_runs.id"], name=op.f("fk_offer_terms_match_id")),
        sa.PrimaryKeyConstraint("assignment_id", name=op.f("pk_offer_terms")),
    )
    op.create_table(
        "registrations",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("deal_id", ROW_ID, nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("submitted_at", types.Instant(timezone=True), nullable=False),
        sa.Column("protected_until", types.Instant(timezone=True), nullable=True),
        sa.Column("reminded_at", types.Instant(timezone=True), nullable=True),
        sa.Column("decided_at", types.Instant(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("distinct_from", JSON, nullable=True),
        sa.Column("appealed_at", types.Instant(timezone=True), nullable=True),
        sa.Column("appeal_reason", sa.Text(), nullable=True),
        sa.Column("appeal_status", sa.Text(), nullable=True),
        sa.Column("appeal_decided_by", sa.Text(), nullable=True),
        sa.Column("appeal_decided_at", types.Instant(timezone=True), nullable=True),
        sa.Column("appeal_decision", sa.Text(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deal_id"], ["deals.id"], name=op.f("fk_registrations_deal_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_registrations_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("deal_id", name=op.f("uq_registrations_deal_id")),
    )
    op.create_index(op.f("ix_registrations_partner_id"), "registrations", ["partner_id"], unique=False)
    op.create_index(op.f("ix_registrations_row_updated_at"), "registrations", ["row_updated_at"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", ROW_ID, nullable=True),
        sa.Column("key_id", ROW_ID, nullable=True),
        sa.Column("created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("expires_at", types.Instant(timezone=True), nullable=False),
        sa.Column("last_seen_at", types.Instant(timezone=True), nullable=False),
        sa.Column("revoked_at", types.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["key_id"], ["keys.id"], name=op.f("fk_sessions_key_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sessions_key_id"), "sessions", ["key_id"], unique=False)
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
    op.create_table(
        "terms",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("agreement_id", ROW_ID, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("agreed_on", sa.Date(), nullable=True),
        sa.Column("agreed_by", sa.Text(), nullable=True),
        sa.Column("notice_days", sa.BigInteger(), nullable=True),
        sa.Column("renews", sa.Boolean(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(timezone=True), nullable=False),
        sa.Column("row_updated_at", types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_terms_agreement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms")),
        sa.UniqueConstraint("agreement_id", "version", name=op.f("uq_terms_agreement_id_version")),
    )
    op.create_index(op.f("ix_terms_row_updated_at"), "terms", ["row_updated_at"], unique=False)
    op.create_index(op.f("ix_deals_partner_id_id"), "deals", ["partner_id", "id"], unique=False)
    op.create_index(op.f("ix_deals_registered_at"), "deals", ["registered_at"], unique=False)
    op.add_column("keys", sa.Column("scopes", JSON, nullable=True))
    op.add_column("keys", sa.Column("last_used_at", types.Instant(timezone=True), nullable=True))
    op.add_column("keys", sa.Column("rotated_at", types.Instant(timezone=True), nullable=True))
    op.add_column("keys", sa.Column("former_hash", sa.String(length=64), nullable=True))
    op.add_column("keys", sa.Column("former_until", types.Instant(timezone=True), nullable=True))
    # ### end Alembic commands ###


def downgrade() -> None:
    op.drop_column("keys", "former_until")
    op.drop_column("keys", "former_hash")
    op.drop_column("keys", "rotated_at")
    op.drop_column("keys", "last_used_at")
    op.drop_column("keys", "scopes")
    op.drop_index(op.f("ix_deals_registered_at"), table_name="deals")
    op.drop_index(op.f("ix_deals_partner_id_id"), table_name="deals")
    op.drop_index(op.f("ix_terms_row_updated_at"), table_name="terms")
    op.drop_table("terms")
    op.drop_index(op.f("ix_sessions_user_id"), table_name="sessions")
    op.drop_index(op.f("ix_sessions_key_id"), table_name="sessions")
    op.drop_index(op.f("ix_sessions_expires_at"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(op.f("ix_registrations_row_updated_at"), table_name="registrations")
    op.drop_index(op.f("ix_registrations_partner_id"), table_name="registrations")
    op.drop_table("registrations")
    op.drop_table("offer_terms")
    op.drop_index(op.f("ix_notes_row_updated_at"), table_name="notes")
    op.drop_index(op.f("ix_notes_partner_id"), table_name="notes")
    op.drop_table("notes")
    op.drop_index(op.f("ix_ledger_statement_id"), table_name="ledger")
    op.drop_index(op.f("ix_ledger_row_updated_at"), table_name="ledger")
    op.drop_index(op.f("ix_ledger_partner_id"), table_name="ledger")
    op.drop_index(op.f("ix_ledger_deal_id"), table_name="ledger")
    op.drop_table("ledger")
    op.drop_index(op.f("ix_enrolments_row_updated_at"), table_name="enrolments")
    op.drop_index(op.f("ix_enrolments_partner_id"), table_name="enrolments")
    op.drop_table("enrolments")
    op.drop_index(op.f("ix_deal_keys_deal_id"), table_name="deal_keys")
    op.drop_table("deal_keys")
    op.drop_index(op.f("ix_commission_shares_row_updated_at"), table_name="commission_shares")
    op.drop_index(op.f("ix_commission_shares_partner_id"), table_name="commission_shares")
    op.drop_table("commission_shares")
    op.drop_index(op.f("ix_users_partner_id"), table_name="users")
    op.drop_table("users")
    op.drop_index(op.f("ix_tier_reviews_row_updated_at"), table_name="tier_reviews")
    op.drop_index(op.f("ix_tier_reviews_partner_id"), table_name="tier_reviews")
    op.drop_table("tier_reviews")
    op.drop_index(op.f("ix_tasks_row_updated_at"), table_name="tasks")
    op.drop_index(op.f("ix_tasks_partner_id"), table_name="tasks")
    op.drop_table("tasks")
    op.drop_index(op.f("ix_statements_row_updated_at"), table_name="statements")
    op.drop_index(op.f("ix_statements_partner_id"), table_name="statements")
    op.drop_table("statements")
    op.drop_index(op.f("ix_stage_changes_row_updated_at"), table_name="stage_changes")
    op.drop_index(op.f("ix_stage_changes_partner_id"), table_name="stage_changes")
    op.drop_table("stage_changes")
    op.drop_index(op.f("ix_ratings_row_updated_at"), table_name="ratings")
    op.drop_index(op.f("ix_ratings_partner_id"), table_name="ratings")
    op.drop_table("ratings")
    op.drop_index(op.f("ix_plans_row_updated_at"), table_name="plans")
    op.drop_index(op.f("ix_plans_partner_id"), table_name="plans")
    op.drop_table("plans")
    op.drop_index(op.f("ix_lead_keys_lead_id"), table_name="lead_keys")
    op.drop_table("lead_keys")
    op.drop_index(op.f("ix_fund_requests_row_updated_at"), table_name="fund_requests")
    op.drop_index(op.f("ix_fund_requests_partner_id"), table_name="fund_requests")
    op.drop_table("fund_requests")
    op.drop_index(op.f("ix_costs_row_updated_at"), table_name="costs")
    op.drop_index(op.f("ix_costs_partner_id"), table_name="costs")
    op.drop_table("costs")
    op.drop_index(op.f("ix_commission_bands_row_updated_at"), table_name="commission_bands")
    op.drop_table("commission_bands")
    op.drop_index(op.f("ix_tiers_row_updated_at"), table_name="tiers")
    op.drop_table("tiers")
    op.drop_index(op.f("ix_surveys_row_updated_at"), table_name="surveys")
    op.drop_table("surveys")
    op.drop_index(op.f("ix_program_rules_row_updated_at"), table_name="program_rules")
    op.drop_table("program_rules")
    op.drop_index(op.f("ix_onboarding_steps_row_updated_at"), table_name="onboarding_steps")
    op.drop_table("onboarding_steps")
    op.drop_index(op.f("ix_incentives_row_updated_at"), table_name="incentives")
    op.drop_table("incentives")
    op.drop_index(op.f("ix_criteria_row_updated_at"), table_name="criteria")
    op.drop_table("criteria")
    op.drop_index(op.f("ix_commission_plans_row_updated_at"), table_name="commission_plans")
    op.drop_table("commission_plans")
    op.drop_table("webhooks")
    op.drop_index(op.f("ix_sign_in_tries_begun_at"), table_name="sign_in_tries")
    op.drop_table("sign_in_tries")
    op.drop_table("notices")
    op.drop_table("key_progress")
    op.drop_table("key_marks")
    op.drop_table("feed_marks")
    op.drop_index(op.f("ix_events_partner_id_id"), table_name="events")
    op.drop_index(op.f("ix_events_at"), table_name="events")
    op.drop_table("events")
    op.drop_index(op.f("ix_erasures_resource_row_id"), table_name="erasures")
    op.drop_table("erasures")
    op.drop_index(op.f("ix_deliveries_webhook_id_created_at"), table_name="deliveries")
    op.drop_index(op.f("ix_deliveries_status_next_attempt_at"), table_name="deliveries")
    op.drop_index(op.f("ix_deliveries_event_id"), table_name="deliveries")
    op.drop_table("deliveries")
    op.drop_index(op.f("ix_courses_row_updated_at"), table_name="courses")
    op.drop_table("courses")
    op.drop_index(op.f("ix_audit_subjects_resource_key"), table_name="audit_subjects")
    op.drop_table("audit_subjects")
    op.drop_table("audit_details")
    op.drop_index(op.f("ix_audit_resource_key"), table_name="audit")
    op.drop_index(op.f("ix_audit_partner_id"), table_name="audit")
    op.drop_index(op.f("ix_audit_at"), table_name="audit")
    op.drop_index(op.f("ix_audit_actor"), table_name="audit")
    op.drop_table("audit")
    op.drop_index(op.f("ix_alerts_partner_id"), table_name="alerts")
    op.drop_index(op.f("ix_alerts_created_at"), table_name="alerts")
    op.drop_table("alerts")
    op.drop_table("alert_reads")
    op.drop_table("alert_preferences")
    op.drop_index(op.f("ix_alert_notices_channel_mode_sent_at"), table_name="alert_notices")
    op.drop_table("alert_notices")
    # ### end Alembic commands ###
