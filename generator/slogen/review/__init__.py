"""What a change means: two catalogs and their plans compared, before any of it is deployed."""
