/** `npm run test:fuzz -- --runs N --seed S`: each route and each recorded payload, N times each. */
import { parseArgs } from 'node:util';
import { openFuzzBench } from './bench.ts';
import { fuzzBodies, fuzzDoors, fuzzWebhooks } from './play.ts';

const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' } } });
const runs = { numRuns: Number(values.runs ?? 200), seed: Number(values.seed ?? Date.now() % 1_000_000) };
process.stdout.write(`seed ${runs.seed}, ${runs.numRuns} runs of each route and payload\n`);
const bench = await openFuzzBench();
try {
  for (const [name, play] of Object.entries({ fuzzDoors, fuzzBodies, fuzzWebhooks })) {
    bench.tally.clear();
    await play(bench, runs);
    process.stdout.write(`${name}\n`);
    for (const [route, counts] of [...bench.tally].sort())
      process.stdout.write(
        `  ${route.padEnd(62)} ${[...counts]
          .sort(([a], [b]) => a - b)
          .map(([status, count]) => `${status} × ${count}`)
          .join(', ')}\n`,
      );
  }
  process.stdout.write('no answer was the api’s fault, and no refusal wrote anything\n');
} catch (error) {
  process.stdout.write(
    `seed ${runs.seed}: ${error instanceof Error ? error.stack : error}\n${error instanceof Error ? String(error.cause) : ''}\n`,
  );
  process.exitCode = 1;
} finally {
  await bench.close();
}
