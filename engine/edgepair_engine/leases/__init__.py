"""Addresses, their bindings, and the table that holds them."""
