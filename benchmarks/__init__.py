"""Timings of justfit beside its peers and beside what the machine allows: ``python -m benchmarks``."""
