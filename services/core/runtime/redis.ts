import { Redis, type RedisOptions } from 'ioredis';

export type { Redis } from 'ioredis';

export interface RedisAddress {
  /** `redis://host:port`, or `unix:///path`. */
  url: string;
  username?: string | undefined;
  password?: string | undefined;
}

/**
 * `commands` fail at once while Redis is away (the webhook must answer 503, not wait) and after 2 s
 * without an answer; `blocking` is for XREAD BLOCK and alike, which nothing else may share.
 */
export type RedisUse = 'commands' | 'blocking';

/** A connection that reconnects for ever; end it with `disconnect()`, also while it blocks. */
export function openRedis(address: RedisAddress, use: RedisUse): Redis {
  const options: RedisOptions = {
    ...toTarget(address.url),
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
    enableOfflineQueue: use === 'blocking',
    maxRetriesPerRequest: null,
    // Often: once Redis is back, agents whose beats it missed have one lease to be heard.
    retryStrategy: (times) => Math.min(25 * times, 200),
    // A failover turns the old primary into a replica under an open connection.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    // A line that is dead, unknown to both ends, says nothing for a quarter of an hour: who waits on one has another.
    ...(use === 'commands' ? { commandTimeout: 2000, socketTimeout: 3000 } : {}),
  };
  return new Redis(options);
}

function toTarget(url: string): Pick<RedisOptions, 'host' | 'port' | 'path'> {
  const parsed = new URL(url);
  if (parsed.protocol === 'unix:') return { path: decodeURIComponent(parsed.pathname) };
  return { host: parsed.hostname, port: parsed.port === '' ? 6379 : Number(parsed.port) };
}
