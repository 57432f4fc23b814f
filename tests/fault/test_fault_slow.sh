#!/bin/sh
# Faults of the system, across every command: walk.c says what holds then. NTK_FAULT_MOST: of each kind so
# many places, evenly spread.
# shellcheck disable=SC2086
most=${NTK_FAULT_MOST:-20}
. "$(dirname "$0")/walks.sh"
walk spectrum $small --save new
walk -r spectrum $small --save old
walk memorize $small --save new
walk study merge s.db t.db -o m.db
ended test_fault_slow
