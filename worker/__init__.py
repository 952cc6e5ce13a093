"""Background jobs: claim loop and handlers."""
