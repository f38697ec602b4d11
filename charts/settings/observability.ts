import * as z from 'zod';
import { label } from './scalars.ts';

export const monitoringSchema = z
  .strictObject({
    by: z
      .enum(['operator', 'annotations'])
      .describe(
        'How Prometheus finds what to read: by objects of its operator, which has to be there, or by the annotations prometheus.io/scrape, port and path.',
      ),
    namespace: label
      .default('monitoring')
      .describe('Where Prometheus is; from nowhere else are figures seen.'),
    labels: z
      .record(z.string().regex(/^[A-Za-z0-9./_-]{1,200}$/), z.string().regex(/^[A-Za-z0-9._-]{0,63}$/))
      .default({})
      .describe("What the operator's selectors ask for, such as {release: prometheus}."),
  })
  .optional()
  .describe(
    'A Prometheus that is there reads the figures, has our alerts, and Grafana a dashboard. Without it /metrics takes a token.',
  );

export const tracingSchema = z
  .strictObject({
    endpoint: z
      .string()
      .max(300)
      .regex(
        /^https?:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._-]+)*$/,
        'expected an address such as "http://collector.monitoring.svc:4318"',
      )
      .describe(
        'A collector (OTLP over HTTP). One of this cluster is named <service>.<namespace>.svc, with the port that its Pods listen on.',
      ),
    addresses: z
      .array(z.cidrv4('expected a range such as "192.168.1.10/32"'))
      .min(1)
      .max(32)
      .optional()
      .describe('Where it is, if it is in no cluster and has no public address: the api may reach it there.'),
    share: z.number().min(0).max(1).default(1).describe('Of the traces that begin here; 0.1 keeps a tenth.'),
  })
  .optional()
  .describe(
    'Where traces go. Agents send theirs only to a public collector, from pools with internet: code of strangers reaches nothing private. Without it nothing is sent.',
  );
