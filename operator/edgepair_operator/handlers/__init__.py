"""Where kopf hands over events."""
