#!/bin/sh
# Makes imports/*.ts and imports/schemas/*.json anew from CustomResourceDefinitions: sh imports/import.sh <folder of folders>
# See README.md beside this file.
set -eu

crds=${1:?usage: sh imports/import.sh FOLDER (holding keda/*.yaml, flux/*.yaml, and what else is named below)}
here=$(cd "$(dirname "$0")" && pwd)
export CDK8S_CHECK_UPGRADE=false

# Each group's files go in as one stream: the importer keeps only the last import of a group, reads only
# the first of several files, and plain cat would join files that lack a leading "---".
generate() {
  awk 'FNR==1{print "---"}1' "$@" |
    "$here/../node_modules/.bin/cdk8s" import /dev/stdin --language typescript --output "$here" --no-save
}

# Of these two, the kinds that charts make; the rest of their groups is large.
external="$crds/external-secrets/external-secrets.io_externalsecrets.yaml"
prometheus="$crds/prometheus-operator/monitoring.coreos.com_podmonitors.yaml
$crds/prometheus-operator/monitoring.coreos.com_prometheusrules.yaml"

generate "$crds"/keda/keda.sh_*.yaml
generate "$crds"/flux/kustomize.*.yaml
generate "$crds"/flux/source.*.yaml
generate "$crds"/flux/helm.*.yaml
generate "$crds"/flux/notification.*.yaml
generate "$external"
# shellcheck disable=SC2086 # a list
generate $prometheus

# The schemas of Kubernetes come with its Go module, of the version in charts/pins.ts.
version=$(sed -n "s/^export const k3sVersion = '\(v[0-9.]*\)+k3s[0-9]*';$/\1/p" "$here/../charts/pins.ts")
kubernetes=$(cd "$(mktemp -d)" && go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
# shellcheck disable=SC2086
"$here/../node_modules/.bin/node" "$here/import-schemas.ts" "$version" "$kubernetes/api/openapi-spec/swagger.json" \
  "$crds"/keda/keda.sh_*.yaml "$crds"/flux/*.yaml "$crds"/k3s-helm/*.yaml "$external" $prometheus "$crds"/prometheus-operator/monitoring.coreos.com_servicemonitors.yaml
