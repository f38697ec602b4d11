import type { Redis } from 'ioredis';
import { toQueueError } from './error.ts';
import { logKey, logMetaKey, toKey } from './keys.ts';
import { type Limits, pipelineMs, toGapMs } from './limits.ts';
import { type Run, toList, toText } from './run-script.ts';
import { tick } from './scripts/tick.ts';

/** What one tick does of each kind at most; the rest waits a second. */
const atOnce = 200;
/** Finished jobs that a tick forgets to make room. */
const forgetsAtOnce = 20;
const roomCheckMs = 10_000;

export function createTick(commands: Redis, run: Run, leaseMs: number, limits: Limits): () => Promise<void> {
  let checkedAt = Number.NEGATIVE_INFINITY;
  let tight = false;

  /** Redis never evicts, so history gives way before new jobs are refused. */
  const isTight = async () => {
    if (!tight && performance.now() - checkedAt < roomCheckMs) return false;
    checkedAt = performance.now();
    const info = await commands.info('memory');
    const read = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
    return read('maxmemory') > 0 && read('used_memory') > limits.memoryShare * read('maxmemory');
  };

  /** Logs live in slots of their own, out of the script's reach; the list outlives a crash in between. */
  const unlink = async (trash: readonly string[]) => {
    if (trash.length === 0) return;
    const removing = commands.pipeline();
    for (const entry of trash) {
      const [id = '', fence = ''] = entry.split(' ');
      removing.unlink(logKey(id, Number(fence)));
      removing.unlink(logMetaKey(id, Number(fence)));
      removing.lrem(toKey('trash'), 1, entry);
    }
    await removing.exec();
  };

  return async () => {
    try {
      tight = await isTight();
      const { losses, risesMs, finished, finishedMs, events } = limits;
      const times = [leaseMs, losses, toGapMs(leaseMs), risesMs, finished, finishedMs, events, pipelineMs];
      await unlink(toList(await run(tick, [...times, atOnce, tight ? forgetsAtOnce : 0])).map(toText));
    } catch (error) {
      throw toQueueError('tick', error);
    }
  };
}
