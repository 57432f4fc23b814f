#!/bin/sh
# Other packages beside the Python package, in two environments under build/peers with the versions of
# python/tests_peers/requirements*.txt (9 GB with what PyTorch brings); quick when they are there.
# usage: tools/peers.sh test            trained models and kernels against ntkit, in float64 to 1e-12
#        tools/peers.sh bench [WORDS]   time, memory, digits: bench/peers.py, which has the words
# PYTHON: 3.11 or 3.12, for which the pinned versions are made; unless set, the first that is found.
# The results of a run: docs/peers.md.
set -eu
cd "$(dirname "$0")/.."
peers=build/peers
task=${1:-}
case $task in
test | bench) shift ;;
*)
  echo 'usage: tools/peers.sh test|bench [WORDS]' >&2
  exit 2
  ;;
esac
python=${PYTHON:-$(tools/found_python.sh 12 11)}
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || {
  echo "$python is not 3.11 or 3.12, for which the pinned versions are made: PYTHON=python3.12 $0 $task" >&2
  exit 1
}
echo "== peers: the wheel, in $peers/dist, by $python"
rm -rf $peers/dist
"$python" -m pip wheel -q --no-deps -w $peers/dist .

# prepare ENVIRONMENT REQUIREMENTS
prepare() {
  echo "== peers: $peers/$1, $2"
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
if [ "$task" = bench ]; then
  echo '== peers: bench/peers.py'
  exec $peers/new/bin/python bench/peers.py "$@"
fi
check new jax test_torch.py test_flax.py test_keras.py test_sklearn.py test_conventions.py
check new torch test_keras.py
check nt jax test_neural_tangents.py
