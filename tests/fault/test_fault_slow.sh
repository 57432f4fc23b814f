#!/bin/sh
# Faults of the system, across every command: walk.c says what holds then. NTK_FAULT_MOST: of each kind so
# many places, evenly spread.
# shellcheck disable=SC2034,SC2086,SC2154 source=tests/fault/walks.sh
most=${NTK_FAULT_MOST:-2}
. "$(dirname "$0")/walks.sh"
walk spectrum $small --save new
walk -r spectrum $small --save old
walk spectrum $small --json
walk spectrum $small --report page.html
walk spectrum $small --full --save-kernel --save new
walk memorize $small --save new
walk -r -x 'into/@(checkpoint.ntk|result.json)' train $small --epochs 5 --save into
walk -r -x state.ntk train $small --epochs 20 --checkpoint state.ntk
walk verify $small --report page.html
walk predict --load net --data net/X.npy -o out.npy
walk predict --kernel ntk $small --labels teacher --test-samples 9 --save new
walk predict --kernel ntk $small --labels teacher --test-samples 9 -o out.npy
walk predict --kernel ntk $small --labels teacher --test-samples 9 --time 0.1,1 --report page.html
walk predict --kernel limit --data table.csv --label-column 3 --widths 9,9 --test table.csv --ridge 1 --json
walk -r -x '@(r.db|r.db-journal)' study run s.yaml --db r.db --quiet --workers 2 --retry
walk -r -x '@(s.db|s.db-journal)' study run s.yaml --db s.db --quiet --workers 2 --retry
walk study status s.db
walk study export s.db -o out.csv
walk study export s.db -o out.npz
walk study export s.db --json
walk study fit s.db --x N
walk study merge s.db t.db -o m.db
walk data inspect table.csv
walk data convert table.csv table.npy
walk network inspect net
walk network convert net net.safetensors --to torch
walk network convert net net.npz --to flax
walk info
walk help spectrum
command -v gnuplot >/dev/null && walk -x 'figure.[dgps]*' study plot s.db --quiet --x N --output figure
ended test_fault_slow
