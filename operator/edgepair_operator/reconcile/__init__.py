"""Keys in, plans carried out: the level-triggered loop."""
