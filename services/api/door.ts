import { bodyLimit } from 'hono/body-limit';
import { createMiddleware } from 'hono/factory';
import { mostBlobBytes } from '../core/cache/index.ts';
import { artifactLimits } from '../core/job/index.ts';
import type { ApiDeps } from './deps.ts';
import { Problem } from './problem.ts';

/** Answered whatever the Host, as a kubelet asks by address; they say one word. */
const probes = new Set(['/healthz', '/readyz']);

/**
 * Loopback is no wall: any page in the user's browser reaches it, by a name that its owner points here
 * (DNS rebinding) or from another origin. Only our own names are answered, and only our own origin asks.
 */
export function checkNames(hosts: readonly string[], publicUrl: string) {
  const origins = new Set([
    new URL(publicUrl).origin,
    ...hosts.flatMap((host) => [`http://${host}`, `https://${host}`]),
  ]);
  return createMiddleware(async (c, next) => {
    const host = (c.req.header('host') ?? new URL(c.req.url).host).toLowerCase();
    if (!hosts.includes(host) && !probes.has(c.req.path))
      throw new Problem(403, `Host "${host.slice(0, 200)}" is not served here. Name it in BELLOWS_HOSTS.`);
    const origin = c.req.header('origin');
    if (origin !== undefined && !origins.has(origin))
      throw new Problem(403, `Origin "${origin.slice(0, 200)}" may not ask here.`);
    await next();
  });
}

/** An api that is not of the age of what Redis holds changes nothing in it; what it can read it shows. */
export function refuseWrites({ schema }: Pick<ApiDeps, 'schema'>) {
  return createMiddleware(async (c, next) => {
    const reads = c.req.method === 'GET' || c.req.method === 'HEAD';
    const refusal = reads ? undefined : schema.refusal();
    if (refusal !== undefined) throw new Problem(503, refusal, { 'retry-after': '5' });
    await next();
  });
}

/** What is answered when BELLOWS_HOSTS does not say: the public name, and on loopback its own names. */
export function toHosts(publicUrl: string, listen: { host: string; port: number }): string[] {
  const url = new URL(publicUrl);
  const loopback = ['127.0.0.1', 'localhost', '[::1]', '::1'].includes(listen.host);
  const names = loopback ? ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${listen.port}`) : [];
  return [...new Set([url.host, ...names])];
}

/** A GitHub push of many commits is some 100 KiB. */
export const webhookBytes = 1024 * 1024;
/** A chunk of a log is 64 KiB at most; no JSON of ours comes near. */
export const apiBytes = 65 * 1024;
/** Of a part of an artifact, and of the list of a thousand files. */
const artifactBytes = artifactLimits.partBytes + 1024;

/** What a git has and wants: some 50 bytes for each commit that both may know. */
const gitBytes = 4 * 1024 * 1024;

/** By the path that is asked for. */
export function toMostBytes(path: string): number {
  const [, kind] = /^\/api\/v1\/agent\/jobs\/[^/]+\/(artifacts|caches|git)\/./.exec(path) ?? [];
  if (kind === undefined) return apiBytes;
  return { artifacts: artifactBytes, caches: mostBlobBytes, git: gitBytes }[kind] ?? apiBytes;
}

/** Limits a body before anything reads it, whether it says its length or not. */
export function limitBody(most: number | ((path: string) => number)) {
  return createMiddleware(async (c, next) => {
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next();
    const maxSize = typeof most === 'number' ? most : most(c.req.path);
    const refuse = () => {
      throw new Problem(413, `The body is larger than ${maxSize} bytes.`, { connection: 'close' });
    };
    // HTTP itself holds the body to its length; and who looks at a body makes a stream of it.
    const length = c.req.header('content-length');
    if (length === undefined || c.req.header('transfer-encoding') !== undefined)
      return bodyLimit({ maxSize, onError: refuse })(c, next);
    if (Number(length) > maxSize) refuse();
    return next();
  });
}
