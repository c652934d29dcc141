"""The DHCP server's decisions: packet in, verdict out."""
