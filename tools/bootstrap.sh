#!/bin/sh
# Installs what building, testing and the demo need, if anything is missing; quick when nothing is.
# usage: tools/bootstrap.sh [lint|arm64|mpi|fuzz|python|reference|docs|valgrind|threads]    (as well the
# formatter and static analysers; a compiler and an emulator for arm64; Open MPI and ScaLAPACK; clang
# with libFuzzer; what `make wheel` needs; Doxygen; both of these; valgrind; clang's OpenMP, for the
# thread sanitizer)
set -eu

missing_apt= missing_brew=
# needs COMMAND... : DEBIAN PACKAGES : BREW PACKAGES
# Unless the command succeeds, the packages are noted as missing.
needs() {
  probe= apt= brew= part=probe
  for word; do
    case $word in
    :) if [ $part = probe ]; then part=apt; else part=brew; fi ;;
    *) eval "$part=\"\$$part \$word\"" ;;
    esac
  done
  if ! (eval "$probe") >/dev/null 2>&1; then
    missing_apt="$missing_apt$apt" missing_brew="$missing_brew$brew"
  fi
}

header() { # is <$1> there for the C compiler?
  echo "#include <$1>" | cc -E -I/opt/homebrew/include -I/usr/local/include -o /dev/null -
}
needs header stdio.h : build-essential : gcc
needs command -v cmake : cmake : cmake
needs command -v ninja : ninja-build : ninja
needs command -v git : git ca-certificates : git
needs command -v jq : jq : jq
needs command -v pgrep : procps :
needs command -v gnuplot : gnuplot-nox fonts-dejavu-core : gnuplot
needs command -v pkg-config : pkg-config : pkgconf
needs pkg-config --exists openblas : libopenblas-openmp-dev : openblas
needs pkg-config --exists sleef : libsleef-dev : sleef
needs pkg-config --exists jansson : libjansson-dev : jansson
needs pkg-config --exists sqlite3 : libsqlite3-dev : sqlite
needs pkg-config --exists yaml-0.1 : libyaml-dev : libyaml
needs pkg-config --exists zlib : zlib1g-dev : zlib
needs "pkg-config --exists hdf5-serial || pkg-config --exists hdf5" : libhdf5-dev : hdf5
needs pkg-config --exists cmocka : libcmocka-dev : cmocka
needs header mpfr.h : libmpfr-dev : mpfr
needs "locale -a | grep -qi '^de_DE.utf' || [ -e /usr/share/i18n/locales/de_DE ] || [ -e /usr/share/i18n/locales/de_DE.gz ]" : locales :
needs header lapack.h : liblapacke-dev : lapack
needs header Random123/philox.h : librandom123-dev : random123
if [ "${1:-}" = lint ]; then
  needs command -v clang-format : clang-format : clang-format
  needs command -v clang-tidy : clang-tidy : llvm
  needs command -v cppcheck : cppcheck : cppcheck
  needs "echo \"#include <omp.h>\" | clang -fopenmp -E -" : libomp-dev : libomp
fi
if [ "${1:-}" = arm64 ]; then
  needs command -v aarch64-linux-gnu-g++ : gcc-aarch64-linux-gnu g++-aarch64-linux-gnu :
  needs command -v qemu-aarch64 : qemu-user :
fi
[ "${1:-}" != valgrind ] || needs command -v valgrind : valgrind : valgrind
if [ "${1:-}" = threads ]; then
  needs command -v clang : clang : llvm
  needs "ls /usr/lib/llvm-*/lib/libarcher.so" : libomp-dev : libomp
fi
if [ "${1:-}" = mpi ]; then
  needs "mpirun --version | grep -i 'open mpi'" : openmpi-bin : open-mpi
  needs pkg-config --exists ompi-c : libopenmpi-dev : open-mpi
  needs pkg-config --exists scalapack-openmpi : libscalapack-openmpi-dev : scalapack
fi
if [ "${1:-}" = fuzz ]; then
  fuzzer() { echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | clang -fsanitize=fuzzer -x c - -o /dev/null; }
  needs fuzzer : clang libclang-rt-dev : llvm
  needs "echo \"#include <omp.h>\" | clang -fopenmp -E -" : libomp-dev : libomp
fi
case ${1:-} in
python | docs)
  python_header() {
    "${PYTHON:-python3}" -c 'import ensurepip, os, sysconfig as s; os.stat(s.get_path("include") + "/Python.h")'
  }
  needs python_header : python3-venv python3-dev : python
  ;;
esac
case ${1:-} in reference | docs) needs command -v doxygen : doxygen : doxygen ;; esac
[ -n "$missing_apt" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "bootstrap: missing, and there is no apt-get to install them. On Debian they are called:" >&2
  echo " $missing_apt" >&2
  if command -v brew >/dev/null 2>&1; then
    echo "with Homebrew:" >&2
    echo "  brew install$missing_brew" >&2
    echo "(openblas and lapack are not linked into the usual folders: add theirs to" >&2
    echo "PKG_CONFIG_PATH and CPATH, and build with CC=gcc-NN for OpenMP)" >&2
  fi
  exit 1
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "bootstrap: missing packages, and neither root nor sudo to install them. As root:" >&2
    echo "  apt-get update && apt-get install$missing_apt" >&2
    exit 1
  fi
  as_root=sudo
fi
echo "bootstrap: installing$missing_apt"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { # quiet unless it fails
  $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -y -q -o DPkg::Lock::Timeout=120 "$@" </dev/null >"$log" 2>&1
}
# A failing update may concern other sources only: what matters is whether the packages install.
apt update || tail -n 3 "$log" >&2
# shellcheck disable=SC2086 # a list of words
if ! apt install --no-install-recommends $missing_apt; then
  tail -n 20 "$log" >&2
  echo "bootstrap: the packages could not be installed:$missing_apt" >&2
  exit 1
fi
