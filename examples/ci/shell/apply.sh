#!/bin/sh
# On merge: runs exactly the plan that was reviewed.
#
#   apply.sh FOLDER
#
# Where the servers or the manifests moved since, nothing is changed, what moved is told, and the end is 3: plan again and
# have that reviewed. After a failure run it once more: what is done is not done again.
# Waits for another apply that runs.
set -eu
sluice apply --lock-timeout 10m "$1/plan.json"
