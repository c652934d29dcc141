"""What the operator and the engine tell each other."""
