import { inTurns } from '../rounds.ts';
import { openHttpLines } from './http-line.ts';
import { toWebhook } from './webhook.ts';
import { openApi, openBareHono, type Target } from './world.ts';

/** As many as enqueues are measured with (bench -- queue). */
const connections = 64;

/**
 * Accepted webhooks per second of the api and of bare Hono, each started anew for each round, and warm when timed.
 * A machine that is too busy makes Redis late and the api answer 503, which counts as not accepted.
 */
export function measureThroughput(rounds: number, requests: number, seed: number): Promise<number[][]> {
  const sides: (() => Promise<Target>)[] = [openApi, openBareHono];
  return inTurns(sides, rounds, async (open) => {
    const target = await open();
    try {
      const toBatch = (from: number, count: number) =>
        Array.from({ length: count }, (_, i) => toWebhook(target.port, seed, from + i));
      await sendAll(target.port, toBatch(0, requests / 2));
      const timed = toBatch(requests, requests);
      const started = performance.now();
      const accepted = await sendAll(target.port, timed);
      return (accepted / (performance.now() - started)) * 1000;
    } finally {
      await target.stop();
    }
  });
}

/** As fast as they are answered, over a few connections. @returns how many were accepted */
export async function sendAll(port: number, requests: readonly Buffer[]): Promise<number> {
  const lines = await openHttpLines(port, connections);
  const left = requests.values();
  let accepted = 0;
  await Promise.all(
    lines.map(async (line) => {
      for (const request of left) {
        if ((await line.send(request)) === 202) accepted++;
      }
      line.close();
    }),
  );
  return accepted;
}
