#!/usr/bin/env python3
"""Mutants: is a wrong program found out by the quick tests?

usage: tools/mutate.py [run [COUNT [REGEXP]]] | report

run takes COUNT lines of src/ by chance (130; the same ones each time), of the files that REGEXP
finds in src/... (all), at most a tenth of them in one file, and changes one thing in each: another operator, another constant, a condition turned
round, a statement taken out. The mutant is built in build/mutate, as the preset release is, and
the quick tests that execute the line (build/coverage/lines.jsonl, which tools/coverage.py makes)
run until one fails, is killed or takes too much processor time: those of the line's folder first, the quickest
first. What does not compile, or compiles to the same code, counts for nothing, and another is
taken. Each mutant is a line of build/mutate/log.jsonl and is not tried again, unless it survived and
lines.jsonl has tests since that execute its line. report prints the numbers, and what was not
caught. Without a word: both.

Not mutated: src/study/run/worker.c, which sends signals, and what this build does not compile or
one process does not run (other BLAS, several ranks).
"""
import hashlib
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
LINES = TOP / "build" / "coverage" / "lines.jsonl"
PLACE = TOP / "build" / "mutate"
TREE, LOG = PLACE / "tree", PLACE / "log.jsonl"
BUILD = TREE / "build" / "release"
SEED, COUNT, FEW = 17, 130, 8
LEFT = ("survived", "not executed")
LEFT_OUT = re.compile(r"src/study/run/worker\.c|blas_(blis|generic)\.c|/ranks/|/spread_|full_scalapack\.c")
SWAPS = [(" + ", " - "), (" - ", " + "), (" * ", " / "), (" / ", " * "), (" < ", " <= "), (" <= ", " < "),
         (" > ", " >= "), (" >= ", " > "), (" == ", " != "), (" != ", " == "), (" && ", " || "),
         (" || ", " && "), (" += ", " -= "), ("++", "--"), ("true", "false"), ("false", "true")]


def masked(text):
    """The text with comments, strings and characters blanked, of the same length and lines."""
    token = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
    return token.sub(lambda m: re.sub(r"[^\n]", "\x01", m.group()), text)


def changes(code):
    """(what, begin, end, new) of one line, of which code has strings and comments masked."""
    made = []
    array = re.match(r"\s*(?:static |const )*\w+ \*?\w+\[", code)  # the size of one may be larger
    for old, new in [] if array else SWAPS:
        for at in re.finditer(r"\b" + old + r"\b" if old.isalpha() else re.escape(old), code):
            made.append((f"{old.strip()} to {new.strip()}", at.start(), at.end(), new))
    for at in [] if array else re.finditer(r"(?<![\w.])(\d+)(?![\w.])", code):
        made.append(("constant", at.start(), at.end(), str(int(at.group()) + 1)))
    for at in re.finditer(r"(?<![\w.])(\d+\.\d*(?:e-?\d+)?)(?![\w.])", code):
        made.append(("constant", at.start(), at.end(), f"(2.0 * {at.group()} + 0.125)"))
    at = re.fullmatch(r"\s*(?:else )?(?:if|while) (\(.*\))( \{)?", code)
    if at:
        made.append(("condition turned round", at.start(1), at.end(1), f"(!{at.group(1)})"))
    return made


def statement(before, code):
    """Is this line a whole statement that can be taken out?"""
    return (re.fullmatch(r"\s+(?!return|break|continue|goto|case|default|const|static|double|size_t|int|bool|"
                         r"ntk_\w+ \*?\w+ =|struct|void|char|float|uint)\*?[\w(][^{}]*;", code)
            and re.search(r"[;{}]\s*$", before) and code.count("(") == code.count(")"))


def mutants_of(file):
    text = (TREE / file).read_text()
    lines, code = text.split("\n"), masked(text).split("\n")
    depth, made = 0, []
    for i, line in enumerate(code):
        inside = depth > 0 and not line.lstrip().startswith("#")
        depth += line.count("{") - line.count("}")
        if not inside:
            continue
        for what, begin, end, new in changes(line):
            made.append((file, i + 1, what, lines[i][:begin] + new + lines[i][end:]))
        if statement(code[i - 1].replace("\x01", "").rstrip() or ";", line):
            made.append((file, i + 1, "statement taken out", re.match(r"\s*", line).group() + ";"))
    return made


def candidates(pattern):
    """Mutants in the order in which they are tried: files by their length, then a line of each."""
    chance = random.Random(SEED)
    files = sorted(str(p.relative_to(TREE)) for p in TREE.glob("src/**/*.c"))
    of = {file: mutants_of(file) for file in files if re.search(pattern, file) and not LEFT_OUT.search(file)}
    weight = {file: len(made) for file, made in of.items() if made}
    while weight:
        file = chance.choices(list(weight), list(weight.values()))[0]
        line = chance.choice(sorted({m[1] for m in of[file]}))
        yield chance.choice([m for m in of[file] if m[1] == line])
        of[file] = [m for m in of[file] if m[1] != line]
        if not of[file]:
            del weight[file]


def call(words, seconds=None, limit=None):
    """Exit status and output; 124 where it does not end. limit: processor seconds of a process."""

    def limits():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 32, 1 << 32))
        if limit:
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))

    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace", start_new_session=True, preexec_fn=limits)
    try:
        return process.communicate(timeout=seconds)[0], process.returncode
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        return process.communicate()[0], 124


def tests_of(file, line, covered):
    """[(test, seconds)] to run: those that execute the line, or where no code is, the file."""
    executable = any(line in one["lines"].get(file, ()) for one in covered)
    folder = file.split("/")[1]
    chosen = []
    for one in covered:
        here = one["lines"].get(file, ())
        if one["passed"] and (line in here if executable else here):
            chosen.append((one["folder"] != folder, one["seconds"], one["test"]))
    return [(name, seconds) for _, seconds, name in sorted(chosen)]


def target_of(test):
    return "ntkit_program" if test.endswith(".sh") else test


def object_hash(file):
    parts = sorted(BUILD.glob(f"CMakeFiles/*.dir/{file}.o"))
    return hashlib.sha256(b"".join(p.read_bytes() for p in parts)).hexdigest()


def objects_of(file):
    return [str(p.relative_to(BUILD)) for p in sorted(BUILD.glob(f"CMakeFiles/*.dir/{file}.o"))]


def judge(file, chosen):
    """What becomes of the mutant of a file that is in the tree: (verdict, test that caught it)."""
    before = object_hash(file)
    if call(["ninja", "-C", str(BUILD), *objects_of(file)], 600)[1] != 0:
        return "does not compile", ""
    if object_hash(file) == before:
        return "same code", ""
    for test, seconds in chosen:
        if call(["ninja", "-C", str(BUILD), target_of(test)], 900)[1] != 0:
            return "caught", "the build"  # its manual page is made by the program
        said, status = call(["ctest", "--test-dir", str(BUILD), "-R", f"^{re.escape(test)}$", "--timeout",
                             str(int(120 + 40 * seconds))], 3600, int(20 + 10 * seconds))
        if "***Timeout" in said:
            return "not known", test  # a busy machine, or a mutant that sleeps
        if status != 0:
            return "caught", test
    return "survived", ""


def try_one(mutant, chosen):
    """judge, with the mutant in the tree."""
    file, line, _, new = mutant
    path = TREE / file
    text = path.read_text()
    lines = text.split("\n")
    lines[line - 1] = new
    try:
        path.write_text("\n".join(lines))
        return judge(file, chosen)
    finally:
        path.write_text(text)
        call(["ninja", "-C", str(BUILD), *objects_of(file)], 600)


def prepare():
    """The tree, of the commit that was HEAD at first; a mutant left in it is taken out."""
    kept = PLACE / "tree.tar"
    if not kept.exists():
        TREE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "archive", "HEAD", "-o", kept], cwd=TOP, check=True)
        subprocess.run(["tar", "-x", "-f", kept, "-C", TREE], check=True)
    with tarfile.open(kept) as archive:
        for member in archive.getmembers():
            if member.name.startswith("src/") and member.isfile():
                right = archive.extractfile(member).read()
                if (TREE / member.name).read_bytes() != right:
                    (TREE / member.name).write_bytes(right)
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", "release"], cwd=TREE, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", BUILD, "ntkit_program"], check=True, stdout=subprocess.DEVNULL)


def load(path):
    return [json.loads(text) for text in path.open()] if path.exists() else []


def entries():
    """{(file, line, new): the last entry}"""
    return {(one["file"], one["line"], one["new"]): one for one in load(LOG)}


def covered_tests():
    place = {p.stem if p.suffix == ".c" else p.name: p.parent.name for p in TREE.glob("tests/*/*.*")}
    covered = load(LINES)
    for one in covered:
        one["folder"] = place.get(one["test"], "")
        one["lines"] = {file: set(lines) for file, lines in one["lines"].items()}
    return covered


def look_at(mutant, known, covered, first, most):
    """The mutant's entry: the old one, unless it survived and there are tests that it has not met,
    of which so many are run; first: the old one, if there is one that a test has met."""
    file, line, what, new = mutant
    old = known.get((file, line, new.strip()))
    if old and old["verdict"] == "not known":
        old = None
    met = old["met"] if old else []
    if first and met:
        return old
    chosen = [one for one in tests_of(file, line, covered) if one[0] not in met]
    if most == FEW:  # the long ones last
        chosen = [one for one in chosen if one[1] < 5.0][:most]
    if old and (old["verdict"] not in LEFT or not chosen):
        return old
    verdict, test = try_one(mutant, chosen) if chosen else ("not executed", "")
    ran = [name for name, _ in chosen]
    ran = ran[:ran.index(test) + 1] if test in ran else ran
    was = (TREE / file).read_text().split("\n")[line - 1]
    one = {"file": file, "line": line, "what": what, "old": was.strip(), "new": new.strip(),
           "verdict": verdict, "test": test, "met": met + ran}
    with LOG.open("a") as log:
        log.write(json.dumps(one) + "\n")
    print(f"{file}:{line}: {what}: {verdict} {test} ({len(one['met'])})", flush=True)
    return one


def run(count, pattern):
    os.nice(19)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the tree is put in order
    prepare()
    covered = covered_tests()
    for first, most in ((True, FEW), (False, FEW), (False, 1000)):  # what is caught soon comes first
        known = entries()
        counted, in_file = 0, {}
        for mutant in candidates(pattern):
            file = mutant[0]
            if counted >= count:
                break
            if in_file.get(file, 0) >= count // 10:
                continue
            if look_at(mutant, known, covered, first, most)["verdict"] in ("caught", *LEFT):
                counted += 1
                in_file[file] = in_file.get(file, 0) + 1


def report():
    tally, real = {}, []
    for one in entries().values():
        tally[one["verdict"]] = tally.get(one["verdict"], 0) + 1
        if one["verdict"] in ("caught", *LEFT):
            real.append(one)
        if one["verdict"] in LEFT:
            print(f"{one['file']}:{one['line']}: {one['what']}, {one['verdict']}: {len(one['met'])} tests\n"
                  f"  - {one['old']}\n  + {one['new']}")
    print(tally)
    if real:
        caught = tally.get("caught", 0)
        print(f"{caught} of {len(real)} caught, {100 * caught / len(real):.1f} %, in "
              f"{len({one['file'] for one in real})} files")


def main(words):
    if words[:1] == ["report"]:
        report()
    elif words and words[0] != "run" or len(words) > 3:
        sys.exit(__doc__)
    else:
        run(int(words[1]) if len(words) > 1 else COUNT, words[2] if len(words) > 2 else "")
        report()


if __name__ == "__main__":
    main(sys.argv[1:])
