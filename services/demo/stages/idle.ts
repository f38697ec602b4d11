import { setTimeout as delay } from 'node:timers/promises';
import type { Stage } from '../context.ts';
import { fact, toSeen } from '../fact.ts';
import { isApi, type ProcessRow } from '../processes.ts';

const windowMs = 3000;
const most = { asksPerSecond: 5, bytes: 100 * 2 ** 20 };

export const idle: Stage = {
  title: 'nothing to do',
  must: 'no agent runs, clients ask Redis less than 5 times a second, api and launcher take at most 100 MB each',
  run: async ({ machine, idle: first, readAsks, graceMs }) => {
    const known = new Set(first.map((row) => row.command));
    const tree = await untilIdle(() => machine.tree(), known, graceMs);
    const agents = tree.filter((row) => !known.has(row.command));

    const startedAt = performance.now();
    const before = await readAsks();
    await delay(windowMs);
    // Each of the two readings is two reads of Redis: its question, and the end of its connection.
    const asks = Math.max(0, (await readAsks()) - before - 2);
    const perSecond = (asks * 1000) / (performance.now() - startedAt);

    // At rest, not a moment after the last burst.
    const resting = await machine.tree();
    const launcher = resting[0];
    const api = resting.find(isApi);
    return toSeen(
      fact(
        agents.length === 0 ? 'no agent' : `still running: ${agents.map((row) => row.command).join('; ')}`,
        agents.length === 0,
      ),
      fact(`${perSecond.toFixed(1)} a second`, perSecond < most.asksPerSecond),
      toMemory('api', api),
      toMemory('launcher', launcher),
    );
  },
};

function toMemory(name: string, row: ProcessRow | undefined) {
  if (row === undefined) return fact(`no ${name}`, false);
  return fact(`${name} ${Math.round(row.rssBytes / 2 ** 20)} MB`, row.rssBytes <= most.bytes);
}

/** An agent ends a moment after its job. */
async function untilIdle(look: () => Promise<ProcessRow[]>, known: ReadonlySet<string>, limitMs: number) {
  const until = performance.now() + limitMs;
  for (;;) {
    const tree = await look();
    if (tree.every((row) => known.has(row.command)) || performance.now() > until) return tree;
    await delay(20);
  }
}
