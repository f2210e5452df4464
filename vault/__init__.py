"""Keys, sealing, access codes, sealed sessions: the only place that encrypts."""
