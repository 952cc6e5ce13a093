"""Shared fixtures: a store on each engine, a fixed clock."""
