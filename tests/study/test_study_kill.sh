#!/bin/sh
# A study killed at random moments ends as the uninterrupted one does; tools/kill_study.sh says how.
exec "$(dirname "$0")/../../tools/kill_study.sh" 40
