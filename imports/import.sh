#!/bin/sh
# Makes imports/*.ts anew from CustomResourceDefinitions: sh imports/import.sh <folder of folders>
# See README.md beside this file.
set -eu

crds=${1:?usage: sh imports/import.sh FOLDER (holding keda/*.yaml and flux/*.yaml)}
here=$(cd "$(dirname "$0")" && pwd)
export CDK8S_CHECK_UPGRADE=false

# Each group's files go in as one stream: the importer keeps only the last import of a group, reads only
# the first of several files, and plain cat would join files that lack a leading "---".
generate() {
  awk 'FNR==1{print "---"}1' "$@" |
    "$here/../node_modules/.bin/cdk8s" import /dev/stdin --language typescript --output "$here" --no-save
}

generate "$crds"/keda/keda.sh_*.yaml
generate "$crds"/flux/kustomize.*.yaml
generate "$crds"/flux/source.*.yaml
generate "$crds"/flux/helm.*.yaml
