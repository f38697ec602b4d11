import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type FuzzBench, openFuzzBench } from './fuzz/bench.ts';
import { fuzzBodies, fuzzDoors, fuzzWebhooks } from './fuzz/play.ts';

// `npm run test:fuzz -- --runs N --seed S` does it longer, and elsewhere.
const seed = 20_261;

let bench: FuzzBench;
beforeAll(async () => {
  bench = await openFuzzBench();
});
afterAll(() => bench.close());

test('no route but the open ones answers a stranger, or a credential that is nobody’s (CVE-2026-28229)', async () => {
  await fuzzDoors(bench, { numRuns: 6, seed });
});

test('no body, query or address makes a route fail, and a refusal writes nothing', async () => {
  bench.tally.clear();
  await fuzzBodies(bench, { numRuns: 12, seed });
  // It is no proof where every request was refused for the same reason.
  const silent = bench.routes.filter(
    ({ name, path }) => !path.startsWith('/webhooks/') && !bench.tally.has(name),
  );
  expect(silent).toEqual([]);
  const statuses = [...bench.tally.values()].flatMap((counts) => [...counts.keys()]);
  expect(statuses).toEqual(expect.arrayContaining([200, 202, 204, 400, 404, 413, 422]));
});

test('no recorded payload of a forge, however damaged, makes its route fail', async () => {
  bench.tally.clear();
  await fuzzWebhooks(bench, { numRuns: 8, seed });
  for (const [route, statuses] of [
    ['POST /webhooks/:forge', [200, 202, 400, 401]],
    ['POST /webhooks/:forge/:hook', [200, 202, 400]],
  ] as const)
    expect([...(bench.tally.get(route) ?? new Map()).keys()]).toEqual(expect.arrayContaining([...statuses]));
});
