"""The deterministic simulator of pairs (development only)."""
