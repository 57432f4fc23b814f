#!/bin/sh
# Prints the first Python of these that is there with venv and pip: on PATH, or kept by pyenv.
# usage: tools/found_python.sh MINOR...
set -eu
for minor; do
  for python in "python3.$minor" "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$minor".*/bin/python; do
    if "$python" -c 'import ensurepip' 2>/dev/null; then
      echo "$python"
      exit
    fi
  done
done
echo "python: no Python 3 of these is there: $*" >&2
exit 1
