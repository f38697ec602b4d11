import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.ts';

const run = promisify(execFile);
const packaged = '/usr/lib/postgresql';
/** Debian's package keeps the server's own programs apart from what everybody calls. */
const bin = [
  ...(existsSync(packaged) ? readdirSync(packaged).map((version) => join(packaged, version, 'bin')) : []),
  ...(process.env.PATH ?? '').split(':'),
].find((folder) => existsSync(join(folder, 'initdb')));

/** Whether this machine has one. */
export const hasPostgres = bin !== undefined;

/** Neither PostgreSQL nor Gitea runs as root. */
export const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

export interface TestPostgres {
  port: number;
  /** As the superuser, past TLS. @returns what it said */
  ask(sql: string, database?: string): Promise<string>;
  stop(): Promise<void>;
}

/** For `localhost` by TLS, of the authority `ca.crt` in its folder; its database and role are `gitea`. */
export async function startPostgres(folder: string, password: string): Promise<TestPostgres> {
  if (bin === undefined) throw new Error('there is no PostgreSQL');
  const own = (path: string) => chownSync(path, nobody.uid ?? -1, nobody.gid ?? -1);
  mkdirSync(folder, { recursive: true });
  own(folder);
  const certificate = ['-keyout', join(folder, 'tls.key'), '-out', join(folder, 'ca.crt')];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=test', '-addext', 'subjectAltName=DNS:localhost', ...certificate],
  ]);
  own(join(folder, 'tls.key'));
  chmodSync(join(folder, 'tls.key'), 0o600);
  const data = join(folder, 'data');
  const asNobody = { ...nobody, cwd: folder };
  // By its socket, which is in a folder of its own, anybody may be anyone; by TCP nobody without a password.
  const trusted = ['--auth-local=trust', '--auth-host=scram-sha-256', '--pwfile', join(folder, 'ca.crt')];
  await run(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', ...trusted, '-N', '-E', 'UTF8', '--locale=C'],
    asNobody,
  );
  const port = await findPort();
  const settings = {
    listen_addresses: 'localhost',
    port: String(port),
    unix_socket_directories: folder,
    fsync: 'off',
    password_encryption: 'scram-sha-256',
    ssl: 'on',
    ssl_cert_file: join(folder, 'ca.crt'),
    ssl_key_file: join(folder, 'tls.key'),
  };
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...asNobody, stdio: 'ignore' },
  );
  const exited = once(child, 'exit');
  const ask = async (sql: string, database = 'postgres') => {
    const args = ['-h', folder, '-p', String(port), '-U', 'postgres', '-d', database, '-Atqc', sql];
    return (await run('psql', args)).stdout.trim();
  };
  await until(() => ask('select 1'), 60_000);
  await ask(`create role gitea login password '${password}'`);
  await ask('create database gitea owner gitea');
  return {
    port,
    ask,
    async stop() {
      child.kill('SIGINT');
      await exited;
    },
  };
}

export async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
