#!/bin/sh
# Dense_0 of a Flax network may be its last layer: layers are counted as they are made, not as they are applied.
#
# Guess:    Dense_0 is applied first, Dense_1 next.
# Instead:  in Dense(3)(Dense(7)(x)) Python makes the outer one first: Dense_0 is the last layer (7 x 3), Dense_1 the first (5 x 7).
#           Written one statement a layer, the same network has them the other way round. Where all widths are equal, a file
#           of the parameters does not tell which it is, and applied by their numbers the layers give other outputs.
#           Seen with flax 0.12.8, jax 0.10.2, 2026-11-29.
# Where:    flax.linen names a submodule of @nn.compact when it is constructed.
# For ntkit: the chain of shapes stands above the numbers where only the reverse order fits (test_order in tests/net/test_layers.c);
#           `ntkit network inspect` says "order by the shapes". Of equal widths the numbers are believed: docs/networks.md.
set -eu
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: flax==0.12.8 jax==0.10.2 jaxlib==0.10.2
cd "$dir"
cat >expected <<'END'
nested        Dense_0 (7, 3) Dense_1 (5, 7)
one by one    Dense_0 (5, 7) Dense_1 (7, 3)
END
cat >show.py <<'END'
import os

os.environ.update(JAX_PLATFORMS="cpu")
import flax.linen as nn
import jax


class Nested(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(3)(nn.relu(nn.Dense(7)(x)))


class OneByOne(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Dense(7)(x))
        return nn.Dense(3)(x)


for name, model in ("nested    ", Nested()), ("one by one", OneByOne()):
    params = model.init(jax.random.key(0), jax.numpy.zeros((1, 5)))["params"]
    print(name, "  ", *(f"{layer} {params[layer]['kernel'].shape}" for layer in sorted(params)))
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
