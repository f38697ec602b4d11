import type { Redis } from 'ioredis';
import { toQueueError } from './error.ts';
import { toKey } from './keys.ts';
import { createRunner, toList, toNumber, toText } from './run-script.ts';
import { depths, measure } from './scripts/measure.ts';

/** A distribution of times, as Prometheus has it. */
export interface Distribution {
  /** Of the repository, or the pool. */
  name: string;
  /** By upper bound in seconds, not cumulative; the last one is for what is longer than every bound. */
  counts: number[];
  sumSeconds: number;
}

/** What happened since this Redis began, whichever replica is asked. */
export interface Totals {
  jobs: { repository: string; outcome: string; count: number }[];
  ran: Distribution[];
  waited: Distribution[];
}

export interface PoolDepth {
  pool: string;
  queued: number;
  /** How long the oldest of them waits. */
  oldestMs: number;
}

export interface Measures {
  /** Adds up the events since the last time; each once, by whichever replica. */
  fold(): Promise<void>;
  totals(): Promise<Totals>;
  depths(): Promise<PoolDepth[]>;
}

/** Seconds. */
export const ranBounds = [1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];
export const waitedBounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];

const atOnce = 200;
/** A second's events; who has more catches up in the next one. */
const mostCalls = 10;

/** @param names repositories, and pools, that are told apart; the rest are `other` */
export function createMeasures({ commands, names }: { commands: Redis; names: number }): Measures {
  const run = createRunner(commands);
  const bounds = [ranBounds, waitedBounds].map((each) => JSON.stringify(each.map((s) => s * 1000)));

  return {
    async fold() {
      for (let i = 0; i < mostCalls; i++)
        if (toNumber(await run(measure, [atOnce, names, ...bounds])) < atOnce) return;
    },
    async totals() {
      const fields = await commands.hgetall(toKey('totals')).catch((error: unknown) => {
        throw toQueueError('totals', error);
      });
      return toTotals(fields);
    },
    async depths() {
      return toList(await run(depths, [])).map((row) => {
        const [pool, queued, oldest] = toList(row);
        return { pool: toText(pool), queued: toNumber(queued), oldestMs: toNumber(oldest) };
      });
    },
  };
}

function toTotals(fields: Readonly<Record<string, string>>): Totals {
  const jobs: Totals['jobs'] = [];
  const all = { ran: new Map<string, Distribution>(), waited: new Map<string, Distribution>() };
  for (const [field, text] of Object.entries(fields)) {
    const [what, name = '', last = ''] = field.split(' ');
    const count = Number(text);
    if (what === 'jobs') jobs.push({ repository: name, outcome: last, count });
    if (what !== 'ran' && what !== 'waited') continue;
    const bounds = what === 'ran' ? ranBounds : waitedBounds;
    const known = all[what].get(name) ?? { name, counts: Array(bounds.length + 1).fill(0), sumSeconds: 0 };
    all[what].set(name, known);
    if (last === 'sum') known.sumSeconds = count / 1000;
    else known.counts[Number(last) - 1] = count;
  }
  return { jobs, ran: [...all.ran.values()], waited: [...all.waited.values()] };
}
