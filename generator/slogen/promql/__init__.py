"""Series names, expression templates and the user's PromQL."""
