"""The DHCP server and failover partner: decisions are functions of values, a thin shell carries them in and out."""
