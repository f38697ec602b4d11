import type { Cluster } from './platform.ts';

type Tracing = NonNullable<Cluster['tracing']>;

/** A collector of traces, as the platform file names it. */
export interface Collector {
  /** In this cluster. Undefined: elsewhere. */
  service: { name: string; namespace: string } | undefined;
  port: number;
  /** Where agents with internet may go: their network is that of code of strangers, and open to little. */
  isOpenToAgents: boolean;
}

export function toCollector({ endpoint, addresses }: Tracing): Collector {
  const { protocol, hostname, port: given } = new URL(endpoint);
  const [, name, namespace] = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.cluster\.local)?$/.exec(hostname) ?? [];
  const service = name === undefined || namespace === undefined ? undefined : { name, namespace };
  const port = given === '' ? (protocol === 'https:' ? 443 : 80) : Number(given);
  const isPublic = service === undefined && addresses === undefined;
  return { service, port, isOpenToAgents: isPublic && [80, 443].includes(port) };
}
