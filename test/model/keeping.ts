import { deepStrictEqual } from 'node:assert/strict';
import { createBundles } from '../../services/core/queue/index.ts';
import { toKey, toKeyOf } from '../../services/core/queue/keys.ts';
import type { Redis } from '../../services/core/runtime/index.ts';
import type { Model } from './model.ts';
import type { Random } from './random.ts';

interface KeepingDeps {
  redis: Redis;
  model: Model;
  random: Random;
  count(what: string): void;
}

interface Kept {
  id: string;
  n: number;
  fence: number;
  repo: string;
  bytes: number;
  whole: boolean;
}

/** More than there ever is. */
const many = 1e9;

/** Bundles of files that jobs keep: they go with their job, all of them and once. */
export function createKeeping({ redis, model, random, count }: KeepingDeps) {
  const bundles = createBundles({ commands: redis });
  const kept = new Map<string, Kept>();
  const last = new Map<string, number>();
  const litter: string[] = [];

  const drop = (name: string) => {
    litter.push(`${name} ${kept.get(name)?.bytes}`);
    kept.delete(name);
  };
  const sum = (some: readonly Kept[]) => some.reduce((all, { bytes }) => all + bytes, 0);
  const of = (id: string) => [...kept.values()].filter((each) => each.id === id);
  const isHeld = (id: string, fence: number) => {
    const job = model.jobs.get(id);
    return job?.state === 'running' && job.fence === fence;
  };

  return {
    async open({ id, fence }: { id: string; fence: number }) {
      const repo = model.jobs.get(id)?.repo ?? '';
      const bytes = 1 + random.below(50);
      const room = {
        bytes: random.chance(0.3) ? 30 : many,
        files: random.chance(0.3) ? 1 : many,
        repositoryBytes: random.chance(0.3) ? 30 : many,
      };
      // What another agent of it has sent is of no use any more.
      if (isHeld(id, fence)) for (const each of of(id)) if (each.fence !== fence) drop(`${id} ${each.n}`);
      const own = of(id);
      const everything = [...kept.values()].filter((each) => each.repo === repo);
      const toAnswer = () => {
        if (!isHeld(id, fence)) return 'stale';
        if (sum(own) + bytes > room.bytes) return 'bytes';
        if (own.length + 1 > room.files) return 'files';
        return sum(everything) + bytes > room.repositoryBytes ? 'repository' : 'done';
      };
      const answer = toAnswer();
      count(`keep, open: ${answer}`);
      const n = (last.get(id) ?? 0) + 1;
      deepStrictEqual(
        await bundles.open(id, fence, { bytes, files: 1 }, room),
        answer === 'done' ? { answer, n } : { answer },
      );
      if (answer !== 'done') return;
      last.set(id, n);
      kept.set(`${id} ${n}`, { id, n, fence, repo, bytes, whole: false });
    },

    async close({ id, fence }: { id: string; fence: number }) {
      const n = (random.chance(0.8) ? random.some(of(id)) : undefined)?.n ?? 1 + random.below(5);
      const bundle = kept.get(`${id} ${n}`);
      const answer = isHeld(id, fence) && bundle?.fence === fence ? 'done' : 'stale';
      count(`keep, close: ${answer}`);
      deepStrictEqual(await bundles.close(id, fence, n, many), answer);
      if (bundle !== undefined && answer === 'done') bundle.whole = true;
      const ran = model.jobs.get(id)?.ran;
      deepStrictEqual(
        (await bundles.list(id)).map((each) => each.n),
        of(id).flatMap((each) => (each.whole && each.fence === ran ? [each.n] : [])),
      );
    },

    /** One of them is too old. */
    async expire() {
      const name = random.some([...kept.keys()]);
      if (name !== undefined) await redis.zadd(toKey('bundles'), 'XX', 0, name);
      deepStrictEqual(await bundles.expire(), name === undefined ? 0 : 1);
      if (name !== undefined) drop(name);
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
      for (const key of await redis.keys(toKeyOf('bundle', '*')))
        deepStrictEqual(model.jobs.has(key.split(':').at(-1) ?? ''), true, key);
    },
  };
}
