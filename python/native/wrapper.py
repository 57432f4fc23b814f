"""Writes the C source of the module ntkit._native: cffi's wrapper of all that include/ntkit declares.

usage: wrapper.py COMPILER INCLUDE OUTPUT

The declarations are the headers themselves, as the compiler's preprocessor leaves them: there is no
second list of functions or fields to go out of date.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from cffi import FFI

# ntkit.h is in each
HEADERS = ["data.h", "fit.h", "plan.h", "verify.h", "laws.h", "limit.h", "predict.h"]
HEADERS += ["study.h", "io.h", "describe.h"]
SOURCE = "".join(f'#include "ntkit/{name}"\n' for name in HEADERS) + '#include "host.h"\n'
CALLS = """
typedef struct ntk_pulse { double interval, asked; bool stop; } ntk_pulse;
bool ntk_pulse_beat(const char *phase, double fraction, void *user);
extern "Python+C" bool ntk_pulse_ask(const char *phase, double fraction);
extern "Python" bool ntk_study_ask(const ntk_study_progress *progress, void *user);
extern "Python" bool ntk_track_tell(const ntk_track_point *point, const double *theta, void *user);
int ntkit_program_main(int argc, char **argv);
"""


def declarations(compiler: str, include: Path) -> str:
    """Every declaration of the public headers, as plain C without a preprocessor's lines."""
    source = "".join(f'#include "ntkit/{name}"\n' for name in HEADERS)
    command = [compiler, "-E", "-I", str(include), "-x", "c", "-"]
    text = subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout
    kept, ours = [], False
    for line in text.splitlines():
        marker = re.match(r'# \d+ "(.*?)"', line)
        if marker:
            ours = Path(marker[1]).parent == include / "ntkit"
        elif ours:
            kept.append(line)
    return "\n".join(kept).replace('__attribute__((visibility("default")))', "")


def main() -> None:
    compiler, include, output = sys.argv[1:]
    ffi = FFI()
    ffi.cdef(declarations(compiler, Path(include)) + CALLS)
    ffi.set_source("ntkit._native", SOURCE, py_limited_api=True)
    ffi.emit_c_code(output)


if __name__ == "__main__":
    main()
