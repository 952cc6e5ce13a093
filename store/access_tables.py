"""Tables of people and their sessions."""
