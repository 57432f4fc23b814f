#!/bin/sh
# Under mpirun all processes meet before any of them leaves: whatever one of them was asked for, all end, by
# one line of ntkit's from the first rank, status 2. And what there is to tell of ranks is told: by info, plan,
# train and memorize, in JSON and pages; no rank is named for what is everybody's.
# shellcheck source=tests/ranks/program.sh
. "$(dirname "$0")/program.sh"
NTK_MPIRUN_SECONDS=20
export NTK_MPIRUN_SECONDS

small='--samples 60 --dim 20 --widths 20,20 --activation tanh --quiet'

# ---- One asks for another thing than the other ---------------------------------------------------------
while IFS='|' read -r first second line; do
  # shellcheck disable=SC2086
  sh "$mpirun" -n 1 "$NTKIT" $first : -n 1 "$NTKIT" $second >"$out" 2>"$top/all" </dev/null
  status=$?
  one_line "$first : $second" "$line"
done <<END
spectrum $small|info|^ntkit: ranks disagree: rank 1 on .* is at info, rank 0 at spectrum $small; accepted
info|spectrum $small|rank 1 on .* is at spectrum $small, rank 0 at info;
spectrum $small|--help|rank 1 on .* is at --help, rank 0 at spectrum
spectrum $small|spectral|is at spectral, rank 0 at spectrum
spectrum $small||is at no command, rank 0 at spectrum
spectrum $small|spectrum $small --nonsense|is at spectrum $small --nonsense, rank 0
spectrum $small|spectrum $small --threads x|^ntkit: rank 1 on .*: --threads: 'x'
spectrum $small --memory 1|spectrum $small|^ntkit: .*memory
END
check 'nothing was written' test -z "$(ls -A)"

# ---- What is told --------------------------------------------------------------------------------------
ranks 2 info
check 'info' grep -q '^mpi  *[A-Z].*; mpirun has started 2 of these' "$out"
ranks 2 info --json
check 'info as JSON' jq -e '.launched == 2 and (.mpi | length > 3)' "$out"
run info --json
check 'info without mpirun' jq -e '.launched == 1' "$out"
ranks 2 plan --samples 100 --dim 5 --widths 10,10
check 'plan' grep -q '^note  *of one process; mpirun has started 2: --ranks 2' "$out"
# shellcheck disable=SC2086
{
  ranks 2 train $small --epochs 3 --lr 1e-4 --report "$top/page.html" --checkpoint "$top/check.ntk"
  check 'train' grep -q '^ranks  *2, which share' "$out"
  check 'its page' grep -q 'by 2 ranks of ntkit' "$top/page.html"
  ranks 2 memorize $small --json
  check 'as JSON' jq -e '.launched == 2 and .environment.ranks == 2 and (.command_line | test("memorize"))' "$out"
  ranks 2 memorize $small
  check 'memorize' grep -q '^ranks  *2, which share' "$out"

  # ---- Whose failure it is -----------------------------------------------------------------------------
  ranks 2 train $small --epochs 3 --lr 2e-4 --checkpoint "$top/check.ntk"
  one_line 'a checkpoint of another run' "^ntkit: --checkpoint: $top/check.ntk: is the checkpoint of a run with another step size"
  ranks 2 train $small --epochs 3 --checkpoint "$dir/none/run"
  one_line 'a checkpoint that cannot be' '^ntkit: --checkpoint: .*none/run'
  ranks 2 spectrum $small --prefixes 70
  one_line 'a prefix' '^ntkit: a prefix of 70 samples'
  ranks 2 spectrum --samples 60 --dim 20 --widths 20,20 --outputs 2 --output 5 --quiet
  one_line 'an output' '^ntkit: --output'
  ranks 2 study run s.yaml --db s.db
  one_line 'a study' 'shard .*OMPI_COMM_WORLD_RANK + 1))/2 --db .*SLURM_PROCID'
  ranks 2 spectrum $small --threads 1000
  one_line 'threads that no machine has' '^ntkit: --threads: 1000, and each rank may use [0-9]* cores*; accepted: [0-9to ]*$'
}

# A limit is of its rank alone: the other's share of the machine's memory is what it was.
# shellcheck disable=SC2086
sh "$mpirun" -n 1 "$NTKIT" spectrum --samples 3000 --dim 20 --widths 60,60 --method factor --quiet --json : \
  -n 1 "$NTKIT" spectrum --samples 3000 --dim 20 --widths 60,60 --method factor --quiet --json --memory 10M \
  >"$out" 2>"$top/all"
status=$?
one_line 'a limit of one rank' 'available on all of them, .* on rank 1 ('
all=$(sed -n 's/.* and \([0-9.]*\) GB are available on all of them.*/\1/p' "$err")
[ ! -r /proc/meminfo ] || awk -v a="${all:-0}" '/^MemAvailable/ { exit !(a > 0.2 * $2 / 1e6) }' /proc/meminfo ||
  fails 'a limit of one rank' 'the other has less than its share of the machine'

finish ranks_meet
