"""The loop that carries events to the engine and effects to the world."""
