"""Sockets: DHCP datagrams and partner links."""
