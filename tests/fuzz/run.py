#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run.py - fuzzes each target for FUZZ_SECONDS (600), and says which share of the target's lines was reached.

usage: tests/fuzz/run.py [TARGET]...

What is found grows in build-fuzz/corpus; a finding is left in build-fuzz/findings and makes the exit status 1. To keep an
input as a regression test, copy it into tests/fuzz/corpus/TARGET.
"""
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build-fuzz"
SANITIZE = "address,undefined"
COVERAGE = ["-fprofile-instr-generate", "-fcoverage-mapping"]
ENOUGH = 90.0
# Each target, with the files whose lines it must reach.
TARGETS = {
    "lexer": ["src/lib/base/lexer.c", "src/lib/base/statement.c"],
    "create": ["src/lib/dialect/sqlite/reader_*.c"],
    "plan": ["src/lib/plan/read.c"],
    "url": ["src/lib/base/url.c"],
}


def run(*command, env=None, check=True, **more):
    return subprocess.run([str(c) for c in command], cwd=ROOT, env={**os.environ, **(env or {})}, check=check, **more)


def build(target):
    flags = f"-fsanitize=fuzzer-no-link -fno-sanitize-recover=all {' '.join(COVERAGE)}"
    if not (BUILD / "build.ninja").exists():
        run("meson", "setup", BUILD, f"-Db_sanitize={SANITIZE}", "-Db_lundef=false", "-Doptimization=1",
            f"-Dc_args={flags}", "-Dc_link_args=-fprofile-instr-generate", env={"CC": "clang"}, stdout=subprocess.DEVNULL)
    run("ninja", "-C", BUILD, "libmoult.a", stdout=subprocess.DEVNULL)
    program = BUILD / f"fuzz_{target}"
    libraries = subprocess.check_output(["pkg-config", "--libs", "sqlite3", "jansson", "libmd"], text=True).split()
    run("clang", "-g", "-O1", "-std=c11", "-D_GNU_SOURCE", f"-fsanitize=fuzzer,{SANITIZE}", *COVERAGE, "-Iinclude",
        "-Isrc/lib", HERE / f"fuzz_{target}.c", BUILD / "libmoult.a", *libraries, "-o", program)
    return program


def coverage(target, program, folders):
    """The share of lines reached by all kept inputs, in percent."""
    raw, data = BUILD / f"{target}.profraw", BUILD / f"{target}.profdata"
    run(program, "-runs=0", *folders, env={"LLVM_PROFILE_FILE": str(raw)}, capture_output=True)
    run("llvm-profdata", "merge", "-sparse", raw, "-o", data)
    report = run("llvm-cov", "export", "-summary-only", "-instr-profile", data, program, capture_output=True)
    lines = [entry["summary"]["lines"] for entry in json.loads(report.stdout)["data"][0]["files"]
             if any(pathlib.PurePath(entry["filename"]).match(pattern) for pattern in TARGETS[target])]
    count, covered = sum(n["count"] for n in lines), sum(n["covered"] for n in lines)
    return 100 * covered / max(count, 1), count


def fuzz(target, seconds):
    program = build(target)
    found, grown = BUILD / "findings" / target, BUILD / "corpus" / target
    for folder in (found, grown):
        folder.mkdir(parents=True, exist_ok=True)
    seeds = HERE / "corpus" / target
    done = run(program, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=1024", "-max_len=16384", "-print_final_stats=1",
               f"-dict={HERE / target}.dict", f"-artifact_prefix={found}/", grown, seeds, check=False,
               env={"LLVM_PROFILE_FILE": os.devnull}, stderr=subprocess.PIPE, text=True, errors="replace")
    if done.returncode:
        print(done.stderr[-6000:])
    executed = next((l.split()[-1] for l in done.stderr.splitlines() if "stat::number_of_executed_units" in l), "?")
    percent, lines = coverage(target, program, [grown, seeds]) if not done.returncode else (0.0, 0)
    good = not done.returncode and percent >= ENOUGH
    print(f"{'ok    ' if good else 'NOT OK'} {target:8} {seconds} s, {executed} inputs, "
          f"{'no finding' if not done.returncode else f'a finding in {found}'}, {percent:.1f} % of {lines} lines", flush=True)
    return good


def main():
    seconds = int(os.environ.get("FUZZ_SECONDS", "600"))
    results = [fuzz(target, seconds) for target in sys.argv[1:] or TARGETS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
