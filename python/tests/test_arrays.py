"""Arrays: memory that is borrowed, converted once, or refused by one line."""

from __future__ import annotations

import array
import gc
import itertools
import sys

import ntkit
import numpy as np
import pytest
import reference
from ntkit._arrays import numbers
from ntkit._dataset import Data
from ntkit._library import current
from ntkit._native import ffi, lib

DTYPES = ["f2", "f4", "f8", "g", "i1", "u1", "i2", "i4", "u4", "i8", "u8", "?"]


class Subclass(np.ndarray):
    pass


def misaligned(a):
    memory = np.zeros(a.nbytes + 1, "u1")
    out = memory[1:].view(a.dtype).reshape(a.shape)
    out[...] = a
    return out


def strided(a, steps):
    """a in memory with steps between its entries, negative ones too."""
    spread = np.zeros([abs(s) * n for s, n in zip(steps, a.shape)], a.dtype)
    out = spread[tuple(slice(None if s > 0 else -1, None, s) for s in steps)]
    out[...] = a
    return out


LAYOUTS = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "misaligned": misaligned,
    "every second": lambda a: strided(a, (1, 2)),
    "backwards": lambda a: strided(a, (-1, -3)),
    "upside down": lambda a: strided(a, (-1, 1)),
    "one row for all": lambda a: np.broadcast_to(a[:1], a.shape),
    "one column for all": lambda a: np.broadcast_to(a[:, :1], a.shape),
    "swapped": lambda a: a.astype(a.dtype.newbyteorder()),
    "swapped backwards": lambda a: strided(a.astype(a.dtype.newbyteorder()), (-2, -1)),
    "read-only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
    "subclass": lambda a: a.view(Subclass),
    "matrix": np.asmatrix,
    "masked": np.ma.masked_array,
    "list": lambda a: a.tolist(),
    "memoryview": lambda a: memoryview(a),
    "__array__": lambda a: type("A", (), {"__array__": lambda self, *_, **__: a})(),
    "__array_interface__": lambda a: type(
        "A", (), {"__array_interface__": a.__array_interface__, "owner": a}
    )(),
    "__dlpack__": lambda a: type(
        "A",
        (),
        {
            "__dlpack__": lambda self, **how: a.__dlpack__(**how),
            "__dlpack_device__": lambda self: a.__dlpack_device__(),
        },
    )(),
}
NO_LONG_DOUBLE = {"list", "memoryview", "__dlpack__"}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_and_type_has_numpys_kernel(layout):
    rng = np.random.default_rng(list(LAYOUTS).index(layout))
    for dtype in DTYPES:
        if dtype == "g" and layout in NO_LONG_DOUBLE:
            continue
        N, d = rng.integers(1, 9), rng.integers(1, 6)
        values = np.clip(rng.normal(size=(N, d)) * 3, 0 if dtype[0] in "u?" else -9, 9)
        X = LAYOUTS[layout](values.astype(dtype))
        net = ntkit.Network([d, 4, 3], activation="tanh", seed=int(rng.integers(99)))
        plain = np.array(X if layout != "__dlpack__" else np.from_dlpack(X), np.float64)
        taken = numbers(X, "X")
        assert (
            taken.flags.c_contiguous
            and taken.flags.aligned
            and taken.dtype == np.float64
            and taken.dtype.isnative
        )
        K = ntkit.kernel(net, X)
        np.testing.assert_allclose(K, reference.kernel(net, plain), rtol=1e-11, atol=1e-13)
        assert np.array_equal(K, ntkit.kernel(net, plain))
        assert np.array_equal(net(X), net(plain))


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "float8_e5m2", "int4"])
def test_small_types_are_converted_exactly(dtype):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    X = np.array([[1, 0.5, -2], [3, -4, 1.5]]).astype(getattr(ml_dtypes, dtype))
    assert np.array_equal(numbers(X, "X"), X.astype(np.float64))


def test_what_fits_is_borrowed_by_its_address():
    a = np.random.default_rng(1).normal(size=(5, 3))
    shared = LAYOUTS["__dlpack__"](a)
    assert numbers(shared, "X").ctypes.data == a.ctypes.data
    a.flags.writeable = False  # which NumPy before 2.1 does not give by DLPack
    for X in (a, a.view(Subclass), memoryview(a), a[1:4]):
        data = Data(current(), X)
        address = int(ffi.cast("uintptr_t", lib.ntk_dataset_values(data.handle)))
        assert address == np.asarray(numbers(X, "X")).ctypes.data
        assert address - a.ctypes.data in (0, a.strides[0])
    flat = array.array("d", range(4))
    assert numbers(flat, "X").ctypes.data == flat.buffer_info()[0]


def test_borrowed_memory_is_not_allocated_again():
    X = np.zeros((2000, 500))
    before = current().memory_in_use
    data = Data(current(), X)
    assert current().memory_in_use - before < X.nbytes / 100
    converted = Data(current(), X.astype(np.float32))
    assert converted.array.nbytes == X.nbytes
    assert current().memory_in_use - before < X.nbytes / 100
    del data, converted


def test_a_file_in_memory_is_borrowed(tmp_path):
    np.save(tmp_path / "X.npy", np.random.default_rng(2).normal(size=(6, 4)))
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    net = ntkit.Network([4, 5, 6], activation="tanh")
    assert numbers(X, "X").ctypes.data == X.ctypes.data
    np.testing.assert_allclose(ntkit.kernel(net, X), reference.kernel(net, X), rtol=1e-12)


def test_data_frames():
    pandas = pytest.importorskip("pandas")
    values = np.arange(12.0).reshape(4, 3)
    assert np.array_equal(numbers(pandas.DataFrame(values), "X"), values)
    mixed = pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
    assert np.array_equal(numbers(mixed, "X"), [[1, 0.5], [2, 1.5]])
    with pytest.raises(TypeError, match="entries of type object.*astype"):
        numbers(pandas.DataFrame({"a": ["x"], "b": [1]}), "X")


@pytest.mark.parametrize(
    "X, error, line",
    [
        (np.zeros((2, 3), complex), TypeError, "X has entries of type complex128; accepted: real"),
        (np.zeros((2, 3), object), TypeError, "type object; accepted: real"),
        ([["a", "b", "c"]], TypeError, "type <U1; accepted: real"),
        (np.zeros((2, 3), "M8[s]"), TypeError, r"type datetime64\[s\]; accepted: real"),
        (np.zeros((2, 3), "m8[s]"), TypeError, "type timedelta64"),
        (np.zeros(2, [("a", float)]), TypeError, "accepted: real"),
        (object(), TypeError, "type object; accepted: real"),
        ({1: 2}, TypeError, "type object; accepted: real"),
        ([[1, 2], [3]], ValueError, "X is no array .*accepted: real"),
        (np.ma.masked_array([[1.0, 2, 3]], [[0, 1, 0]]), TypeError, "masked.*X.filled"),
        (3.0, ValueError, r"X has shape \(\); accepted: N x 3"),
        (np.zeros(3), ValueError, r"X has shape \(3,\); accepted: N x 3"),
        (np.zeros((2, 4)), ValueError, r"X has shape \(2, 4\); accepted: N x 3"),
        (np.zeros((2, 3, 1)), ValueError, r"X has shape \(2, 3, 1\); accepted: N x 3"),
        (np.zeros((0, 3)), ValueError, "N is 0; accepted: 1 to"),
        ([[1, 2, 3], [4, np.nan, 6]], ValueError, "nan in row 2, column 2"),
        (np.float32([[1, 2, -np.inf]]), ValueError, "-inf in row 1, column 3"),
        (np.longdouble("1e4000") * np.ones((1, 3)), ValueError, "inf in row 1, column 1"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_refusals(X, error, line):
    net = ntkit.Network([3, 4, 5])
    for call in (net, lambda x: ntkit.kernel(net, x), lambda x: ntkit.spectrum(net, x)):
        references = sys.getrefcount(X)
        with pytest.raises(error, match=line) as caught:
            call(X)
        assert "\n" not in str(caught.value)
        del caught
        gc.collect()
        assert sys.getrefcount(X) == references


def test_sparse_matrices_are_refused():
    sparse = pytest.importorskip("scipy.sparse")
    for X in (sparse.eye(3), sparse.csr_array(np.eye(3))):
        with pytest.raises(TypeError, match="sparse; accepted: a dense array, as X.toarray"):
            numbers(X, "X")


class OnDevice:
    """As CuPy's arrays: memory that the host does not read."""

    @property
    def __cuda_array_interface__(self):
        return {"version": 3}


class Fetched(OnDevice):
    def __dlpack__(self, **_):
        raise BufferError("not on the host")

    def __dlpack_device__(self):
        return 2, 0

    def get(self):
        return np.eye(3)


def test_devices():
    with pytest.warns(UserWarning, match="X is copied from its device") as caught:
        assert np.array_equal(numbers(Fetched(), "X"), np.eye(3))
    assert caught[0].filename == __file__
    with pytest.raises(TypeError, match="X is on a device; accepted: memory of the host"):
        numbers(OnDevice(), "X")


def test_pytorch():
    torch = pytest.importorskip("torch")
    t = torch.arange(12.0, dtype=torch.float64).reshape(3, 4)
    for same in (t, torch.nn.Parameter(t.clone())):
        assert numbers(same, "X").ctypes.data == same.data_ptr()
    negative = torch.imag(torch.complex(t, t).conj())  # a view whose sign is a flag
    for other in (t.T, t[:, ::2], t.bfloat16(), t.half(), t.int(), t > 3, negative):
        wanted = other.double().resolve_neg().contiguous().numpy()
        assert np.array_equal(numbers(other, "X"), wanted)
    assert np.array_equal(numbers(torch.nn.Parameter(t.bfloat16()), "X"), t.numpy())
    for refused, line in [
        (torch.complex(t, t), "complex128"),
        (torch.complex(t, t).conj(), "complex128"),
        (t.to_sparse(), "sparse; accepted: a dense tensor, as X.to_dense"),
        (t.to("meta"), "cannot be copied to the host"),
    ]:
        with pytest.raises(TypeError, match=line):
            numbers(refused, "X")


def test_jax():
    jax = pytest.importorskip("jax")
    for dtype in ("float32", "bfloat16", "int32", "bool"):
        x = jax.numpy.arange(12).reshape(3, 4).astype(dtype)
        assert np.array_equal(numbers(x, "X"), np.asarray(x).astype(float))
        assert np.array_equal(numbers(x.T, "X"), np.asarray(x).astype(float).T)
    with jax.enable_x64(True):
        x = jax.numpy.arange(12.0).reshape(3, 4)
        assert numbers(x, "X").ctypes.data == x.unsafe_buffer_pointer()
    with pytest.raises(TypeError, match="complex"):
        numbers(x * 1j, "X")


def test_results_are_the_users_own():
    X = ntkit.generate("gaussian", 30, 4, seed=1)
    net = ntkit.Network([4, 5, 6], seed=1)
    result = ntkit.spectrum(net, X, full=True, vectors=2)
    arrays = [ntkit.kernel(net, X), net(X), net.theta, result.eigenvalues, result.eigenvector]
    arrays += [result.smallest[0].vector, X]
    for one in arrays:
        assert one.flags.writeable and one.dtype == np.float64
    assert all(one.flags.owndata for one in arrays[:-1])  # X: the library's own memory
    kept = [one.copy() for one in arrays]
    for one, other in itertools.combinations(arrays, 2):
        assert not np.shares_memory(one, other)
    del net, result
    gc.collect()
    ntkit.generate("gaussian", 3000, 4, seed=2)
    assert all(np.array_equal(one, other) for one, other in zip(arrays, kept))


def test_views_outlive_their_network():
    net = ntkit.Network([4, 50, 60], seed=1, bias=True, bias_deviation=1.0)
    views = [*net.weights, *net.biases]
    kept = [one.copy() for one in views]
    before = current().memory_in_use
    del net
    gc.collect()
    assert current().memory_in_use == before
    assert all(np.array_equal(one, other) for one, other in zip(views, kept))
    with pytest.raises(ValueError, match="read-only"):
        views[0][0, 0] = 1
    del views
    gc.collect()
    assert current().memory_in_use < before


def test_what_does_not_fit_says_both_numbers():
    net = ntkit.Network([20, 30, 40])
    with ntkit.Context(threads=1, memory_limit=4 * 10**6):
        with pytest.raises(
            MemoryError,
            match=r"K \(1000, 1000\) needs 8 MB of memory, and [34].\d* MB are available$",
        ):
            ntkit.kernel(net, np.ones((1000, 20)))
        with pytest.raises(
            MemoryError, match="needs .* MB of memory, and .* MB are available under"
        ):
            ntkit.spectrum(net, np.ones((2000, 20)), method="factor")
        with pytest.raises(MemoryError, match=r"F_L \(600000, 1\) needs 4.8 MB"):
            ntkit.Network([1, 1])(np.ones((600_000, 1)))
