import type { Redis } from 'ioredis';
import * as z from 'zod';
import { keys } from './keys.ts';
import { createScript } from './run-script.ts';
import { hashToken } from './token.ts';

/** So many at once, and as many again within the period, evenly. */
export interface Limit {
  burst: number;
  periodMs: number;
}

export interface Verdict {
  allowed: boolean;
  /** How many more would be allowed now. */
  remaining: number;
  /** Until one is allowed, milliseconds; 0 when one is. */
  waitMs: number;
}

export interface RateLimits {
  /** Takes one from a bucket: `failures` of an address, `requests` of an actor. Exact for all replicas. */
  take(bucket: string, of: string, limit: Limit): Promise<Verdict>;
}

/**
 * The generic cell rate algorithm: a bucket is one number, the time at which it will be full again.
 *
 * KEYS  [1] bucket
 * ARGV  [1] burst  [2] period, milliseconds
 * Returns whether one was taken, how many remain, and the wait for the next in milliseconds.
 *
 * A bucket is not worth a disk write: it stays out of the append-only file, and a restart of Redis fills it.
 */
const takeScript = `#!lua flags=allow-oom
redis.set_repl(redis.REPL_NONE)
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local period = ARGV[2] * 1000
local each = period / ARGV[1]
local full = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
-- No bucket is empty for longer than its period: the clock has gone back since, which is nobody's fault.
if full - now > period then full = now end
local after = full + each
if after - now > period then return { 0, 0, math.ceil((after - now - period) / 1000) } end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
local remaining = math.floor((period - (after - now)) / each + 0.000001)
local wait = 0
if remaining == 0 then wait = math.ceil((after + each - now - period) / 1000) end
return { 1, remaining, wait }
`;

const replySchema = z.tuple([z.int(), z.int(), z.int()]);

export function createRateLimits(redis: Redis): RateLimits {
  const take = createScript(redis, takeScript);
  return {
    take: async (bucket, of, { burst, periodMs }) => {
      const [allowed, remaining, waitMs] = replySchema.parse(
        await take([keys.bucket(bucket, hashToken(of))], [burst, periodMs]),
      );
      return { allowed: allowed === 1, remaining, waitMs };
    },
  };
}
