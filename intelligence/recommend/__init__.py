"""Content and offers for a partner: candidates, rank, policy."""
