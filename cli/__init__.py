"""Front door for a terminal: commands over the same services, no logic of its own."""
