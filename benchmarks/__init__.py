"""Benchmarks: one small job on the real product and on its peers, judged by a process of its own. `python -m benchmarks -h`."""
