"""Reconciliation: the source and a target as two streams, and every record on which they disagree. Pure but for `spool`, which
keeps what was read in a file, and for what asks the two sides."""
