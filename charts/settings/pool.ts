import * as z from 'zod';
import { cpu, size } from './scalars.ts';

/** As JavaScript counts them. */
export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const clock = z.string().regex(/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/, 'expected a time such as "22:00"');

const quietSchema = z
  .strictObject({
    from: clock.describe('When it begins; jobs that run go on.'),
    to: clock.describe('When it is over; on the next day, where that is earlier.'),
    days: z
      .array(z.enum(weekdays))
      .min(1)
      .max(7)
      .default([...weekdays])
      .describe('On which days it begins.'),
  })
  .refine(({ from, to }) => from !== to, { path: ['to'], error: 'expected another time than "from"' });

export const poolSchema = z
  .strictObject({
    arch: z.enum(['amd64', 'arm64']).describe('What the nodes of this pool are.'),
    max: z.int().min(1).max(500).describe('No more agents than this at a time.'),
    cpu: cpu.default(2).describe('Cores of one agent.'),
    memory: size.default('4Gi').describe('Memory of one agent.'),
    disk: size.default('20Gi').describe('Disk of one agent: the workspace, /tmp and logs.'),
    timeLimitMinutes: z
      .int()
      .min(1)
      .max(24 * 60)
      .default(120)
      .describe('The longest that a job of this pool may take.'),
    quiet: z
      .array(quietSchema)
      .max(14)
      .optional()
      .describe(
        'When no agent of this pool begins, by the timeZone of the cluster; jobs wait. Empty: never, also where that was otherwise.',
      ),
    gpu: z
      .strictObject({
        count: z.int().min(1).max(16).default(1).describe('How many each agent gets, or shares of them.'),
        product: z
          .string()
          .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, 'expected a name such as "NVIDIA-GB10"')
          .optional()
          .describe('Only on nodes whose label nvidia.com/gpu.product says this.'),
      })
      .optional()
      .describe(
        "GPUs of NVIDIA. Their nodes have the label bellows.dev/gpu=nvidia (dist/hosts/<cluster>/gpu-*.yaml); where NVIDIA's runtime refuses user namespaces, set userNamespaces: false.",
      ),
    internet: z
      .boolean()
      .default(true)
      .describe('Whether steps may reach public addresses (ports 80 and 443).'),
    userNamespaces: z
      .boolean()
      .default(true)
      .describe(
        'Root in a step is nobody on the node. Needs Kubernetes 1.33 and Linux 6.3; false for older nodes.',
      ),
  })
  .describe('A class of agents. None run while no job waits.');
