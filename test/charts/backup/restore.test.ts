import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parsePlatform } from '../../../charts/platform-file.ts';
import { buildPlatform, toUnits } from '../../../charts/units.ts';
import { backupConfigSchema } from '../../../services/backup/config.ts';
import { runBackup } from '../../../services/backup/run.ts';
import { hasPostgres, startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { giteaBinary, type RealGitea, startGitea } from '../../support/real-gitea.ts';

const run = promisify(execFile);
// As the image has it, GNU's.
const hasTar = process.platform === 'linux';
const lacking = [
  ...(hasTar ? [] : ["tar is not GNU's"]),
  ...(hasPostgres ? [] : ['PostgreSQL is not installed']),
  ...(giteaBinary === undefined ? ['BELLOWS_TEST_GITEA names no Gitea'] : []),
];
for (const what of lacking) process.stderr.write(`skipped: what comes back of a copy (${what})\n`);
const withPostgres = hasPostgres ? test : test.skip;

let folder: string;
const ends: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-restore-'));
  // Who is nobody has to find what is its own in it.
  await chmod(folder, 0o755);
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await rm(folder, { recursive: true });
});

type Env = Record<string, string>;
interface Container {
  command: string[];
  env?: { name: string; value: string }[];
}

/** What the charts say of a cluster: Gitea's settings, and how `what` is copied and brought back. */
function render(database: string) {
  const text = `clusters: {home: {gitea: {${database}}, backup: {volume: 1Gi}, pools: {m: {arch: amd64, max: 1}}}}`;
  const [built] = buildPlatform(parsePlatform(text, 'platform.yaml'), toUnits);
  // biome-ignore lint/suspicious/noExplicitAny: rendered objects, read as JSON
  const objects = (built?.objects ?? []).map(({ object }) => object as any);
  const find = (kind: string, name: string) =>
    objects.find((one) => one.kind === kind && one.metadata.name === name);
  const job = (name: string) => find('CronJob', name).spec.jobTemplate.spec.template.spec;
  return {
    gitea: find('StatefulSet', 'gitea').spec.template.spec.containers[0] as Container,
    copy: (what: string) => job(`backup-${what}`).initContainers[0] as Container,
    fetch: (what: string) => job(`restore-${what}`).initContainers[0] as Container,
    back: (what: string) => job(`restore-${what}`).containers[0] as Container,
  };
}

/** The paths of a pod, on this machine. */
function toHere(text: string, data: string): string {
  return text
    .replaceAll('/var/lib/gitea', data)
    .replaceAll('/run/secrets', join(folder, 'secrets'))
    .replaceAll('/work', join(folder, 'work'));
}

const toEnv = ({ env = [] }: Container, data: string): Env =>
  Object.fromEntries(env.map(({ name, value }) => [name, toHere(value, data)]));

async function runContainer(container: Container, data: string): Promise<void> {
  await mkdir(join(folder, 'work'), { recursive: true });
  const [program = '', ...args] = container.command.map((word) => toHere(word, data));
  // Node is the one of these tests.
  const path = `${dirname(process.execPath)}:${process.env.PATH}`;
  await run(program, args, { env: { PATH: path, ...toEnv(container, data) } });
}

type Rendered = ReturnType<typeof render>;

function toConfig({ fetch }: Rendered, what: string, more: Env = {}) {
  const { BELLOWS_BACKUP_FILE } = toEnv(fetch(what), '');
  const store = { BELLOWS_BACKUP: what, BELLOWS_STORE: join(folder, 'store') };
  return backupConfigSchema.parse({ ...store, BELLOWS_BACKUP_FILE, ...more });
}

async function copyAway(rendered: Rendered, what: string, from: string): Promise<void> {
  await runContainer(rendered.copy(what), from);
  await runBackup(toConfig(rendered, what), new Date());
  await rm(join(folder, 'work'), { recursive: true });
}

/** As on another machine. */
async function bringBack(rendered: Rendered, what: string, to: string): Promise<void> {
  await mkdir(join(folder, 'work'), { recursive: true });
  await runBackup(toConfig(rendered, what, { BELLOWS_BACKUP_RESTORE: 'latest' }), new Date());
  await mkdir(to, { recursive: true });
  await runContainer(rendered.back(what), to);
}

(hasTar ? test : test.skip)(
  'a file of SQLite that is written while it is copied comes back as of one moment, and what was there is put aside',
  async () => {
    const [from, to] = [join(folder, 'a'), join(folder, 'b')];
    for (const each of ['data/sessions', 'queues', 'git/lfs'])
      await mkdir(join(from, each), { recursive: true });
    await writeFile(join(from, 'queues', 'common'), 'x');
    await writeFile(join(from, 'git', 'lfs', 'object'), 'large');
    await mkdir(join(to, 'data'), { recursive: true });
    await writeFile(join(to, 'data', 'gitea.db'), 'broken');
    const open = (path: string) => new DatabaseSync(path, { timeout: 10_000 });
    const database = open(join(from, 'data', 'gitea.db'));
    database.exec('PRAGMA journal_mode = WAL; CREATE TABLE one (n INTEGER); CREATE TABLE other (n INTEGER)');
    let n = 0;
    const writing = setInterval(() => {
      n += 1;
      database.exec(`BEGIN; INSERT INTO one VALUES (${n}); INSERT INTO other VALUES (${n}); COMMIT`);
    }, 1);
    try {
      await copyAway(render(''), 'gitea', from);
    } finally {
      clearInterval(writing);
      database.close();
    }
    await bringBack(render(''), 'gitea', to);
    const back = open(join(to, 'data', 'gitea.db'));
    const count = (table: string) => back.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n;
    expect(Number(count('one'))).toBeGreaterThan(0);
    expect(count('one')).toBe(count('other'));
    back.close();
    expect(await readFile(join(to, 'git', 'lfs', 'object'), 'utf8')).toBe('large');
    const names = await readdir(to);
    expect([names.includes('queues'), existsSync(join(to, 'data', 'gitea.db-wal'))]).toEqual([false, false]);
    const aside = names.find((name) => name.startsWith('before-')) ?? '';
    expect(await readFile(join(to, aside, 'data', 'gitea.db'), 'utf8')).toBe('broken');
  },
);

/** A PostgreSQL of others, reached by TLS, and the settings that name it. */
async function openServer(): Promise<{ postgres: TestPostgres; settings: string }> {
  const secret = join(folder, 'secrets', 'database');
  await mkdir(secret, { recursive: true });
  await writeFile(join(secret, 'password'), "it's 100% $ecret");
  const postgres = await startPostgres(join(folder, 'postgres'), "it''s 100% $ecret");
  ends.push(() => postgres.stop());
  await writeFile(join(secret, 'ca.crt'), await readFile(join(folder, 'postgres', 'ca.crt')));
  const server = `host: localhost, port: ${postgres.port}, credentials: db`;
  return { postgres, settings: `database: postgres, postgres: {server: {${server}}}` };
}

withPostgres(
  'what pg_dump copied by TLS comes back into an empty database, and another authority is refused',
  async () => {
    const { postgres, settings } = await openServer();
    const rendered = render(settings);
    await postgres.ask('set role gitea; create table issue (id int primary key, title text)', 'gitea');
    await postgres.ask("insert into issue select n, 'né ''' || n from generate_series(1, 500) n", 'gitea');
    const sum = () =>
      postgres.ask("select md5(string_agg(id || title, ',' order by id)) from issue", 'gitea');
    const before = await sum();
    await copyAway(rendered, 'postgres', '');
    await bringBack(rendered, 'postgres', folder);
    // Over what there is, and into a database that is new.
    expect(await sum()).toBe(before);
    await postgres.ask('drop database gitea');
    await postgres.ask('create database gitea owner gitea');
    await runContainer(rendered.back('postgres'), '');
    expect(await sum()).toBe(before);
    expect(await postgres.ask("select tableowner from pg_tables where tablename = 'issue'", 'gitea')).toBe(
      'gitea',
    );
    const other = [
      '-subj',
      '/CN=other',
      '-keyout',
      '/dev/null',
      '-out',
      join(folder, 'secrets/database/ca.crt'),
    ];
    await run('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      ...other,
    ]);
    await expect(runContainer(rendered.copy('postgres'), '')).rejects.toThrow('certificate verify failed');
  },
);

const databases = ['sqlite', ...(hasPostgres ? ['postgres'] : [])];
const withGitea = giteaBinary === undefined ? test.skip : test;

withGitea.each(databases)(
  'a fresh Gitea on a copy has everything of the one that went on meanwhile: %s',
  async (kind) => {
    const server = kind === 'postgres' ? await openServer() : undefined;
    const rendered = render(server?.settings ?? '');
    const secrets = join(folder, 'secrets', 'gitea');
    await mkdir(secrets, { recursive: true });
    for (const name of ['secret-key', 'internal-token', 'jwt-secret', 'lfs-jwt-secret'])
      await writeFile(join(secrets, `gitea-${name}`), randomBytes(32).toString('base64url'));
    const [from, to] = [join(folder, 'a'), join(folder, 'b')];
    await mkdir(from);
    const first = await startGitea(from, toEnv(rendered.gitea, from));
    ends.push(() => first.stop());
    const as = ['--username', 'ada', '--email', 'ada@example.org', '--password', 'long enough 1'];
    await first.command('admin', 'user', 'create', '--admin', '--must-change-password=false', ...as);
    const token = await first.command(
      'admin',
      'user',
      'generate-access-token',
      '--username',
      'ada',
      '--scopes',
      'all',
      '--raw',
    );
    const things = await fill(first, token);
    const kinds = kind === 'postgres' ? ['gitea', 'postgres'] : ['gitea'];
    for (const what of kinds) await copyAway(rendered, what, from);
    await first.stop();
    for (const what of kinds) await bringBack(rendered, what, to);
    const second = await startGitea(to, toEnv(rendered.gitea, to));
    ends.push(() => second.stop());
    expect(await look(second, token, things)).toEqual(things.contents);
  },
);

const large = randomBytes(200_000);
const oid = createHash('sha256').update(large).digest('hex');
const title = 'O\'Brien said: "50 % \\ né"; -- 🎐\n<b>';

function ask({ origin }: RealGitea, token: string) {
  return async (path: string, method = 'GET', body?: unknown, type = 'application/json') => {
    const answer = await fetch(path.startsWith('http') ? path : `${origin}${path}`, {
      method,
      headers: { authorization: `Basic ${btoa(`ada:${token}`)}`, 'content-type': type },
      ...(body === undefined
        ? {}
        : { body: type === 'application/json' ? JSON.stringify(body) : (body as Buffer<ArrayBuffer>) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
}

/** A commit, an issue, a file of it, a package, an object of LFS. */
async function fill(gitea: RealGitea, token: string) {
  const api = ask(gitea, token);
  await api('/api/v1/user/repos', 'POST', { name: 'site', auto_init: true, private: true });
  const content = Buffer.from('steps: {}\n').toString('base64');
  const committed = await api('/api/v1/repos/ada/site/contents/a.yaml', 'POST', {
    content,
    message: 'Begin',
  });
  const { commit } = (await committed.json()) as { commit: { sha: string } };
  await api('/api/v1/repos/ada/site/issues', 'POST', { title, body: title.repeat(50) });
  const form = new FormData();
  form.append('attachment', new Blob(['attached']), 'a.txt');
  const attached = await fetch(`${gitea.origin}/api/v1/repos/ada/site/issues/1/assets`, {
    method: 'POST',
    headers: { authorization: `token ${token}` },
    body: form,
  });
  const { browser_download_url: url } = (await attached.json()) as { browser_download_url: string };
  await api('/api/packages/ada/generic/tool/1.0/tool.bin', 'PUT', large, 'application/octet-stream');
  await api(
    `/ada/site.git/info/lfs/objects/${oid}/${large.length}`,
    'PUT',
    large,
    'application/octet-stream',
  );
  return {
    attachment: new URL(url).pathname,
    contents: { sha: commit.sha, title, attached: 'attached', package: oid, lfs: oid },
  };
}

async function look(gitea: RealGitea, token: string, { attachment }: { attachment: string }) {
  const api = ask(gitea, token);
  const clone = join(folder, `clone-${randomBytes(4).toString('hex')}`);
  const url = gitea.origin.replace('://', `://ada:${token}@`);
  await run('git', ['-c', 'filter.lfs.required=false', 'clone', '-q', `${url}/ada/site.git`, clone]);
  const { stdout } = await run('git', ['-C', clone, 'rev-parse', 'HEAD']);
  const issue = (await (await api('/api/v1/repos/ada/site/issues/1')).json()) as { title: string };
  const hash = async (path: string) =>
    createHash('sha256')
      .update(await (await api(path)).bytes())
      .digest('hex');
  return {
    sha: stdout.trim(),
    title: issue.title,
    attached: await (await api(attachment)).text(),
    package: await hash('/api/packages/ada/generic/tool/1.0/tool.bin'),
    lfs: await hash(`/ada/site.git/info/lfs/objects/${oid}`),
  };
}
