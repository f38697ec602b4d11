import * as z from 'zod';
import { findMisfits } from '../fit.ts';
import { apiSchema } from './api.ts';
import { archiveSchema } from './archive.ts';
import { backupSchema } from './backup.ts';
import { fluxSchema } from './flux.ts';
import { findHomeless, giteaSchema } from './gitea.ts';
import { githubSchema } from './github.ts';
import { gpuSchema, k3sSchema, machineSchema } from './machines.ts';
import { monitoringSchema, tracingSchema } from './observability.ts';
import { poolSchema } from './pool.ts';
import { redisSchema } from './redis.ts';
import { domain, isAtMost, isNotEmpty, label } from './scalars.ts';
import { secretsSchema } from './secrets.ts';
import { signInSchema } from './sign-in.ts';

export const clusterSchema = z
  .strictObject({
    domain: domain
      .default('home.arpa')
      .describe('The api answers at https://bellows.<domain>, Gitea at https://git.<domain>.'),
    certificate: label
      .optional()
      .describe(
        "A TLS Secret in the namespace ci for both hosts. Without it the ingress controller's own is used.",
      ),
    registry: z
      .string()
      .max(200)
      .regex(
        /^[a-z0-9.-]+(?::[0-9]{1,5})?(?:\/[a-z0-9._-]+)*$/,
        'expected a registry and folder such as "git.home.arpa/bellows"',
      )
      .default('localhost/bellows')
      .describe('Where the images api and agent are pulled from; localhost is for images imported into k3s.'),
    machines: z
      .array(machineSchema)
      .min(1)
      .max(100)
      .optional()
      .describe(
        "What the cluster consists of. With it, pools that do not fit are refused. What a machine keeps for itself (charts/foundation/k3s.ts) is not the pools'.",
      ),
    storageClass: label
      .default('local-path')
      .describe("The class of every volume; the default is k3s's own."),
    nodes: z
      .array(z.cidrv4('expected a range such as "192.168.1.0/24"'))
      .min(1)
      .max(32)
      .default(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'])
      .describe("Where the nodes' own addresses lie: the Kubernetes API is looked for nowhere else."),
    k3s: k3sSchema,
    gpu: gpuSchema,
    timeZone: z
      .string()
      .refine(isTimeZone, 'expected a time zone such as "Europe/Berlin"')
      .default('Etc/UTC')
      .describe('Whose clock the quiet hours of pools go by.'),
    redis: redisSchema,
    gitea: giteaSchema,
    github: githubSchema,
    api: apiSchema,
    signIn: signInSchema,
    archive: archiveSchema,
    secrets: secretsSchema,
    flux: fluxSchema,
    monitoring: monitoringSchema,
    backup: backupSchema,
    tracing: tracingSchema,
    pools: z
      .record(label, poolSchema)
      .refine(isNotEmpty, 'expected at least one pool')
      .refine(isAtMost(100), { error: 'expected at most 100 pools', abort: true })
      .describe('The classes of agents, by name.'),
  })
  .superRefine((cluster, context) => {
    for (const { path, message } of findHomeless(cluster))
      context.addIssue({ code: 'custom', path, message });
    for (const { path, message } of findMisfits(cluster))
      context.addIssue({ code: 'custom', path: [...path], message });
  })
  .describe('One k3s cluster with everything on it: Gitea, Redis, the api and agents.');

function isTimeZone(name: string): boolean {
  return (
    /^[A-Za-z]/.test(name) &&
    (['UTC', 'Etc/UTC'].includes(name) || Intl.supportedValuesOf('timeZone').includes(name))
  );
}
