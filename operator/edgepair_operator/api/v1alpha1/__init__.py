"""Version v1alpha1 of both kinds: what users write, what they read."""
