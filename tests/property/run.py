# SPDX-License-Identifier: MIT
"""Random pairs of schemas with rows: each is migrated, judged by what does not use libmoult, and brought back.

    python3 tests/property/run.py [--pairs N] [--first SEED] [--jobs N] [--keep FOLDER]

A seed is all that a pair is made from. What fails is made small and written to FOLDER as a case file.
"""

import argparse
import collections
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fault import built  # noqa: E402
from tests.property import pairs, shrink  # noqa: E402


def failures_folder():
    return Path(os.environ.get("PROPERTY_FAILURES", built.folder() / "property-failures"))


def try_seeds(seeds, keep=None, shrink_seconds=40, limit=5):
    """Tries them all: counts of outcomes, and a message for each seed that failed. Only the first failures are made small."""
    runner, counts, failed = pairs.Runner(built.folder() / "tests/property/runner"), collections.Counter(), []
    scratch = tempfile.mkdtemp(prefix="moult-property-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    try:
        for seed in seeds:
            counts["pairs"] += 1
            pair = pairs.from_seed(seed, scratch, runner)
            try:
                pair.check()
                counts.update(pair.outcomes)
            except (pairs.Wrong, pairs.Crashed) as wrong:
                counts["failed"] += 1
                failed.append("seed %d: %s" % (seed, wrong))
                if keep and len(failed) <= limit:
                    failed[-1] += "\n  " + put_down(pair, str(wrong), Path(keep), shrink_seconds)
    finally:
        runner.close()
        shutil.rmtree(scratch, True)
    return counts, failed


def put_down(pair, message, keep, seconds):
    keep.mkdir(parents=True, exist_ok=True)
    path = keep / ("seed-%d.case" % pair.seed)
    small = shrink.shrink(pair, message, seconds)
    try:
        small.check()
    except (pairs.Wrong, pairs.Crashed) as wrong:
        message = str(wrong)
    shrink.write_case(small, message, path)
    return "see %s" % path


def chunk(job):
    first, count, keep = job
    return try_seeds(range(first, first + count), keep)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=int(os.environ.get("PROPERTY_PAIRS", "1000")))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", default=None, help="a folder for case files of what failed")
    args = parser.parse_args()
    built.program("tests/property/runner")
    keep = args.keep or failures_folder()
    size = max(1, min(50, args.pairs // args.jobs))
    jobs = [(s, min(size, args.first + args.pairs - s), keep) for s in range(args.first, args.first + args.pairs, size)]
    counts, began = collections.Counter(), time.monotonic()
    with multiprocessing.Pool(args.jobs) as pool:
        for found, failed in pool.imap_unordered(chunk, jobs):
            counts += found
            for message in failed:
                print("FAILED " + message, flush=True)
    print("property: %d pairs, %d applied, %d refused for their rows, %d up to date, %d failed, %.0f s"
          % (counts["pairs"], counts["applied"], counts["refused"], counts["up_to_date"] + counts["recorded"], counts["failed"],
             time.monotonic() - began))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
