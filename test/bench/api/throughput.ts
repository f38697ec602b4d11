import { inTurns } from '../rounds.ts';
import { openHttpLines } from './http-line.ts';
import { toWebhook } from './webhook.ts';
import { openApi, openBareHono, type Target } from './world.ts';

const connections = 16;

/** Webhooks per second of the api and of bare Hono, each started anew for each round, and warm when timed. */
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
      await sendAll(target.port, timed);
      return (requests / (performance.now() - started)) * 1000;
    } finally {
      await target.stop();
    }
  });
}

/** As fast as they are answered, over a few connections. */
export async function sendAll(port: number, requests: readonly Buffer[]): Promise<void> {
  const lines = await openHttpLines(port, connections);
  const left = requests.values();
  await Promise.all(
    lines.map(async (line) => {
      for (const request of left) {
        const status = await line.send(request);
        if (status !== 202) throw new Error(`a webhook was answered ${status}, not 202`);
      }
      line.close();
    }),
  );
}
