"""Proof of what is compiled: how soon each alert notices an outage, and what it costs by then."""
