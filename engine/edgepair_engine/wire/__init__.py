"""Bytes to values and back: failover messages and DHCP packets."""
