"""Events in, effects out: the engine as one value machine."""
