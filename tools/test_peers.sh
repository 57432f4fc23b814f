#!/bin/sh
# Trained models and kernels of other packages against the Python package, in float64 to 1e-12. Makes
# two environments under build/peers with the versions of python/tests_peers/requirements*.txt (9 GB
# with what PyTorch brings); quick when they are there. The result of a run: docs/peers.md.
# usage: PYTHON=python3.12 tools/test_peers.sh    (3.11 or 3.12: those the pinned versions are made for)
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
peers=build/peers

"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || {
  echo "$python is not 3.11 or 3.12, for which the pinned versions are made: PYTHON=python3.12 make test-peers" >&2
  exit 1
}
echo "== test-peers: the wheel, in $peers/dist"
rm -rf $peers/dist
"$python" -m pip wheel -q --no-deps -w $peers/dist .

# prepare ENVIRONMENT REQUIREMENTS
prepare() {
  echo "== test-peers: $peers/$1, $2"
  test -x $peers/"$1"/bin/python || "$python" -m venv $peers/"$1"
  $peers/"$1"/bin/pip install -q -r python/tests_peers/"$2"
  $peers/"$1"/bin/pip install -q cffi
  $peers/"$1"/bin/pip install -q --no-deps --force-reinstall $peers/dist/*.whl
}
# check ENVIRONMENT BACKEND_OF_KERAS TEST...
check() {
  environment=$1 backend=$2
  shift 2
  (cd python/tests_peers && KERAS_BACKEND=$backend JAX_PLATFORMS=cpu \
    "../../$peers/$environment/bin/python" -m pytest -q -W ignore -o pythonpath=. "$@")
}
prepare new requirements.txt
prepare nt requirements-neural-tangents.txt
check new jax test_torch.py test_flax.py test_keras.py test_sklearn.py test_conventions.py
check new torch test_keras.py
check nt jax test_neural_tangents.py
