"""What the operator answers over HTTP."""
