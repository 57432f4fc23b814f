#!/bin/sh
# The quick tests on arm64, on any Debian machine: cross-compiled, run under qemu's user-mode emulation.
# The libraries for arm64 are unpacked in build/arm64-root, beside the system's own, which stay as they
# are. Arithmetic is 100 to 300 times slower so: it takes about half an hour, and tests that would take
# more than a few minutes each are left out (CMakePresets.json, the test preset arm64, has their names).
# usage: tools/arm64.sh [WORDS FOR CTEST...]    (-R test_kernel)
set -eu
cd "$(dirname "$0")/.."
root=$PWD/build/arm64-root
tools/bootstrap.sh arm64

# apt on an empty system of that architecture, whose lists and packages lie in the root.
arm64_apt() {
  apt-get -q -o APT::Architecture=arm64 -o Dir::State="$root/apt" -o Dir::State::status="$root/apt/status" \
    -o Dir::Cache="$root/apt" -o APT::Sandbox::User=root "$@"
}
if ! [ -e "$root/complete" ]; then
  echo "== arm64: libraries, in $root"
  rm -rf "$root"
  mkdir -p "$root/apt/lists/partial" "$root/apt/archives/partial"
  : >"$root/apt/status"
  # clear the list of architectures: that of this system would be asked for as well
  printf '#clear APT::Architectures;\nAPT::Architectures { "arm64"; };\n' >"$root/apt/conf"
  export APT_CONFIG="$root/apt/conf"
  arm64_apt update >"$root/apt/log" 2>&1 || tail -n 3 "$root/apt/log" >&2
  # the libraries that tools/bootstrap.sh asks for
  libraries=$(grep -oE '\b(lib[a-z0-9-]+|zlib1g)-dev\b' tools/bootstrap.sh | grep -v '^libomp')
  # shellcheck disable=SC2086 # a list of words
  arm64_apt install -y --no-install-recommends --download-only libgomp1 libstdc++6 libc6-dev $libraries \
    >>"$root/apt/log" 2>&1 || {
    tail -n 20 "$root/apt/log" >&2
    exit 1
  }
  for package in "$root"/apt/archives/*.deb; do
    dpkg-deb -x "$package" "$root"
  done
  # what installing it would have linked
  for library in "$root"/usr/lib/aarch64-linux-gnu/openblas-openmp/lib*.so.[0-9]*; do
    ln -sf "openblas-openmp/${library##*/}" "$root/usr/lib/aarch64-linux-gnu/${library##*/}"
  done
  rm -rf "$root/apt"
  touch "$root/complete"
fi

[ -f build/arm64/build.ninja ] || cmake --preset arm64
cmake --build --preset arm64 --target all tests -j "${JOBS:-2}"
echo '== test: ctest --preset arm64'
ctest --preset arm64 "$@"
