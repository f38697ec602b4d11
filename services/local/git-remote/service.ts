import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Reaper } from '../../core/execute/index.ts';
import { type Child, startChild } from '../process/child.ts';
import { type BodyLimits, passBody } from './body.ts';
import { type HookAnswers, serveHooks } from './hook-channel.ts';
import type { Service } from './route.ts';

export interface GitServiceOptions {
  reaper: Reaper;
  env: Record<string, string>;
  limits: BodyLimits;
}

/**
 * Answers `GET …/info/refs`: the service's line, then what git says (gitprotocol-http(5)).
 *
 * What a clone by version 2 asks is what this git can do, the same for every repository of ours: it is
 * asked once, and each clone starts a process less.
 */
export function createAdvertiser(options: GitServiceOptions) {
  let capabilities: Promise<Buffer> | undefined;
  return async (
    service: Service,
    path: string,
    protocol: string | undefined,
    response: ServerResponse,
  ): Promise<void> => {
    if (service !== 'git-upload-pack' || protocol !== 'version=2')
      return advertise(options, service, path, protocol, response);
    capabilities ??= readCapabilities(options, path);
    try {
      const bytes = await capabilities;
      setHeaders(response, service, 'advertisement');
      response.end(bytes);
    } catch (error) {
      capabilities = undefined;
      throw error;
    }
  };
}

async function readCapabilities(options: GitServiceOptions, path: string): Promise<Buffer> {
  const child = startGit(options, ['upload-pack', '--stateless-rpc', '--advertise-refs', path], 'version=2');
  child.process.stdin?.end();
  const bytes = await buffer(child.process.stdout as Readable);
  const { code } = await child.ended;
  if (code !== 0) throw new Error(`git upload-pack --advertise-refs ended with ${code}`);
  return bytes;
}

async function advertise(
  options: GitServiceOptions,
  service: Service,
  path: string,
  protocol: string | undefined,
  response: ServerResponse,
): Promise<void> {
  const child = startGit(options, [...toArguments(service), '--advertise-refs', path], protocol);
  child.process.stdin?.end();
  setHeaders(response, service, 'advertisement');
  // Version 2 has no service line: git's own server leaves it out too.
  if (protocol !== 'version=2') {
    const line = `# service=${service}\n`;
    response.write(`${(line.length + 4).toString(16).padStart(4, '0')}${line}0000`);
  }
  await passAnswer(child, response, options.limits.idleMs);
  response.end();
}

/** Answers `POST …/git-upload-pack` and `…/git-receive-pack`; resolves when git has ended. */
export async function exchange(
  options: GitServiceOptions,
  service: Service,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  hooks?: HookAnswers,
): Promise<void> {
  const child = startGit(options, [...toArguments(service), path], readProtocol(request));
  const channel = child.process.stdio[3] as Duplex | null | undefined;
  if (channel !== null && channel !== undefined) {
    if (hooks === undefined) channel.destroy();
    else serveHooks(channel, hooks);
  }
  setHeaders(response, service, 'result');
  const stdin = child.process.stdin as Writable;
  stdin.on('error', () => stdin.destroy()); // git has ended; its answer says why
  const fed = passBody(request, stdin, options.limits).catch((error: unknown) => {
    // A pack that is cut short: git finds so itself, and moves nothing.
    stdin.destroy();
    throw error;
  });
  const [body] = await Promise.allSettled([fed, passAnswer(child, response, options.limits.idleMs)]);
  channel?.destroy();
  if (body.status === 'rejected') throw body.reason;
  response.end();
}

/** Only what git itself would pass on. */
export function readProtocol(request: IncomingMessage): string | undefined {
  const protocol = request.headers['git-protocol'];
  return typeof protocol === 'string' && /^version=[012]$/.test(protocol) ? protocol : undefined;
}

function startGit(options: GitServiceOptions, args: string[], protocol: string | undefined): Child {
  return startChild(options.reaper, 'git', args, {
    stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
    env: {
      ...options.env,
      ...(protocol === undefined ? {} : { GIT_PROTOCOL: protocol }),
    },
  });
}

function toArguments(service: Service): string[] {
  return [service.replace('git-', ''), '--stateless-rpc'];
}

/** They leave with git's first byte: before that, a body that is refused still gets a status of its own. */
function setHeaders(response: ServerResponse, service: Service, what: string): void {
  response.setHeader('content-type', `application/x-${service}-${what}`);
  response.setHeader('cache-control', 'no-cache');
}

/** A client that stopped reading does not stop git: refs that were let through must be told of. */
async function passAnswer(child: Child, response: ServerResponse, idleMs: number): Promise<void> {
  const stdout = child.process.stdout as Readable;
  for await (const part of stdout as AsyncIterable<Buffer>) {
    if (response.destroyed || response.write(part)) continue;
    const timer = setTimeout(() => response.destroy(), idleMs);
    await Promise.race([once(response, 'drain'), once(response, 'close')]);
    clearTimeout(timer);
  }
  await child.ended;
}
