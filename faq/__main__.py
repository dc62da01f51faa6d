"""`python -m faq` serves the search; `python -m faq seed` adds the shipped entries that the database does not have."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from faq.entries import FOLDER, EntryError, load_folder
from faq.store import SqlEntryStore, default_url

DEFAULT_PORT = 8091


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m faq", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="serve the search on 127.0.0.1 (the default)")
    seed = commands.add_parser("seed", help="add the entries of a folder whose ids are not in the database")
    seed.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    chosen = parser.parse_args(arguments)
    logging.basicConfig(
        level=os.environ.get("KEFU_LOG_LEVEL", "INFO").upper(), format="%(asctime)s faq %(levelname)s %(message)s"
    )
    var = Path(os.environ.get("KEFU_VAR") or "var")
    store = SqlEntryStore.connect(os.environ.get("DATABASE_URL") or default_url(var))
    return _seed(store, chosen.folder) if chosen.command == "seed" else _serve(store)


def _seed(store: SqlEntryStore, folder: Path) -> int:
    try:
        entries = load_folder(folder)
        added = store.seed(entries)
    except EntryError as error:
        print(f"faq: {error}", file=sys.stderr)
        return 1
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        print(
            f"faq: the database could not be filled: {reason}. Run `python -m handoff migrate` first.", file=sys.stderr
        )
        return 1
    print(f"faq: {added} entries added, {len(entries) - added} were there.")
    return 0


def _serve(store: SqlEntryStore) -> int:
    secret = os.environ.get("KEFU_INTERNAL_SECRET", "")
    if not secret:
        print("faq: KEFU_INTERNAL_SECRET is not set; the launcher (make run) makes and sets it.", file=sys.stderr)
        return 1
    try:
        port = int(os.environ.get("KEFU_FAQ_PORT") or DEFAULT_PORT)
    except ValueError:
        print("faq: KEFU_FAQ_PORT is not a number.", file=sys.stderr)
        return 1
    # Before numpy is imported, here below: two cores are shared by all processes, and short texts gain nothing from more threads.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from faq.app import create_app
    from faq.search import FaqSearch
    from nlp.cache import cache_dir
    from nlp.encoders import shared_encoder

    app = create_app(FaqSearch(shared_encoder(), cache_dir("faq")), store, secret)
    app.run(host="127.0.0.1", port=port, single_process=True, access_log=False, motd=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
