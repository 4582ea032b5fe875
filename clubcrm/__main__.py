"""`python -m clubcrm`: the command line."""

from clubcrm.cli import main

if __name__ == "__main__":
    main()
