"""From plans to calls of the API server."""
