"""The programs that train, each run as a process of its own: ``python -m benchmarks.peers.NAME``."""
