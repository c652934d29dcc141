"""From ISC dhcpd's files to a configuration and a store of ours: text in, values and a list of losses out."""
