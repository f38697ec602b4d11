import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parsePlatform } from '../../../charts/platform-file.ts';
import { checkPlatform } from '../../../charts/review/check.ts';
import { isQuiet, openPause, setQuiet, toLocal } from '../../../charts/scaling/program/quiet.ts';
import { buildPlatform, toUnits } from '../../../charts/units.ts';

const week = 7 * 1440;
const minute = fc.integer({ min: 0, max: 1439 });
const windows = fc.array(
  fc
    .record({
      from: minute,
      to: minute,
      days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
    })
    .filter(({ from, to }) => from !== to),
  { maxLength: 4 },
);

test('for all windows, a pool rests in just the minutes from their beginnings to their ends', () => {
  fc.assert(
    fc.property(windows, fc.integer({ min: 0, max: week - 1 }), (some, now) => {
      const resting = some.flatMap(({ from, to, days }) =>
        days.map((day) => {
          const begin = day * 1440 + from;
          return { begin, length: (to - from + 1440) % 1440 };
        }),
      );
      const expected = resting.some(({ begin, length }) => (now - begin + week) % week < length);
      expect(isQuiet(some, { day: Math.floor(now / 1440), minute: now % 1440 })).toBe(expected);
    }),
  );
});

test('the clock is the one on the wall, in summer as in winter', () => {
  expect(toLocal(new Date('2026-07-03T22:30:00Z'), 'Europe/Berlin')).toEqual({ day: 6, minute: 30 });
  expect(toLocal(new Date('2026-12-04T22:30:00Z'), 'Europe/Berlin')).toEqual({
    day: 5,
    minute: 23 * 60 + 30,
  });
  expect(toLocal(new Date('2026-12-04T00:00:00Z'), 'Etc/UTC')).toEqual({ day: 5, minute: 0 });
});

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

test('what is now is set: who rests is paused, who works is not, and a refusal is an error', async () => {
  const asked: unknown[] = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { method, url = '', headers } = request;
      asked.push([method, url, headers['content-type'], body]);
      response.writeHead(url.includes('agent-gone') ? 404 : url.includes('agent-odd') ? 403 : 200).end('{}');
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const pause = openPause(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'token');
  const always = [{ from: 0, to: 1439, days: [0, 1, 2, 3, 4, 5, 6] }];
  const said: string[] = [];
  const plan = { timeZone: 'Etc/UTC', namespace: 'ci-agents' };
  await setQuiet(
    { ...plan, pools: { 'agent-a': always, 'agent-b': [], 'agent-gone': always } },
    new Date('2026-12-04T12:00:00Z'),
    pause,
    (line) => said.push(line),
  );
  const path = '/apis/keda.sh/v1alpha1/namespaces/ci-agents/scaledjobs';
  const type = 'application/merge-patch+json';
  const body = (paused: string) => `{"metadata":{"annotations":{"autoscaling.keda.sh/paused":${paused}}}}`;
  expect(asked).toEqual([
    ['PATCH', `${path}/agent-a?fieldManager=bellows-quiet`, type, body('"true"')],
    ['PATCH', `${path}/agent-b?fieldManager=bellows-quiet`, type, body('null')],
    ['PATCH', `${path}/agent-gone?fieldManager=bellows-quiet`, type, body('"true"')],
  ]);
  expect(said).toEqual(['agent-a rests', 'agent-b works', 'agent-gone is not there']);
  await expect(
    setQuiet({ ...plan, pools: { 'agent-odd': [] } }, new Date(), pause, () => undefined),
  ).rejects.toThrow('ci-agents/agent-odd: the Kubernetes API answered 403');
});

function build(pool: string, more = '') {
  const text = `clusters: {home: {${more}pools: {m: {arch: amd64, max: 1, ${pool}}, n: {arch: amd64, max: 1}}}}`;
  const [built] = buildPlatform(parsePlatform(text, 'platform.yaml'), toUnits);
  if (built === undefined) throw new Error('no cluster');
  expect(checkPlatform([built]).filter(({ level }) => level === 'error')).toEqual([]);
  return (
    built.objects
      .filter(({ unit }) => unit === 'quiet')
      // biome-ignore lint/suspicious/noExplicitAny: rendered objects, read as JSON
      .map(({ object }) => object as any)
  );
}

test('there is a CronJob for each boundary, by the clock of the cluster, which may pause these pools and nothing else', () => {
  const night = '{from: "22:00", to: "07:30", days: [mon, fri]}';
  const objects = build(`quiet: [${night}, {from: "12:00", to: "22:00"}]`, 'timeZone: Europe/Berlin, ');
  expect(
    objects
      .filter(({ kind }) => kind === 'CronJob')
      .map(({ metadata, spec }) => [metadata.name, spec.schedule, spec.timeZone])
      .sort(),
  ).toEqual([
    ['quiet-0730', '30 7 * * *', 'Europe/Berlin'],
    ['quiet-1200', '0 12 * * *', 'Europe/Berlin'],
    ['quiet-2200', '0 22 * * *', 'Europe/Berlin'],
  ]);
  const { data } = objects.find(({ kind }) => kind === 'ConfigMap');
  expect(JSON.parse(data['plan.json'])).toEqual({
    timeZone: 'Europe/Berlin',
    namespace: 'ci-agents',
    pools: {
      'agent-m': [
        { from: 22 * 60, to: 7 * 60 + 30, days: [1, 5] },
        { from: 12 * 60, to: 22 * 60, days: [0, 1, 2, 3, 4, 5, 6] },
      ],
    },
  });
  expect(objects.find(({ kind }) => kind === 'Role').rules).toEqual([
    { apiGroups: ['keda.sh'], resources: ['scaledjobs'], resourceNames: ['agent-m'], verbs: ['patch'] },
  ]);
});

test('no hours wake a pool once and for all; without the key nothing is made', () => {
  const objects = build('quiet: []');
  expect(objects.map(({ kind }) => kind)).not.toContain('CronJob');
  expect(objects.map(({ kind }) => kind)).toContain('Job');
  expect(build('memory: 4Gi')).toEqual([]);
});

test.each([
  ['quiet: [{from: "24:00", to: "07:00"}]', '', 'expected a time such as "22:00"'],
  ['quiet: [{from: "07:00", to: "07:00"}]', '', 'expected another time than "from"'],
  ['memory: 4Gi', 'timeZone: Mars/Olympus, ', 'expected a time zone such as "Europe/Berlin"'],
])('%s %s is refused', (pool, more, says) => expect(() => build(pool, more)).toThrow(says));
