"""Deliberate defects of the engine, to show that the simulator finds such."""
