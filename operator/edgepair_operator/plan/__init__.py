"""World in, plan out: what objects and what status follow from what is known."""
