"""The pipeline: load, plan, check, emit, write or compare. The only package that touches files."""
