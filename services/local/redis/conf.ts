import { createHash } from 'node:crypto';
import { durableSettings } from '../../core/runtime/index.ts';

export interface RedisConf {
  /** Holds the append-only file. */
  folder: string;
  socket: string;
  pidFile: string;
  aclFile: string;
  maxMemoryBytes: number;
}

/** The settings that the queue's promise needs: nothing acknowledged is lost, and nothing is evicted. */
export function toRedisConf(conf: RedisConf): string {
  const settings: readonly (readonly [string, string])[] = [
    ['port', '0'],
    ['unixsocket', quote(conf.socket)],
    ['unixsocketperm', '700'],
    ['dir', quote(conf.folder)],
    ['pidfile', quote(conf.pidFile)],
    ['aclfile', quote(conf.aclFile)],
    ['daemonize', 'no'],
    ['loglevel', 'notice'],
    ['save', '""'],
    ...durableSettings,
    ['maxmemory', String(conf.maxMemoryBytes)],
    ['maxclients', '256'],
  ];
  return `${settings.map(([key, value]) => `${key} ${value}`).join('\n')}\n`;
}

/** Nobody but the api, with its password's hash: the file itself opens nothing. */
export function toRedisUsers(apiPassword: string): string {
  const hash = createHash('sha256').update(apiPassword).digest('hex');
  return [
    // Nobody can be this user. But Redis loads its append-only file as it, and checks what it may do at
    // each EXEC: one that may nothing loses every script that was acknowledged.
    'user default off resetpass allkeys allchannels +@all',
    `user api on #${hash} ~ci:* ~access:* resetchannels +@all -@admin -@dangerous +info +config|get`,
    '',
  ].join('\n');
}

/** A quarter of the machine, between 256 MiB and 2 GiB. */
export function toMaxMemory(totalBytes: number): number {
  const mebibyte = 2 ** 20;
  return Math.min(Math.max(Math.floor(totalBytes / 4), 256 * mebibyte), 2048 * mebibyte);
}

function quote(path: string): string {
  if (/[\r\n]/.test(path))
    throw new Error(`The folder ${JSON.stringify(path)} has a line break in its name; choose another --data`);
  return `"${path.replace(/["\\]/g, '\\$&')}"`;
}
