import { deepStrictEqual } from 'node:assert/strict';
import { createBundles } from '../../services/core/queue/index.ts';
import { logMetaKey, toKey, toKeyOf } from '../../services/core/queue/keys.ts';
import type { Redis } from '../../services/core/runtime/index.ts';
import type { Model } from './model.ts';
import type { Random } from './random.ts';

/** More than there ever is. */
const many = 1e9;
const room = { bytes: many, files: many, repositoryBytes: many };

/** What jobs keep beside their hashes, logs and bundles: it goes with its job, all of it and once. */
export function createKeeping({ redis, model, random }: { redis: Redis; model: Model; random: Random }) {
  const bundles = createBundles({ commands: redis });
  const kept = new Map<string, { id: string; fence: number; repo: string; bytes: number; whole: boolean }>();
  const last = new Map<string, number>();
  const litter: string[] = [];

  const drop = (name: string) => {
    litter.push(`${name} ${kept.get(name)?.bytes}`);
    kept.delete(name);
  };

  return {
    /** As if the agent had written a line. */
    log: (id: string, fence: number) => redis.hset(logMetaKey(id, fence), 'have', '1'),

    async keep({ id, fence }: { id: string; fence: number }) {
      const job = model.jobs.get(id);
      const bytes = 1 + random.below(50);
      const isHeld = job?.state === 'running' && job.fence === fence;
      const answer = await bundles.open(id, fence, { bytes, files: 1 }, room);
      if (!isHeld) return deepStrictEqual(answer, { answer: 'stale' });
      // What another agent of it has sent is of no use any more.
      for (const [name, bundle] of kept) if (bundle.id === id && bundle.fence !== fence) drop(name);
      const n = (last.get(id) ?? 0) + 1;
      last.set(id, n);
      deepStrictEqual(answer, { answer: 'done', n });
      const whole = random.chance(0.7);
      if (whole) deepStrictEqual(await bundles.close(id, fence, n, many), 'done');
      kept.set(`${id} ${n}`, { id, fence, repo: job.repo, bytes, whole });
      deepStrictEqual(
        (await bundles.list(id)).map((each) => each.n),
        [...kept].flatMap(([name, each]) =>
          each.id === id && each.whole ? [Number(name.split(' ')[1])] : [],
        ),
      );
    },

    /** After history was trimmed. */
    async check() {
      for (const [name, { id }] of kept) if (!model.jobs.has(id)) drop(name);
      for (const id of last.keys()) if (!model.jobs.has(id)) last.delete(id);
      const found = await bundles.litter(many);
      deepStrictEqual(found.map(({ id, n, bytes }) => `${id} ${n} ${bytes}`).sort(), litter.splice(0).sort());
      for (const each of found) await bundles.forget(each);
      const stored: Record<string, string> = {};
      for (const { repo, bytes } of kept.values()) stored[repo] = String(Number(stored[repo] ?? 0) + bytes);
      deepStrictEqual({ ...(await redis.hgetall(toKey('stored'))) }, stored);
      const logs = (await redis.keys('ci:{*}:meta:*')).map((key) => /\{(.*?)\}/.exec(key)?.[1]);
      const hashes = (await redis.keys(toKeyOf('bundle', '*'))).map((key) => key.split(':').at(-1));
      for (const id of [...logs, ...hashes]) deepStrictEqual(model.jobs.has(id ?? ''), true, id);
    },
  };
}
