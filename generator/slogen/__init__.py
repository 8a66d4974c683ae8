"""slogen: compiles SLO definitions in YAML into everything that acts on them."""

__version__ = "0.1.0"
