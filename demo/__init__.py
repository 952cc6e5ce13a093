"""The generated programme: writes a folder in the import format."""
