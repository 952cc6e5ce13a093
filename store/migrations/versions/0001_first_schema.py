"""First schema: the resources of the import format and the service's own tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from store import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "assets",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("topics", JSON, nullable=True),
        sa.Column("products", JSON, nullable=True),
        sa.Column("countries", JSON, nullable=True),
        sa.Column("min_tier", sa.Text(), nullable=True),
        sa.Column("published_at", types.Instant(), nullable=True),
        sa.Column("expires_at", types.Instant(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(), nullable=False),
        sa.Column("row_updated_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assets")),
        sa.UniqueConstraint("external_id", name=op.f("uq_assets_external_id")),
    )
    op.create_table(
        "changes",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("changed_at", types.Instant(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(), nullable=False),
        sa.Column("row_updated_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
        sa.UniqueConstraint(
            "resource",
            "external_id",
            "field",
            "changed_at",
            name=op.f("uq_changes_resource_external_id_field_changed_at"),
        ),
    )
    op.create_table(
        "embeddings",
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("model", "content_hash", name=op.f("pk_embeddings")),
    )
    op.create_table(
        "idempotency",
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", JSON, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name=op.f("pk_idempotency")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("unique_key", sa.String(length=200), nullable=True),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("progress", sa.Float(), server_default="0", nullable=False),
        sa.Column("result", JSON, nullable=True),
        sa.Column("error", JSON, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("run_after", types.Instant(), nullable=False),
        sa.Column("lease_until", types.Instant(), nullable=True),
        sa.Column("finished_at", types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("unique_key", name=op.f("uq_jobs_unique_key")),
    )
    op.create_index(op.f("ix_jobs_status"), "jobs", ["status"], unique=False)

    op.create_table(
        "offers",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("countries", JSON, nullable=True),
        sa.Column("products", JSON, nullable=True),
        sa.Column("min_tier", sa.Text(), nullable=True),
        sa.Column("amount", types.Amount(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("budget", types.Amount(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(), nullable=False),
        sa.Column("row_updated_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        sa.UniqueConstraint("external_id", name=op.f("uq_offers_external_id")),
    )
    op.create_table(
        "products",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("price", types.Amount(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("required_certifications", JSON, nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(), nullable=False),
        sa.Column("row_updated_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("external_id", name=op.f("uq_products_external_id")),
    )
    op.create_table(
        "programs",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("objective", sa.Text(), nullable=True),
        sa.Column("tiers", JSON, nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(), nullable=False),
        sa.Column("row_updated_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programs")),
        sa.UniqueConstraint("external_id", name=op.f("uq_programs_external_id")),
    )
    op.create_table(
        "leads",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("domain", sa.Text(), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("employees", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("product_id", ROW_ID, nullable=True),
        sa.Column("estimated_amount", types.Amount(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("program_id", ROW_ID, nullable=True),
        sa.Column("latitude", sa.Float(precision=53), nullable=True),
        sa.Column("longitude", sa.Float(precision=53), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(), nullable=False),
        sa.Column("row_updated_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_leads_product_id")),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_leads_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
        sa.UniqueConstraint("external_id", name=op.f("uq_leads_external_id")),
    )
    op.create_index(op.f("ix_leads_created_at"), "leads", ["created_at"], unique=False)

    op.create_table(
        "partners",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("program_id", ROW_ID, nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("territories", JSON, nullable=True),
        sa.Column("industries", JSON, nullable=True),
        sa.Column("languages", JSON, nullable=True),
        sa.Column("employees", sa.BigInteger(), nullable=True),
        sa.Column("annual_revenue", types.Amount(), nullable=True),
        sa.Column("founded_on", sa.Date(), nullable=True),
        sa.Column("recruited_at", types.Instant(), nullable=True),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("account_manager", sa.Text(), nullable=True),
        sa.Column("max_open_leads", sa.BigInteger(), nullable=True),
        sa.Column("latitude", sa.Float(precision=53), nullable=True),
        sa.Column("longitude", sa.Float(precision=53), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(), nullable=False),
        sa.Column("row_updated_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name=op.f("fk_partners_program_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
        sa.UniqueConstraint("external_id", name=op.f("uq_partners_external_id")),
    )
    op.create_table(
        "agreements",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("territories", JSON, nullable=True),
        sa.Column("products", JSON, nullable=True),
        sa.Column("commission_rate", sa.Float(precision=53), nullable=True),
        sa.Column("exclusive", sa.Boolean(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(), nullable=False),
        sa.Column("row_updated_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_agreements_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
        sa.UniqueConstraint("external_id", name=op.f("uq_agreements_external_id")),
    )
    op.create_index(op.f("ix_agreements_partner_id"), "agreements", ["partner_id"], unique=False)

    op.create_table(
        "assignments",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("lead_id", ROW_ID, nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("offered_at", types.Instant(), nullable=False),
        sa.Column("response", sa.Text(), nullable=True),
        sa.Column("responded_at", types.Instant(), nullable=True),
        sa.Column("decline_reason", sa.Text(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(), nullable=False),
        sa.Column("row_updated_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_assignments_lead_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_assignments_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
        sa.UniqueConstraint(
            "lead_id", "partner_id", "offered_at", name=op.f("uq_assignments_lead_id_partner_id_offered_at")
        ),
    )
    op.create_index(
        op.f("ix_assignments_partner_id_offered_at"), "assignments", ["partner_id", "offered_at"], unique=False
    )

    op.create_table(
        "contacts",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(), nullable=False),
        sa.Column("row_updated_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_contacts_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("external_id", name=op.f("uq_contacts_external_id")),
    )
    op.create_index(op.f("ix_contacts_partner_id"), "contacts", ["partner_id"], unique=False)

    op.create_table(
        "deals",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("registered_at", types.Instant(), nullable=False),
        sa.Column("lead_id", ROW_ID, nullable=True),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("domain", sa.Text(), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("product_id", ROW_ID, nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("amount", types.Amount(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("closed_at", types.Instant(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(), nullable=False),
        sa.Column("row_updated_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_deals_lead_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_deals_partner_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_deals_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals")),
        sa.UniqueConstraint("external_id", name=op.f("uq_deals_external_id")),
    )
    op.create_index(op.f("ix_deals_lead_id"), "deals", ["lead_id"], unique=False)
    op.create_index(op.f("ix_deals_partner_id_registered_at"), "deals", ["partner_id", "registered_at"], unique=False)

    op.create_table(
        "feedback",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("submitted_at", types.Instant(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(precision=53), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(), nullable=False),
        sa.Column("row_updated_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_feedback_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint(
            "partner_id", "submitted_at", "kind", name=op.f("uq_feedback_partner_id_submitted_at_kind")
        ),
    )
    op.create_table(
        "goals",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("target", sa.Float(precision=53), nullable=False),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(), nullable=False),
        sa.Column("row_updated_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_goals_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goals")),
        sa.UniqueConstraint(
            "partner_id", "metric", "period_start", name=op.f("uq_goals_partner_id_metric_period_start")
        ),
    )
    op.create_table(
        "keys",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=True),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=True),
        sa.Column("revoked_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_keys_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
        sa.UniqueConstraint("prefix", name=op.f("uq_keys_prefix")),
    )
    op.create_table(
        "match_runs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("as_of", types.Instant(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("lead_id", ROW_ID, nullable=True),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("request", JSON, nullable=False),
        sa.Column("response", JSON, nullable=False),
        sa.Column("features", JSON, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_match_runs_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_match_runs")),
    )
    op.create_table(
        "recommendation_feedback",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("occurred_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_recommendation_feedback_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendation_feedback")),
    )
    op.create_index(
        op.f("ix_recommendation_feedback_partner_id_kind"),
        "recommendation_feedback",
        ["partner_id", "kind"],
        unique=False,
    )

    op.create_table(
        "scores",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("model", sa.String(length=16), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("as_of", types.Instant(), nullable=False),
        sa.Column("p", sa.Float(precision=53), nullable=False),
        sa.Column("low", sa.Float(precision=53), nullable=False),
        sa.Column("high", sa.Float(precision=53), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_scores_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scores")),
        sa.UniqueConstraint(
            "partner_id", "model", "horizon_days", "as_of", name=op.f("uq_scores_partner_id_model_horizon_days_as_of")
        ),
    )
    op.create_index(
        op.f("ix_scores_model_horizon_days_as_of"), "scores", ["model", "horizon_days", "as_of"], unique=False
    )

    op.create_table(
        "activities",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("occurred_at", types.Instant(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("asset_id", ROW_ID, nullable=True),
        sa.Column("offer_id", ROW_ID, nullable=True),
        sa.Column("deal_id", ROW_ID, nullable=True),
        sa.Column("contact_id", ROW_ID, nullable=True),
        sa.Column("quantity", sa.Float(precision=53), nullable=True),
        sa.Column("amount", types.Amount(), nullable=True),
        sa.Column("recorded_at", types.Instant(), nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_key", sa.LargeBinary(length=16), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_activities_asset_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_activities_contact_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["deals.id"], name=op.f("fk_activities_deal_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_activities_offer_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_activities_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities")),
        sa.UniqueConstraint("row_key", name=op.f("uq_activities_row_key")),
    )
    op.create_index(
        op.f("ix_activities_partner_id_occurred_at"), "activities", ["partner_id", "occurred_at"], unique=False
    )

    op.create_table(
        "certifications",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("partner_id", ROW_ID, nullable=False),
        sa.Column("course", sa.Text(), nullable=False),
        sa.Column("passed_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("contact_id", ROW_ID, nullable=True),
        sa.Column("attributes", JSON, server_default="{}", nullable=False),
        sa.Column("row_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("row_created_at", types.Instant(), nullable=False),
        sa.Column("row_updated_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_certifications_contact_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partners.id"], name=op.f("fk_certifications_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certifications")),
        sa.UniqueConstraint(
            "partner_id", "course", "passed_on", name=op.f("uq_certifications_partner_id_course_passed_on")
        ),
    )


def downgrade() -> None:
    op.drop_table("certifications")
    op.drop_index(op.f("ix_activities_partner_id_occurred_at"), table_name="activities")

    op.drop_table("activities")
    op.drop_index(op.f("ix_scores_model_horizon_days_as_of"), table_name="scores")

    op.drop_table("scores")
    op.drop_index(op.f("ix_recommendation_feedback_partner_id_kind"), table_name="recommendation_feedback")

    op.drop_table("recommendation_feedback")
    op.drop_table("match_runs")
    op.drop_table("keys")
    op.drop_table("goals")
    op.drop_table("feedback")
    op.drop_index(op.f("ix_deals_partner_id_registered_at"), table_name="deals")
    op.drop_index(op.f("ix_deals_lead_id"), table_name="deals")

    op.drop_table("deals")
    op.drop_index(op.f("ix_contacts_partner_id"), table_name="contacts")

    op.drop_table("contacts")
    op.drop_index(op.f("ix_assignments_partner_id_offered_at"), table_name="assignments")

    op.drop_table("assignments")
    op.drop_index(op.f("ix_agreements_partner_id"), table_name="agreements")

    op.drop_table("agreements")
    op.drop_table("partners")
    op.drop_index(op.f("ix_leads_created_at"), table_name="leads")

    op.drop_table("leads")
    op.drop_table("programs")
    op.drop_table("products")
    op.drop_table("offers")
    op.drop_index(op.f("ix_jobs_status"), table_name="jobs")

    op.drop_table("jobs")
    op.drop_table("idempotency")
    op.drop_table("embeddings")
    op.drop_table("changes")
    op.drop_table("assets")
