# SPDX-License-Identifier: MIT
"""Runs moult over the histories of real applications: every version to the next, every version to the last, and back.

    python3 tests/corpus/run.py [--engine sqlite|postgres] [--jobs N] [--keep FOLDER] [HISTORY…]

The last line has the counts. Exits 1 when a migration failed, 77 when there is no corpus.
"""

import argparse
import multiprocessing
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests import judge_postgres  # noqa: E402
from tests.corpus import histories, migrate, migrate_postgres  # noqa: E402
from tests.servers import postgres  # noqa: E402

place = None  # of this process of the pool


def on_postgres(folder, source, target, back):
    global place
    if place is None:
        place = judge_postgres.Place(postgres.Postgres())  # ends with this process
    return migrate_postgres.migrate(place, folder, source, target, back)


ENGINES = {"sqlite": (histories.NAMES, migrate.migrate), "postgres": (histories.POSTGRES, on_postgres)}


def one(job):
    """One pair, in a process of the pool: (job, outcome, coverage, message)."""
    (name, kind, source, target), keep, engine = job
    folder = Path(tempfile.mkdtemp(prefix="moult-pair-"))
    try:
        outcome, seeded, tables = ENGINES[engine][1](folder, source, target, kind == "back")
        return job, outcome, (seeded, tables), ""
    except migrate.Failed as failed:
        message = str(failed)
    except Exception:  # a fault of the harness is a failure that must be seen
        message = traceback.format_exc()
    finally:
        if keep and not sys.exc_info()[0] and "message" in locals():
            shutil.copytree(folder, Path(keep) / ("%s-%s-%s-%s" % (name, kind, source.stem[:3], target.stem[:3])),
                            dirs_exist_ok=True)
        shutil.rmtree(folder, True)
    return job, "failed", (0, 0), message


def report(engine, counts, coverage, seconds):
    for kind in ("next", "last", "back"):
        part = {o: n for (k, o), n in counts.items() if k == kind}
        print("  %-5s %4d pairs  %4d converged  %3d refused then converged  %3d failed"
              % (kind, sum(part.values()), part.get("converged", 0), part.get("refused", 0), part.get("failed", 0)))
    print("  rows in %d of %d tables, %.0f s" % (coverage["seeded"], coverage["tables"], seconds))
    total = Counter()
    for (_, outcome), n in counts.items():
        total[outcome] += n
    print("corpus of %s: %d pairs, %d converged, %d refused then converged, %d failed"
          % (engine, sum(total.values()), total["converged"], total["refused"], total["failed"]))
    return total["failed"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", help="a folder for the files of what failed")
    parser.add_argument("--engine", choices=ENGINES, default="sqlite")
    parser.add_argument("history", nargs="*")
    args = parser.parse_args()
    folder = histories.folder()
    if folder is None:
        print("corpus: no histories found: set CORPUS to the folder of %s" % histories.ARCHIVE)
        return 77
    names = ENGINES[args.engine][0]
    for name in args.history:
        if name not in names:
            parser.error("no history %s: choose from %s" % (name, ", ".join(names)))
    jobs = [(pair, args.keep, args.engine) for pair in histories.pairs(folder, args.history or names, args.engine)]
    counts, coverage, began = Counter(), Counter(), time.monotonic()
    with multiprocessing.Pool(args.jobs) as pool:
        for ((name, kind, source, target), _, _), outcome, (seeded, tables), message in pool.imap_unordered(one, jobs, 4):
            counts[kind, outcome] += 1
            coverage.update(seeded=seeded, tables=tables)
            if message:
                print("FAILED %s %s %s → %s\n  %s" % (name, kind, source.name, target.name, message.replace("\n", "\n  ")),
                      flush=True)
    return 1 if report(args.engine, counts, coverage, time.monotonic() - began) else 0


if __name__ == "__main__":
    sys.exit(main())
