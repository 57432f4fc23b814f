#!/bin/sh
# Runs a wheel where nothing is but Python and what the manylinux standard promises: glibc, zlib,
# and GCC's two libraries. The answers are those of this machine, bit for bit; HDF5, which a wheel
# does not have inside, is refused by one line. Needs to be root.
# usage: tools/check_wheel.sh WHEEL PYTHON [ROOT]
#   PYTHON of an environment in which the wheel is installed: of whom the answers are expected
#   ROOT   a root folder with Python 3 in it, as debootstrap --variant=minbase --include=python3
#          makes it; otherwise one is made of PYTHON and this machine's own libraries
set -eu
wheel=$1 here=$2
fail() {
  echo "check_wheel: $*" >&2
  exit 1
}
[ "$(id -u)" -eq 0 ] || fail 'only root can enter another root folder'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=$("$here" -c 'import os, sys; print(os.path.realpath(sys.executable))')

# make_root DIRECTORY: Python, its standard library, and the libraries that manylinux promises
make_root() {
  mkdir -p "$1/tmp" "$1/dev"
  mknod -m 666 "$1/dev/null" c 1 3
  mknod -m 666 "$1/dev/urandom" c 1 9
  stdlib=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
  tar -C / -c --exclude=test --exclude=__pycache__ --exclude=site-packages --exclude=dist-packages \
    --exclude='config-*' --exclude=ensurepip "${stdlib#/}" | tar -C "$1" -x
  loader=$(ldd "$python" | sed -n 's/^[[:space:]]*\(\/[^ ]*\) .*/\1/p')
  promised='lib(c|m|dl|rt|util|pthread|z|gcc_s|stdc\+\+)\.so\.[0-9]+'
  {
    echo "$python"
    echo "$loader"
    ldd "$python" | sed -n 's/.* => \([^ ]*\) .*/\1/p'
    /sbin/ldconfig -p | sed -nE "s,.*[[:space:]]$promised .*x86-64.* => (.*),\2,p"
  } | sort -u | while read -r file; do
    mkdir -p "$1$(dirname "$file")"
    cp -L "$file" "$1$file"
  done
}

root=${3:-$work/root}
if [ $# -gt 2 ]; then python=/usr/bin/python3; else make_root "$root"; fi
inside=$(mktemp -d "$root/tmp/ntkit.XXXXXX")
trap 'rm -rf "$work" "$inside"' EXIT
in_root() {
  env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 PYTHONPATH="${inside#"$root"}" \
    ${OPENBLAS_CORETYPE:+OPENBLAS_CORETYPE="$OPENBLAS_CORETYPE"} \
    "$(command -v chroot)" "$root" "$python" "$@"
}
version=$(in_root -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$here" -m pip install -q --disable-pip-version-check --no-compile --target "$inside" \
  --python-version "$version" --only-binary=:all: "$wheel"

cat >"$work/questions.py" <<'END'
import os, sys, tempfile
import ntkit

X = ntkit.generate("gaussian", N=200, d=20, seed=1)
net = ntkit.Network([20, 40, 30], activation="tanh", seed=1)
found = ntkit.spectrum(net, X, certify=True).to_dict()
print({name: value for name, value in found.items() if name != "seconds"})
with tempfile.TemporaryDirectory() as directory:
    study = ntkit.Study(
        {"name": "small", "network": {"widths": ["n"]}, "grid": {"d": [10, 20], "N": 40, "n": 30}},
        os.path.join(directory, "small.db"),
    )
    study.run(workers=2)
    rows = study.rows()
    print([rows[name].tolist() for name in rows.dtype.names if name != "seconds"])
    hdf5 = os.path.join(directory, "X.h5")
    with open(hdf5, "wb") as file:
        file.write(b"\x89HDF\r\n\x1a\n" + bytes(100))
    try:
        ntkit.load(hdf5 + ":X")
    except Exception as error:
        print(type(error).__name__, error, file=sys.stderr)
END
cp "$work/questions.py" "$inside"
in_root -m ntkit info | grep -E '^(version|blas|cpu)'
in_root "${inside#"$root"}/questions.py" >"$work/there" 2>"$work/refused" &&
  grep -q '^ValueError .* its library, .*, cannot be loaded' "$work/refused" || {
  cat "$work/refused" >&2
  fail 'it does not run, or does not refuse HDF5'
}
"$here" "$work/questions.py" >"$work/here" 2>"$work/log" || fail "here: $(tail -n 1 "$work/log")"
diff "$work/here" "$work/there" >&2 || fail 'the answers here (<) and there (>) differ'
echo "check_wheel: $(basename "$wheel"), Python $version, $(wc -c <"$work/there") bytes of answers: the same"
