"""End to end on kind: real nodes, real broadcasts, real clients."""
