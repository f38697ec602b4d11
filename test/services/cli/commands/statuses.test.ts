import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runCli } from '../cli.ts';
import { now, toJobId } from '../wire-api.ts';

let server: Server;
let env: Record<string, string>;
const untold = {
  at: now - 60_000,
  repository: 'gitea/ada/engine',
  sha: '1a2b3c4d'.repeat(5),
  context: 'bellows/build',
  state: 'failure',
  job: toJobId(1),
  tries: 5,
  why: '404 Not\u001b[31m Found',
};
const forges = [
  { forge: 'gitea', waiting: 3, lagMs: 61_000, quietMs: 1500 },
  { forge: 'github', waiting: 0, lagMs: 0, quietMs: 0 },
];
beforeEach(async () => {
  server = createServer(
    (_request, response) => void response.end(JSON.stringify({ forges, untold: [untold] })),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  env = {
    BELLOWS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    BELLOWS_TOKEN: 't'.repeat(43),
  };
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

test('statuses that wait and statuses that were refused are two tables, and what a forge said moves no cursor', async () => {
  const { code, stdout } = await runCli(['statuses'], { env, now });
  expect(code).toBe(0);
  expect(stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, '  '))).toEqual([
    'FORGE  WAITING  SINCE  PAUSED FOR',
    'gitea  3  61 s  2 s',
    'github  0',
    '',
    'AGE  JOB  COMMIT  STATUS  STATE  REFUSED WITH',
    expect.stringMatching(
      /^1m {2}00010000 {2}gitea\/ada\/engine 1a2b3c4d {2}bellows\/build {2}failure {2}404 Not.* Found$/,
    ),
    '',
  ]);
  expect(stdout).not.toContain('\u001b');
});

test('--json is what the api said', async () => {
  const { stdout } = await runCli(['statuses', '--json'], { env, now });
  expect(JSON.parse(stdout)).toEqual({ forges, untold: [untold] });
});
