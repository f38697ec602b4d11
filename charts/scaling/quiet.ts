import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { CarriedProgram } from '../constructs/carried-program.ts';
import { NetworkEdge } from '../constructs/network-edge.ts';
import { podTemplate } from '../constructs/pod.ts';
import { ReplacedJob } from '../constructs/replaced-job.ts';
import { labelsOf, namespaces, selectorOf } from '../places.ts';
import type { Cluster, Pool } from '../platform.ts';
import { weekdays } from '../settings/pool.ts';
import { scaledJobOf } from './pools.ts';
import type { Plan, Window } from './program/quiet.ts';

const name = 'quiet';
const namespace = namespaces.ci;

/**
 * At the hours at which a pool is to rest or to work again, a Job says so to its ScaledJob (docs/adr/0016). Each run sets
 * what holds at that moment for all pools, so one that was missed is made good by the next.
 */
export class QuietHours extends Chart {
  constructor(scope: Construct, cluster: Cluster) {
    super(scope, name, { disableResourceNameHashes: true });
    const labels = labelsOf(name);
    const plan = toPlan(cluster);
    const program = new CarriedProgram(this, 'program', {
      name,
      namespace,
      modules: ['scaling/program/main.ts', 'scaling/program/quiet.ts', 'secrets/program/kubernetes.ts'],
      plan,
    });
    new k8s.KubeServiceAccount(this, 'account', {
      metadata: { name, namespace, labels },
      automountServiceAccountToken: false,
    });
    const template = podTemplate({
      name,
      ...program.pod,
      user: 1000,
      cpu: { request: 0.05 },
      memory: '128Mi',
      serviceAccount: name,
      restartPolicy: 'Never',
    });
    // What was changed in platform.yaml holds at once, and not from the next boundary on.
    new ReplacedJob(this, 'now', { name, namespace, template });
    for (const at of toBoundaries(plan)) {
      const [hour, minute] = [Math.floor(at / 60), at % 60];
      const clock = [hour, minute].map((part) => String(part).padStart(2, '0')).join('');
      new k8s.KubeCronJob(this, clock, {
        metadata: { name: `${name}-${clock}`, namespace, labels },
        spec: {
          schedule: `${minute} ${hour} * * *`,
          timeZone: plan.timeZone,
          concurrencyPolicy: 'Forbid',
          // A cluster that was off at that time makes up for it.
          startingDeadlineSeconds: 6 * 3600,
          successfulJobsHistoryLimit: 1,
          failedJobsHistoryLimit: 3,
          jobTemplate: {
            spec: { backoffLimit: 6, activeDeadlineSeconds: 600, ttlSecondsAfterFinished: 3600, template },
          },
        },
      });
    }
    this.mayPause(Object.keys(plan.pools));
    new NetworkEdge(this, 'quiet-to-kubernetes', {
      from: { namespace, labels: selectorOf(name) },
      to: { cidrs: cluster.nodes.map((cidr) => ({ cidr })) },
      tcp: [6443],
    });
  }

  private mayPause(resourceNames: string[]): void {
    const metadata = { name, namespace: namespaces.agents, labels: labelsOf(name) };
    new k8s.KubeRole(this, 'role', {
      metadata,
      rules: [{ apiGroups: ['keda.sh'], resources: ['scaledjobs'], resourceNames, verbs: ['patch'] }],
    });
    new k8s.KubeRoleBinding(this, 'binding', {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
  }
}

export function hasQuietHours({ pools }: Cluster): boolean {
  return Object.values(pools).some(({ quiet }) => quiet !== undefined);
}

function toPlan({ pools, timeZone }: Cluster): Plan {
  // Whichever of them the file says first.
  const names = Object.entries(pools).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    timeZone,
    namespace: namespaces.agents,
    pools: Object.fromEntries(
      names.flatMap(([pool, { quiet }]) =>
        quiet === undefined ? [] : [[scaledJobOf(pool), quiet.map(toWindow)]],
      ),
    ),
  };
}

function toWindow({ from, to, days }: NonNullable<Pool['quiet']>[number]): Window {
  const numbers = weekdays.flatMap((day, index) => (days.includes(day) ? [index] : []));
  return { from: toMinute(from), to: toMinute(to), days: numbers };
}

function toMinute(clock: string): number {
  const [hour = '', minute = ''] = clock.split(':');
  return Number(hour) * 60 + Number(minute);
}

function toBoundaries({ pools }: Plan): number[] {
  const all = Object.values(pools).flatMap((windows) => windows.flatMap(({ from, to }) => [from, to]));
  return [...new Set(all)].sort((a, b) => a - b);
}
