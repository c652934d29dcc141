"""The lease journal on disk."""
