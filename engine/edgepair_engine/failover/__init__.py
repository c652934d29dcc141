"""The failover protocol: states, updates, balance, and what each state may answer."""
