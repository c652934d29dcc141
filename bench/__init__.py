"""The peers beside us: a pair of ours, of dhcpd and of Kea do the same work in turn, on one machine, in one run."""
