#!/bin/sh
# linear_operator (what GPyTorch solves with) stops at a residual of 1 where a matrix has more than 800 rows. (Installs PyTorch: 6 GB.)
#
# Guess:    the solution of K x = b has the same digits at 800 and 801 rows, or a warning.
# Instead:  of float64, condition 10^4: an error of 4e-13 with 800 rows, of 0.6 with 801, without a warning. With fast computations
#           off, or a larger max_cholesky_size, it is 6e-13 again.
#           Seen with linear_operator 0.6.1, PyTorch 2.15.0, 2026-11-29.
# Where:    past settings.max_cholesky_size, 800, it takes conjugate gradients until the residual of the normalised system is
#           settings.cg_tolerance, 1 unless one evaluates a GPyTorch model (0.01).
# For ntkit: K.factor().solve(y) of ntkit.Kernel is a factorisation in double at every size, and refuses what it cannot solve
#           (docs/python.md).
set -eu
export LC_ALL=C OMP_NUM_THREADS=2 PYTHONWARNINGS=ignore::FutureWarning
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 torch==2.15.0 linear_operator==0.6.1
cd "$dir"
cat >expected <<'END'
linear_operator 0.6.1 torch 2.15.0
800 rows: right | fast_computations(solves=False): right | max_cholesky_size: right
801 rows: more than 10 % off, nothing said | fast_computations(solves=False): right | max_cholesky_size: right
END
cat >show.py <<'END'
import warnings

import linear_operator, torch
from linear_operator import settings, to_linear_operator

print("linear_operator", linear_operator.__version__, "torch", torch.__version__.split("+")[0])
random = torch.Generator().manual_seed(0)


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=random)


for N in (800, 801):
    Q = torch.linalg.qr(normal(N, N))[0]
    K = (Q * torch.logspace(0, 4, N, dtype=torch.float64)) @ Q.T  # eigenvalues from 1 to 10^4
    K, x = (K + K.T) / 2, normal(N, 1)

    def solved():
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            y = to_linear_operator(K).solve(K @ x)
        off = (torch.linalg.norm(y - x) / torch.linalg.norm(x)).item()
        return "right" if off < 1e-10 else f"more than 10 % off, {'a warning' if said else 'nothing said'}" if off > 0.1 else f"{off:.1e}"

    print(N, "rows:", solved(), end=" | fast_computations(solves=False): ")
    with settings.fast_computations(solves=False):
        print(solved(), end=" | max_cholesky_size: ")
    with settings.max_cholesky_size(10**6):
        print(solved())
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
