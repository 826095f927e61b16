"""python -m liancha: the same as the `liancha` command."""

from liancha.site.cli import main

if __name__ == "__main__":
    main()
