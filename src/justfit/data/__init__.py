"""Labelled rows in: raw, prepared, sealed."""
