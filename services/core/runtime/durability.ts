import type { Redis } from 'ioredis';

const wanted: readonly (readonly [setting: string, value: string])[] = [
  ['appendonly', 'yes'],
  ['appendfsync', 'always'],
  ['no-appendfsync-on-rewrite', 'no'],
  ['maxmemory-policy', 'noeviction'],
];

/**
 * Why this Redis could lose a write that it has answered; empty when it could not.
 *
 * `everysec` loses up to a second of them on a power cut, and some on a plain kill when the disk is slow;
 * any policy but `noeviction` loses jobs when the memory is full.
 */
export async function findDurabilityFaults(redis: Redis): Promise<string[]> {
  try {
    const found = new Map<string, string>();
    for (const [setting] of wanted) {
      const answer = await redis.config('GET', setting);
      if (Array.isArray(answer)) found.set(setting, String(answer[1]));
    }
    return wanted.flatMap(([setting, value]) =>
      found.get(setting) === value ? [] : [`Redis: ${setting} is ${found.get(setting)}, expected ${value}`],
    );
  } catch (error) {
    return [`Redis does not say how it keeps its data: ${String(error)}`];
  }
}
