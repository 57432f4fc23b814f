#!/bin/sh
# The Python package's wheel, and its tests in fresh virtual environments, under build/.
# usage: tools/python.sh wheel|test
#   wheel   dist/ntkit-*.whl: one for every Python from 3.9, what it needs inside
#   test    that wheel with the newest Python and NumPy found, and with the oldest; ruff, mypy
# PYTHON builds it: python3, unless set.
set -eu
cd "$(dirname "$0")/.."
say() { echo "== python: $*"; }
quiet() { # what it prints only where it fails
  "$@" >"build/${log:=python}.log" 2>&1 || {
    cat "build/$log.log" >&2
    exit 1
  }
}

# environment NAME PYTHON PIP'S WORDS...: build/NAME, made anew, with these packages
environment() {
  rm -rf "build/$1"
  quiet "$2" -m venv "build/$1"
  pip=build/$1/bin/pip
  shift 2
  quiet "$pip" install --disable-pip-version-check --no-input "$@"
}

wheel() {
  mkdir -p build
  environment python-tools "${PYTHON:-python3}" -r python/requirements-wheel.txt
  tools=build/python-tools
  say "wheel, by $($tools/bin/python --version)"
  rm -rf dist
  quiet $tools/bin/pip wheel --no-build-isolation --no-deps -w $tools/dist .
  PATH=$PWD/$tools/bin:$PATH quiet $tools/bin/auditwheel repair -w $tools/repaired $tools/dist/*.whl
  $tools/bin/python tools/wheel_notices.py $tools/repaired/*.whl dist
  du -h dist/*.whl
}

# tested NAME PYTHON PACKAGES...: every test, on the wheel installed with these packages
tested() {
  name=$1 log=$1
  environment "$@" -r python/requirements-test.txt
  "build/$name/bin/python" - <<'END'
import sys, numpy, ntkit
print("== python: tests with Python", sys.version.split()[0], "and NumPy", numpy.__version__)
assert sys.prefix in ntkit.__file__, ntkit.__file__
END
  "build/$name/bin/pytest" -q -rs -p no:cacheprovider
}

case ${1:-} in
wheel) wheel ;;
test)
  wheel
  wheel=$(echo dist/*.whl)
  # Side by side, as each is one process; what the second says comes after the first.
  (tested python-oldest "$(tools/found_python.sh 9 10 11 12)" "$wheel" numpy==1.26.*) >build/python-oldest.said 2>&1 &
  oldest=$!
  trap 'kill $oldest 2>/dev/null || :' EXIT
  tested python-newest "$(tools/found_python.sh 14 13 12 11 10 9)" "${wheel}[all]" -r python/requirements-optional.txt
  status=0
  wait $oldest || status=$?
  trap - EXIT
  cat build/python-oldest.said
  [ $status -eq 0 ] || exit $status
  if [ "$(id -u)" -eq 0 ]; then
    say 'the wheel where nothing else is'
    tools/check_wheel.sh "$wheel" build/python-newest/bin/python
  else
    say 'not run: tools/check_wheel.sh (the wheel where nothing else is), which needs root'
  fi
  say 'ruff, mypy'
  quiet build/python-newest/bin/pip install -r python/requirements-lint.txt
  build/python-newest/bin/ruff format --check python docs/site
  build/python-newest/bin/ruff check python docs/site
  build/python-newest/bin/mypy
  ;;
*)
  echo 'usage: tools/python.sh wheel|test' >&2
  exit 2
  ;;
esac
