"""`python -m slogen`, the same as the console script."""

from slogen.cli import main

main()
