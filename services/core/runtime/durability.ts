import type { Redis } from 'ioredis';
import { durableSettings } from './durable-redis.ts';

/** Why this Redis could lose a write that it has answered; empty when it could not. */
export async function findDurabilityFaults(redis: Redis): Promise<string[]> {
  try {
    const found = new Map<string, string>();
    for (const [setting] of durableSettings) {
      const answer = await redis.config('GET', setting);
      if (Array.isArray(answer)) found.set(setting, String(answer[1]));
    }
    return durableSettings.flatMap(([setting, value]) =>
      found.get(setting) === value ? [] : [`Redis: ${setting} is ${found.get(setting)}, expected ${value}`],
    );
  } catch (error) {
    return [`Redis does not say how it keeps its data: ${String(error)}`];
  }
}
