#!/bin/sh
# For a pull request: checks the manifests, plans, and leaves in a folder what is reviewed and later applied.
#
#   plan.sh FOLDER [OPTIONS OF sluice plan]
#
# FOLDER/plan.json  the plan that apply.sh runs
# FOLDER/plan.md    the same for people: a comment on the pull request
#
# Ends with 0 when the plan can be applied or there is nothing to do, with 3 when it is blocked (plan.md says why), and
# with another code when there is no plan.
set -eu
folder=$1
shift
mkdir -p "$folder"
sluice validate
code=0
sluice plan -o "$folder/plan.json" --format markdown --detailed-exitcode "$@" > "$folder/plan.md" || code=$?
case $code in
    0 | 2) ;;
    *) exit "$code" ;;
esac
