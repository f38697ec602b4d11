import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { ApiEnv } from './env.ts';

export type ClientAddress = (c: Context<ApiEnv>) => string;

/**
 * Where a request came from. `X-Forwarded-For` is anybody's to write: it is read only where a trusted proxy
 * connects, from its right end, for as long as the addresses there are trusted proxies too.
 *
 * @param trusted addresses and CIDR blocks.
 */
export function createClientAddress(trusted: readonly string[]): ClientAddress {
  const proxies = toBlockList(trusted);
  const isTrusted = (address: string) =>
    isIP(address) !== 0 && proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  return (c) => {
    const hops = (c.req.header('x-forwarded-for') ?? '').split(',');
    let address = toAddress(readRemote(c)) ?? 'unknown';
    while (isTrusted(address)) {
      const before = toAddress(hops.pop()?.trim());
      if (before === undefined) break;
      address = before;
    }
    return address;
  };
}

/** What shares a bucket: an IPv4 address, or the /64 that one IPv6 subscriber has. */
export function toNeighbourhood(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...first, ...Array.from({ length: 8 - first.length - last.length }, () => '0'), ...last];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** In the one form that each address has (RFC 5952); an IPv4 address that is written as IPv6 is IPv4. */
export function toAddress(text: string | undefined): string | undefined {
  const address = text?.replace(/^\[|\]$/g, '').replace(/%.*$/, '') ?? '';
  if (isIPv4(address)) return address;
  if (!isIPv6(address)) return undefined;
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short) ?? [];
  if (high === undefined || low === undefined) return short;
  return [high, low]
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
    .join('.');
}

export function isBlockList(entries: readonly string[]): boolean {
  try {
    toBlockList(entries);
    return true;
  } catch {
    return false;
  }
}

/** @throws where it is neither an address nor a block of them. */
export function toBlockList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [given, prefix, more] = entry.split('/');
    const address = toAddress(given);
    const family = address !== undefined && isIPv6(address) ? 'ipv6' : 'ipv4';
    const bits = family === 'ipv6' ? 128 : 32;
    if (
      address === undefined ||
      more !== undefined ||
      (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits))
    )
      throw new Error(`"${entry}" is neither an address nor a block such as 10.0.0.0/8`);
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** None where the request did not come over a socket. */
function readRemote(c: Context<ApiEnv>): string | undefined {
  const bindings: Partial<HttpBindings> | undefined = c.env as Partial<HttpBindings> | undefined;
  return bindings?.incoming?.socket.remoteAddress;
}
