import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { durableSettings, startDurableRedis } from '../../../../services/core/runtime/index.ts';

let folder: string;
let server: ChildProcess | undefined;
const at = (name: string) => join(folder, name);

beforeEach(() => {
  // As a person's own folder may be called.
  folder = mkdtempSync(join(tmpdir(), 'bellows "aof" '));
  const settings = [...durableSettings, ['port', '0'], ['dir', folder], ['unixsocket', at('redis.sock')]];
  writeFileSync(
    at('redis.conf'),
    settings.map(([name, value]) => `${name} ${JSON.stringify(value)}\n`).join(''),
  );
});
afterEach(async () => {
  await kill();
  rmSync(folder, { recursive: true });
});

/** True where it serves; false where it refuses to start. */
async function start(): Promise<boolean> {
  const args = ['-c', startDurableRedis, 'redis', 'redis-server', at('redis.conf'), folder, at('load.sock')];
  const child = spawn('sh', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  server = child;
  for await (const line of createInterface(child.stdout)) {
    if (!/ready to accept/i.test(line)) continue;
    child.stdout.resume();
    return true;
  }
  return false;
}

async function kill(): Promise<void> {
  if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGKILL');
  await ended;
}

const ask = (...command: string[]) =>
  execFileSync('redis-cli', ['-s', at('redis.sock'), ...command])
    .toString()
    .trim();

/** A script that moves one of its list, as a claim does, and counts. */
const script = "redis.call('LPOP', 'waiting') return redis.call('INCR', 'taken')";
const claim = () => ask('EVAL', script, '0');
const look = () => [ask('GET', 'taken'), ask('LRANGE', 'waiting', '0', '-1').split('\n').join(' ')];

function growing(): string {
  const name = readdirSync(at('appendonlydir')).find((each) => each.endsWith('.incr.aof'));
  return join(folder, 'appendonlydir', `${name}`);
}

test('of a script that a crash left half written nothing comes back, by whichever start, at whatever byte it ends', async () => {
  await start();
  ask('RPUSH', 'waiting', 'a', 'b', 'c', 'd');
  claim();
  const before = readFileSync(growing()).length;
  claim();
  await kill();
  const whole = at('whole.aof');
  copyFileSync(growing(), whole);
  const size = readFileSync(whole).length;
  // Each end of a command, and one place in each.
  const ends = [
    ...readFileSync(whole)
      .toString('latin1')
      .matchAll(/\r\n\*/g),
  ].map(({ index }) => index + 2);
  const cuts = ends.filter((end) => end > before).flatMap((end) => [end, end + 5]);
  expect(cuts.length).toBeGreaterThan(4);
  for (const cut of [...cuts, size]) {
    copyFileSync(whole, growing());
    truncateSync(growing(), cut);
    expect(await start()).toBe(true);
    expect(look()).toEqual(cut === size ? ['2', 'c d'] : ['1', 'b c d']);
    claim();
    const then = look();
    await kill();
    expect(await start()).toBe(true);
    expect({ cut, look: look() }).toEqual({ cut, look: then });
    await kill();
  }
});

test('a file that is broken elsewhere is refused, and not shortened', async () => {
  await start();
  for (let n = 0; n < 3; n += 1) ask('RPUSH', 'waiting', 'a');
  await kill();
  const bytes = readFileSync(growing());
  bytes.write('!', bytes.indexOf('\r\n*') + 2);
  writeFileSync(growing(), bytes);
  expect(await start()).toBe(false);
  expect(readFileSync(growing())).toEqual(bytes);
});
