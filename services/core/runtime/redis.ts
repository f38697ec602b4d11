import { Redis, type RedisOptions } from 'ioredis';

export type { Redis } from 'ioredis';

export interface RedisAddress {
  /**
   * `redis://host:port`, `unix:///path`, or `redis+sentinel://host:port,host:port/name`: the sentinels say which server is
   * the primary of that name.
   */
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
    ...toTarget(address),
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

/** @throws TypeError for an address that names nobody */
function toTarget({ url, username, password }: RedisAddress): RedisOptions {
  if (url.startsWith(sentinelScheme)) return toSentinels(url, { username, password });
  const parsed = new URL(url);
  if (parsed.protocol === 'unix:') return { path: decodeURIComponent(parsed.pathname) };
  return { host: parsed.hostname, port: parsed.port === '' ? 6379 : Number(parsed.port) };
}

const sentinelScheme = 'redis+sentinel://';

function toSentinels(url: string, { username, password }: Omit<RedisAddress, 'url'>): RedisOptions {
  const [, list = '', name] = /^redis\+sentinel:\/\/([^/]+)\/([\w.-]+)$/.exec(url) ?? [];
  const sentinels = list.split(',').map((each) => {
    const [, host, port = '26379'] = /^([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::(\d{1,5}))?$/.exec(each) ?? [];
    return { host: host?.replace(/^\[|\]$/g, ''), port: Number(port) };
  });
  if (name === undefined || sentinels.some(({ host }) => host === undefined))
    throw new TypeError(`${url} is not of the form ${sentinelScheme}host:port,host:port/name`);
  return {
    sentinels: sentinels.map(({ host = '', port }) => ({ host, port })),
    name,
    // Sentinels know the same users.
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
    // As long as it takes until they have agreed on another primary.
    sentinelRetryStrategy: (times) => Math.min(25 * times, 200),
    sentinelCommandTimeout: 1000,
    connectTimeout: 1000,
    // Without `failoverDetector`: news of another primary that come while a connection asks for it would end that one for
    // good (ioredis 6.0.0, SentinelConnector.connect). Who waits for a primary that hangs has a limit of its own.
  };
}
