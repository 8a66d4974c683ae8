"""Rules and values of both sides, one against the other."""
