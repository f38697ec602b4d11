import { parse } from 'yaml';
import * as z from 'zod';
import type { HelmChart } from './collect.ts';

/** A Helm repository does not answer, or does not know the chart. */
export class HelmError extends Error {
  override name = 'HelmError';
}

const mostBytes = 32 * 1024 * 1024;
const timeoutMs = 60_000;
const digest = z.string().regex(/^(?:sha256:)?[0-9a-f]{64}$/);
const indexSchema = z.object({
  entries: z.record(z.string(), z.array(z.object({ version: z.string(), digest: digest.optional() }))),
});

/** The digest of a chart's archive, as the index of its repository says it (helm.sh, "The Index File"). */
export async function readChartDigest(
  { repository, chart, version }: HelmChart,
  signal: AbortSignal,
): Promise<string> {
  const url = `${repository.replace(/\/$/, '')}/index.yaml`;
  const text = await readSome(url, signal);
  const parsed = indexSchema.safeParse(parse(text, { maxAliasCount: 0 }));
  if (!parsed.success) throw new HelmError(`${url} is no index of a Helm repository`);
  const found = parsed.data.entries[chart]?.find((one) => one.version === version)?.digest;
  if (found === undefined) throw new HelmError(`${url} says no digest of ${chart} ${version}`);
  return found.startsWith('sha256:') ? found : `sha256:${found}`;
}

async function readSome(url: string, signal: AbortSignal): Promise<string> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const response = await fetch(url, { redirect: 'error', signal: until }).catch((cause: unknown) => {
    signal.throwIfAborted();
    const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    throw new HelmError(`${new URL(url).host} does not answer: ${why}`, { cause });
  });
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > mostBytes) throw new HelmError(`${url} is larger than ${mostBytes} bytes`);
    parts.push(part);
  }
  if (!response.ok) throw new HelmError(`${url} answers ${response.status}`);
  return Buffer.concat(parts).toString();
}
