"""What `slogen diff` says."""
