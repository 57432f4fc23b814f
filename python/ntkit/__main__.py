"""The program `ntkit`, which is inside the module: python -m ntkit, and ntkit on PATH."""

from __future__ import annotations

import os
import sys

from ntkit._native import ffi, lib


def main() -> None:
    """Runs the program on the words of the command line; ends the process."""
    words = [ffi.new("char[]", os.fsencode(word)) for word in ["ntkit", *sys.argv[1:]]]
    argv = ffi.new("char *[]", [*words, ffi.NULL])
    os._exit(lib.ntkit_program_main(len(words), argv))


if __name__ == "__main__":
    main()
