"""Tables of the audit trail, events, webhooks and alerts."""
