import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openS3Store } from '../../services/core/store/index.ts';
import { until } from './until.ts';

const accessKey = 'access-key-of-the-test';
const secretKey = 'secret-key-of-the-test-000000000000';

/** How the servers that may be on the path are started for a folder and a port; a bucket is a folder in it. */
const servers: Record<
  string,
  (folder: string, address: string) => { args: string[]; env: Record<string, string> }
> = {
  versitygw: (folder, address) => ({
    args: ['--quiet', '--port', address, 'posix', folder],
    env: { ROOT_ACCESS_KEY: accessKey, ROOT_SECRET_KEY: secretKey },
  }),
  minio: (folder, address) => ({
    args: ['server', '--quiet', '--address', address, folder],
    env: { MINIO_ROOT_USER: accessKey, MINIO_ROOT_PASSWORD: secretKey, HOME: folder },
  }),
};

/** Says so where there is none: what needs it is then skipped, and counted as skipped. */
export function findS3Server(): string | undefined {
  const found = Object.keys(servers).find((name) => {
    try {
      return (
        execFileSync('/bin/sh', ['-c', `command -v ${name}`], { stdio: ['ignore', 'pipe', 'ignore'] })
          .length > 0
      );
    } catch {
      return false;
    }
  });
  if (found === undefined)
    process.stderr.write(
      `skipped: stores that speak S3 (none of ${Object.keys(servers).join(', ')} is on the path)\n`,
    );
  return found;
}

/** A real S3 server on loopback with one bucket. */
export async function startS3(program: string) {
  const folder = await mkdtemp(join(tmpdir(), 'bellows-test-s3-'));
  await mkdir(join(folder, 'bucket'));
  const address = `127.0.0.1:${await freePort()}`;
  const plan = servers[program]?.(folder, address);
  if (plan === undefined) throw new Error(`${program} is no server that is known here`);
  const child = spawn(program, plan.args, {
    env: { PATH: process.env.PATH ?? '', ...plan.env },
    stdio: 'ignore',
  });
  const url = `http://${address}/bucket`;
  const options = { url, region: 'us-east-1', accessKey, secretKey };
  const store = openS3Store(options);
  await until(async () => (await store.get('nothing').catch(() => 'not yet')) === undefined);
  return {
    options,
    close: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
