"""Index of the latest change of each resource, so that asking whether anything changed takes no look at all rows."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

RESOURCES = (
    "programs",
    "products",
    "partners",
    "contacts",
    "agreements",
    "certifications",
    "leads",
    "assignments",
    "deals",
    "assets",
    "offers",
    "feedback",
    "goals",
    "changes",
)


def upgrade() -> None:
    for name in RESOURCES:
        op.create_index(op.f(f"ix_{name}_row_updated_at"), name, ["row_updated_at"])


def downgrade() -> None:
    for name in RESOURCES:
        op.drop_index(op.f(f"ix_{name}_row_updated_at"), name)
