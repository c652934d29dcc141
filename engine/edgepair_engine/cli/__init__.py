"""The subcommands of edgepair-engine."""
