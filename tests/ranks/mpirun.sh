#!/bin/sh
# mpirun as tests need it: more ranks than cores, in containers, as root, and never for long.
# A signal to this reaches mpirun once: without --foreground timeout sends it to mpirun and to its group
# besides, and of two at once mpirun kills the ranks before they can write a checkpoint.
# usage: mpirun.sh ARGUMENTS OF MPIRUN...
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_btl_vader_single_copy_mechanism=none # which containers do not allow
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_rmaps_base_oversubscribe=1 OMP_WAIT_POLICY=passive
exec timeout --foreground -k 5 "${NTK_MPIRUN_SECONDS:-100}" mpirun "$@"
