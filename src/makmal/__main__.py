"""``python -m makmal`` is the ``makmal`` command."""

from makmal.cli.main import main

main()
