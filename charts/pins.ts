/**
 * Every image, Helm chart and k3s that runs in a cluster, and nowhere else in charts/ a version.
 * Redis: from 8.6.3 on, before that a blocked client could be used after it was freed (CVE-2026-23479).
 * Gitea: from 1.26.2 on. KEDA: from 2.19 on, which counts a Job as pending by its pods' conditions.
 */
export const pins = {
  redis: 'docker.io/library/redis:8.6.3-bookworm',
  redisExporter: 'docker.io/oliver006/redis_exporter:v1.87.0-alpine',
  postgres: 'docker.io/library/postgres:17.6-bookworm',
  gitea: 'docker.gitea.com/gitea:1.26.2-rootless',
  /** Also what both Containerfiles begin with. */
  node: 'docker.io/library/node:24.21.0-bookworm-slim',
} as const;

export const helmPins = {
  keda: { repository: 'https://kedacore.github.io/charts', chart: 'keda', version: '2.20.2' },
  nvidia: {
    repository: 'https://nvidia.github.io/k8s-device-plugin',
    chart: 'nvidia-device-plugin',
    version: '0.17.4',
  },
} as const;

/** What runs the cluster. imports/schemas/kubernetes.json is of its Kubernetes, and made anew when this is raised. */
export const k3sVersion = 'v1.34.4+k3s1';

/** The version of the images that this repository makes (services/<program>/Containerfile). */
const ownVersion = '0.1.0';

export function ownImage({ registry }: { readonly registry: string }, program: 'api' | 'agent'): string {
  return `${registry}/${program}:${ownVersion}`;
}
