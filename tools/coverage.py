#!/usr/bin/env python3
"""Which lines of src/ the quick tests execute, by gcc's gcov.

usage: tools/coverage.py [run [REGEXP]] | report [FILE...]

run builds the preset coverage and runs the quick tests (those that REGEXP finds), one after the
other, each alone with its counts; what it found is a line of build/coverage/lines.jsonl and is
not made again while that is there. report prints the share of each file, the least first, and of
all; of the FILEs also the lines that no test executes. Without a word: both. tools/mutate.py
reads lines.jsonl too.
"""
import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BUILD = TOP / "build" / "coverage"
LINES = BUILD / "lines.jsonl"


def objects(suffix):
    """Files of that suffix beside the objects of src/, as gcov is given them."""
    return sorted(str(p) for p in BUILD.glob(f"CMakeFiles/ntkit*.dir/src/**/*{suffix}"))


def counts(files):
    """{source: {line: count}} of gcov's answer, over all objects of a source."""
    found = {}
    for begin in range(0, len(files), 200):
        answer = subprocess.run(["gcov", "--json-format", "--stdout", *files[begin:begin + 200]],
                                cwd=BUILD, capture_output=True, text=True, check=True).stdout
        for text in answer.splitlines():
            one = json.loads(text)
            for file in one["files"]:
                path = (Path(one["current_working_directory"]) / file["file"]).resolve()
                if TOP / "src" not in path.parents:
                    continue
                lines = found.setdefault(str(path.relative_to(TOP)), {})
                for line in file["lines"]:
                    number = line["line_number"]
                    lines[number] = lines.get(number, 0) + line["count"]
    return found


def tests(pattern):
    listed = subprocess.run(["ctest", "--test-dir", BUILD, "-N", "-L", "quick"],
                            capture_output=True, text=True, check=True).stdout
    names = re.findall(r"Test +#\d+: (\S+)", listed)
    return [name for name in names if re.search(pattern, name)]


def load():
    """[{test, passed, seconds, lines}] so far."""
    return [json.loads(text) for text in LINES.open()] if LINES.exists() else []


def run_one(name):
    for old in objects(".gcda"):
        os.remove(old)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(["ctest", "--test-dir", BUILD, "-R", f"^{re.escape(name)}$", "--timeout", "900"],
                           stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found = counts(objects(".gcda"))
    lines = {file: sorted(n for n, count in of.items() if count > 0) for file, of in found.items()}
    return {"test": name, "passed": ended.returncode == 0, "seconds": round(seconds, 2),
            "lines": {file: of for file, of in lines.items() if of}}


def run(pattern):
    subprocess.run(["cmake", "--preset", "coverage"], cwd=TOP, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "--preset", "coverage", "--target", "all", "tests"],
                   cwd=TOP, check=True, stdout=subprocess.DEVNULL)
    done = {one["test"] for one in load()}
    with LINES.open("a") as log:
        for name in tests(pattern):
            if name in done:
                continue
            one = run_one(name)
            print(name, "" if one["passed"] else "FAILED", one["seconds"], flush=True)
            log.write(json.dumps(one) + "\n")
            log.flush()


def as_ranges(numbers):
    ranges = []
    for n in sorted(numbers):
        if ranges and ranges[-1][1] == n - 1:
            ranges[-1][1] = n
        else:
            ranges.append([n, n])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)


def report(files):
    there = {file: set(lines) for file, lines in counts(objects(".gcno")).items()}
    executed = {}
    of = load()
    for one in of:
        for file, lines in one["lines"].items():
            executed.setdefault(file, set()).update(lines)
    rows = []
    for file, lines in there.items():
        hit = lines & executed.get(file, set())
        rows.append((len(hit) / len(lines), file, len(hit), len(lines)))
    for share, file, hit, count in sorted(rows):
        if not files or file in files:
            print(f"{100 * share:6.1f} %  {hit:5d} of {count:5d}  {file}")
        if file in files:
            print("  never:", as_ranges(there[file] - executed.get(file, set())))
    hit, count = sum(row[2] for row in rows), sum(row[3] for row in rows)
    print(f"{100 * hit / count:6.2f} %  {hit} of {count} lines in {len(rows)} files, {len(of)} tests")


def main(words):
    if words[:1] == ["report"]:
        report(words[1:])
        return
    if words and words[0] != "run" or len(words) > 2:
        sys.exit(__doc__)
    run(words[1] if len(words) > 1 else "")
    if not words:
        report([])


if __name__ == "__main__":
    main(sys.argv[1:])
