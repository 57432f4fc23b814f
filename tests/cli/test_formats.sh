#!/bin/sh
# The same data in every format give one answer, to the last digit, on the command line: as files of
# one array, packed, and as an array of a file that has several; what refuses them says so in one line.
# With NumPy, h5py or safetensors where they are, and without them for what needs none.
# shellcheck disable=SC1091,SC2154 # in, dir, out, err and status come from program.sh
. "$(dirname "$0")/program.sh"

# 8 rows of 3 bytes, as IDX, .npy, text and an array of .safetensors, which ends with labels.
numbers='\1\2\3\4\5\7\11\12\15\20\1\5\3\3\1\7\2\10\6\1\6\4\11\2'
ask() { # data LABELS-OR-NOTHING
  good "$1" spectrum --data "$1" --widths 16 --scale standardize --json
  jq '.lambda_min, .lambda_max' "$out" >"$top/$2"
}
printf '%b' "\0\0\10\2\0\0\0\10\0\0\0\3$numbers" >"$in/x.idx"
{ header '|u1' '(8, 3)' && printf '%b' "$numbers"; } >"$in/x.npy"
od -An -v -tu1 -w3 "$in/x.idx" | tail -n 8 | sed 's/^ *//; s/  */,/g' >"$in/x.csv"
object='{"y":{"dtype":"U8","shape":[8],"data_offsets":[24,32]},"X":{"dtype":"U8","shape":[8,3],"data_offsets":[0,24]}}'
printf '%b%s%b' "\\$(printf '%o' ${#object})\0\0\0\0\0\0\0" "$object" "$numbers\1\0\1\0\1\0\1\0" >"$in/x.safetensors"
gzip -k "$in/x.idx" "$in/x.npy" "$in/x.csv"

ask "$in/x.npy" first
for name in x.idx x.csv x.idx.gz x.npy.gz x.csv.gz x.safetensors x.safetensors:X; do
  ask "$in/$name" second
  check "$name gives the same" cmp "$top/first" "$top/second"
done

if python3 -c 'import numpy' 2>/dev/null; then
  python3 - "$in/x.npy" <<'END'
import sys
import numpy
path = sys.argv[1]
X, y = numpy.load(path), numpy.arange(8.0) % 2
numpy.savez(path + ".npz", X=X.astype(">i2"), y=y)
numpy.savez_compressed(path + ".packed.npz", X=numpy.asfortranarray(X), y=y)
try:
    import h5py
    with h5py.File(path + ".h5", "w") as file:
        file["y"] = y
        file.create_dataset("group/X", data=X, chunks=(3, 2), compression="gzip", shuffle=True)
except ImportError:
    pass
try:
    import safetensors.numpy
    safetensors.numpy.save_file({"X": X.astype("f2"), "y": y}, path + ".safetensors")
except ImportError:
    pass
END
  for name in npz packed.npz h5 safetensors; do
    [ -e "$in/x.npy.$name" ] || continue
    run spectrum --data "$in/x.npy.$name" --widths 16 --json
    if grep -q 'cannot be loaded' "$err"; then continue; fi # libhdf5
    ask "$in/x.npy.$name" second
    check "$name of Python gives the same" cmp "$top/first" "$top/second"
  done
else
  echo 'without NumPy: what it writes is left out'
fi

# ---- FILE:KEY where files are named -----------------------------------------------------------------

good 'labels by name' memorize --data "$in/x.safetensors:X" --labels "$in/x.safetensors:y" --widths 16,16 \
  --activation tanh --save "$top/saved" --json
check 'the file is noted' test "$(jq -r '.inputs[0].sha256' "$out")" = "$(sha256sum "$in/x.safetensors" | cut -d' ' -f1)"
bad 'no such array' 'has no array' spectrum --data "$in/x.safetensors:Z" --widths 16
bad 'no names' 'has one array and no names' spectrum --data "$in/x.idx:X" --widths 16
cp "$in/x.safetensors" "$in/w.html"
bad 'its own data' 'is what the command reads' spectrum --data "$in/w.html:X" --widths 16 --report "$in/w.html"
check 'they are as they were' cmp "$in/x.safetensors" "$in/w.html"
finish test_formats
