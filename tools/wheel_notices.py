"""Puts the licences of what auditwheel has put into a wheel beside it: licenses/THIRD_PARTY.txt.

usage: wheel_notices.py WHEEL DIRECTORY

The wheel is written into the directory. The texts are Debian's, /usr/share/doc/PACKAGE/copyright of
the packages that the libraries come from, and the licences of /usr/share/common-licenses that
these speak of.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

# An archive and headers, of which no file is in the wheel.
COMPILED_IN = {"libopenblas-openmp-dev", "librandom123-dev"}
DOCUMENTS, COMMON = Path("/usr/share/doc"), Path("/usr/share/common-licenses")


def package(library: str) -> str:
    """The Debian package of libgomp-f9a9ad78.so.1.0.0, as auditwheel renames libgomp.so.1.0.0."""
    name = re.sub(r"-[0-9a-f]{8}(?=\.so)", "", library)
    search = subprocess.run(
        ["dpkg", "-S", f"*/{name}"], check=False, capture_output=True, text=True
    )
    if search.returncode != 0:
        sys.exit(f"wheel_notices: {name} is of no Debian package, so its licence is not known")
    return search.stdout.split(":")[0]


def notices(names: set[str]) -> str:
    """The texts, each once, under the names of their packages."""
    texts: dict[str, list[str]] = {}
    for name in sorted(names):
        texts.setdefault((DOCUMENTS / name / "copyright").read_text(), []).append(name)
    parts = ["ntkit's own licence is LICENSE. Inside the wheel are, as Debian packages them:"]
    parts += [f"==== {', '.join(owners)}\n\n{text}" for text, owners in texts.items()]
    named = sorted(set(re.findall(rf"{COMMON}/([\w.-]*\w)", "".join(texts))))
    parts += [f"==== {name}\n\n{(COMMON / name).read_text()}" for name in named]
    return "\n\n".join(parts)


def main() -> None:
    wheel, directory = sys.argv[1:]
    command = [sys.executable, "-m", "wheel"]
    with tempfile.TemporaryDirectory() as work:
        subprocess.run([*command, "unpack", "-d", work, wheel], check=True, capture_output=True)
        (root,) = Path(work).iterdir()
        inside = {package(library.name) for library in root.glob("ntkit.libs/*")}
        (licences,) = root.glob("*.dist-info/licenses")
        (licences / "THIRD_PARTY.txt").write_text(notices(COMPILED_IN | inside))
        Path(directory).mkdir(exist_ok=True)
        subprocess.run([*command, "pack", "-d", directory, root], check=True, capture_output=True)


if __name__ == "__main__":
    main()
