# SPDX-License-Identifier: MIT
"""Runs moult over the histories of real applications: every version to the next, every version to the last, and back.

    python3 tests/corpus/run.py [--jobs N] [--keep FOLDER] [HISTORY…]

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

from tests.corpus import histories, migrate  # noqa: E402


def one(job):
    """One pair, in a process of the pool: (job, outcome, coverage, message)."""
    (name, kind, source, target), keep = job
    folder = Path(tempfile.mkdtemp(prefix="moult-pair-"))
    try:
        outcome, seeded, tables = migrate.migrate(folder, source, target, kind == "back")
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


def report(counts, coverage, seconds):
    for kind in ("next", "last", "back"):
        part = {o: n for (k, o), n in counts.items() if k == kind}
        print("  %-5s %4d pairs  %4d converged  %3d refused then converged  %3d failed"
              % (kind, sum(part.values()), part.get("converged", 0), part.get("refused", 0), part.get("failed", 0)))
    print("  rows in %d of %d tables, %.0f s" % (coverage["seeded"], coverage["tables"], seconds))
    total = Counter()
    for (_, outcome), n in counts.items():
        total[outcome] += n
    print("corpus: %d pairs, %d converged, %d refused then converged, %d failed"
          % (sum(total.values()), total["converged"], total["refused"], total["failed"]))
    return total["failed"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", help="a folder for the files of what failed")
    parser.add_argument("history", nargs="*", choices=[[], *histories.NAMES])
    args = parser.parse_args()
    place = histories.folder()
    if place is None:
        print("corpus: no histories found: set CORPUS to the folder of %s" % histories.ARCHIVE)
        return 77
    jobs = [(pair, args.keep) for pair in histories.pairs(place, args.history or histories.NAMES)]
    counts, coverage, began = Counter(), Counter(), time.monotonic()
    with multiprocessing.Pool(args.jobs) as pool:
        for ((name, kind, source, target), _), outcome, (seeded, tables), message in pool.imap_unordered(one, jobs, 4):
            counts[kind, outcome] += 1
            coverage.update(seeded=seeded, tables=tables)
            if message:
                print("FAILED %s %s %s → %s\n  %s" % (name, kind, source.name, target.name, message.replace("\n", "\n  ")),
                      flush=True)
    return 1 if report(counts, coverage, time.monotonic() - began) else 0


if __name__ == "__main__":
    sys.exit(main())
