"""What a harness is; each kind has one, in a file of its own where it is long."""

from sync.connectors.testing.harness import Harness as Harness
