/** `node test/services/core/queue/model/main.ts [operations] [seed]`: the model test for as long as you like. */
import { startRedis } from '../../../../support/redis.ts';
import { createPlay } from './play.ts';

const operations = Number(process.argv[2] ?? 20_000);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const redis = await startRedis();
const play = createPlay(await redis.connect(), seed);
const done: string[] = [];
process.stdout.write(`seed ${seed}, ${operations} operations\n`);
try {
  for (let i = 1; i <= operations; i++) {
    done.push(await play.step());
    if (i % 1000 === 0) process.stdout.write(`${i}\n`);
  }
  process.stdout.write(`0 divergences in ${operations} operations\n`);
} catch (error) {
  process.stdout.write(
    `${done.slice(-10).join('\n')}\n— diverges at operation ${done.length + 1}, seed ${seed}\n`,
  );
  process.stdout.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
} finally {
  await redis.stop();
}
