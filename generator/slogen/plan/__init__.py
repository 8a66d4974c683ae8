"""Services to rules: what is recorded, what alerts, and which server evaluates it."""
