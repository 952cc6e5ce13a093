"""Fit of prospects and inactivity of partners: predict, explain, store."""
