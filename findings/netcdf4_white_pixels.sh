#!/bin/sh
# netCDF4 takes white pixels for missing numbers: 255 in unsigned bytes, -127 in signed ones, is masked on reading.
#
# Guess:    default fill values mark what was never written in wide types only; every value of a byte is data, as h5py and
#           xarray read it.
# Instead:  a variable of type u1 without any _FillValue of its own reads 255 as masked, i1 -127 (of i2 and f4 nothing is). The
#           mean of [0, 254, 255, 255, 128, 1] is 95.75, that of the four others; .astype(float).filled(0) makes
#           white black. Writing them gives no warning. Seen with netCDF4 1.7.5.1.post1, xarray 2026.9.0, h5py 3.16.0, NumPy 2.4.6,
#           2026-11-29.
# Where:    netCDF's default fill of unsigned bytes is 255 (NC_FILL_UBYTE), and automatic masking of netCDF4-python compares with
#           it; set_auto_mask(False) before reading turns it off.
# For ntkit: images standardized or saved by way of netCDF4 have other means and black spots where they were white. ntkit reads the
#           bytes of the .nc itself, as HDF5, where 255 is 255.
set -eu
export LC_ALL=C
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: numpy==2.4.6 netCDF4==1.7.5.1.post1 \
  h5py==3.16.0 xarray==2026.9.0
cd "$dir"
cat >expected <<'END'
u1 netCDF4 [0, 254, None, None, 128, 1] mean 95.75 filled(0) [0.0, 254.0, 0.0, 0.0, 128.0, 1.0]
u1 h5py    [0, 254, 255, 255, 128, 1] xarray [0, 254, 255, 255, 128, 1]
i1 netCDF4 [-128, 126, 127, 127, 0, None] mean 50.4 filled(0) [-128.0, 126.0, 127.0, 127.0, 0.0, 0.0]
i1 h5py    [-128, 126, 127, 127, 0, -127] xarray [-128, 126, 127, 127, 0, -127]
END
cat >show.py <<'END'
import h5py, netCDF4, numpy as np, xarray

a = np.array([0, 254, 255, 255, 128, 1])
with netCDF4.Dataset("a.nc", "w") as f:
    f.createDimension("n", len(a))
    f.createVariable("u1", "u1", ("n",))[:] = a
    f.createVariable("i1", "i1", ("n",))[:] = a - 128
for name in ("u1", "i1"):
    v = netCDF4.Dataset("a.nc")[name][:]
    print(name, "netCDF4", v.tolist(), "mean", v.mean(), "filled(0)", v.astype(float).filled(0).tolist())
    print(name, "h5py   ", h5py.File("a.nc")[name][:].tolist(), "xarray", xarray.open_dataset("a.nc")[name].values.tolist())
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
