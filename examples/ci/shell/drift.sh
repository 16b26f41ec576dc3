#!/bin/sh
# Every night: has anybody changed the servers?
#
#   drift.sh FOLDER
#
# FOLDER/drift.md    the answer for people: an issue
# FOLDER/drift.prom  the answer for the text file collector of the node exporter, replaced as a whole
#
# Ends with 2 when something differs, with 1 when it could not be told, else with 0.
set -eu
folder=$1
mkdir -p "$folder"
code=0
sluice drift --lock-timeout 10m --format markdown > "$folder/drift.md" || code=$?
sluice drift --lock-timeout 10m --format prometheus > "$folder/drift.prom.part" || true
mv "$folder/drift.prom.part" "$folder/drift.prom"
exit "$code"
