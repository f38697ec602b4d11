import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Address, addressSchema } from '../core/client/index.ts';
import type { Scratch } from './scratch.ts';

export interface EditionOptions {
  node: string;
  /** `services/local/main.ts`. */
  program: string;
  scratch: Scratch;
  /** Beside the scratch's own environment. */
  env?: Record<string, string>;
  agents: number;
  signal: AbortSignal;
}

/** A whole Bellows on this machine, as a user has it; driven only from outside. */
export interface Edition {
  pid: number;
  address: Address;
  /** The setting of git that it told its user to make. */
  credential: { key: string; value: string };
  /** Where it listens: the api, and the git remote. */
  ports: number[];
  /** Asks it to end, and ends it after 15 s. Safe twice. @returns its exit code, or the signal's name */
  stop(): Promise<string>;
}

/** Returns when it answers. */
export async function startEdition(options: EditionOptions): Promise<Edition> {
  const { node, program, scratch, signal } = options;
  const ports = await findFreePorts(2);
  const [port = 0, gitPort = 0] = ports;
  const args = ['--port', `${port}`, '--git-port', `${gitPort}`, '--data', scratch.data];
  const child = spawn(
    node,
    [program, ...args, '--agents', `${options.agents}`, '--no-example', '--no-tui'],
    // A group of its own: Ctrl-C is the demo's, which then ends the edition in good order.
    {
      cwd: scratch.folder,
      env: { ...scratch.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  );
  let words = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      words = (words + part).slice(-20_000);
    });
  let ending: string | undefined;
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, by) => resolve(by ?? `exit code ${code}`));
  }).then((text) => {
    ending = text;
    return text;
  });

  let stopping: Promise<string> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      child.kill('SIGINT');
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      const text = await ended;
      clearTimeout(timer);
      return text;
    })();
    return stopping;
  };

  try {
    for (const until = performance.now() + 30_000; ; await delay(20)) {
      const credential = toCredential(words);
      if (credential !== undefined) {
        const address = await readAddressFile(join(scratch.data, 'client.json'));
        return { pid: child.pid ?? 0, address, credential, ports, stop };
      }
      signal.throwIfAborted();
      if (ending !== undefined) throw new Error(`bellows up ended with ${ending}:\n${words.trimEnd()}`);
      if (performance.now() > until) throw new Error(`bellows up was not ready in 30 s:\n${words.trimEnd()}`);
    }
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The line that its user copies; the last thing but one that it says when it is up. */
export function toCredential(words: string): Edition['credential'] | undefined {
  const [, key, value] = /git config (credential\.\S+\.helper) (.+)\n\s*git push /.exec(words) ?? [];
  return key === undefined || value === undefined ? undefined : { key, value };
}

async function readAddressFile(file: string): Promise<Address> {
  return addressSchema.parse(JSON.parse(await readFile(file, 'utf8')));
}

/** Ports that nobody listens on now; held together for a moment, so that they differ. */
async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.on('error', reject);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(address !== null && typeof address === 'object' ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
