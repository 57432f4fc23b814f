#!/bin/sh
# Faults of the system, of each kind a few, spread over a run: walk.c says what holds then.
# shellcheck disable=SC2034,SC2086,SC2154 source=tests/fault/walks.sh
most=2
. "$(dirname "$0")/walks.sh"
walk spectrum $small --save new
most=3
walk -k memory,sync,rename -r spectrum $small --save old
most=1
walk memorize $small --save new
walk -k memory,open,write,rename,stat study merge s.db t.db -o m.db
most=60 # its header
walk -k memory network convert net net.safetensors --to torch
walk -k thread verify $small
ended test_fault
