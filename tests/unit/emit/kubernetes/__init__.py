"""What is emitted for Kubernetes: valid to the last field, and every selector finds what it is meant for."""
