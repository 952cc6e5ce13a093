"""The duties of a partner programme: recruitment, training, money, registrations, goals; rules over rows."""
