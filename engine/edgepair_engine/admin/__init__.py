"""The admin interface: report, configuration, control, probes, metrics."""
