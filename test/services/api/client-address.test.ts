import { expect, test } from '@jest/globals';
import { Hono } from 'hono';
import { createClientAddress, toAddress, toNeighbourhood } from '../../../services/api/client-address.ts';
import { apiConfigSchema } from '../../../services/api/config.ts';
import type { ApiEnv } from '../../../services/api/env.ts';

async function read(trusted: string[], remote: string | undefined, forwarded?: string): Promise<string> {
  const app = new Hono<ApiEnv>();
  const address = createClientAddress(trusted);
  app.get('/', (c) => c.text(address(c)));
  const headers: Record<string, string> = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return (await app.request('/', { headers }, { incoming: { socket: { remoteAddress: remote } } })).text();
}

test('what a stranger says of where it comes from is not read', async () => {
  expect(await read([], '198.51.100.7', '192.0.2.1')).toBe('198.51.100.7');
  expect(await read(['10.0.0.0/8'], '198.51.100.7', '192.0.2.1')).toBe('198.51.100.7');
  expect(await read(['10.0.0.0/8'], undefined, '192.0.2.1')).toBe('unknown');
});

test('behind trusted proxies the address is the last one that none of them wrote for another of them', async () => {
  const trusted = ['10.0.0.0/8', '2001:db8::/32'];
  expect(await read(trusted, '10.0.0.1', '192.0.2.1')).toBe('192.0.2.1');
  expect(await read(trusted, '10.0.0.1', '127.0.0.1, 192.0.2.1, 10.1.1.1')).toBe('192.0.2.1');
  expect(await read(trusted, '2001:db8::1', '192.0.2.9')).toBe('192.0.2.9');
  expect(await read(trusted, '10.0.0.1')).toBe('10.0.0.1');
  expect(await read(trusted, '10.0.0.1', 'unknown, <script>')).toBe('10.0.0.1');
  expect(await read(trusted, '10.0.0.1', '192.0.2.1, ')).toBe('10.0.0.1');
});

test('each address has one form, so that no other spelling of it passes for another (CVE-2026-47674)', async () => {
  for (const spelt of [
    '::ffff:10.0.0.1',
    '::FFFF:0a00:0001',
    '0:0:0:0:0:ffff:10.0.0.1',
    '::ffff:a00:1',
    '10.0.0.1',
  ])
    expect([spelt, toAddress(spelt), await read(['10.0.0.1'], spelt, '192.0.2.1')]).toEqual([
      spelt,
      '10.0.0.1',
      '192.0.2.1',
    ]);
  for (const spelt of [
    '2001:DB8::1',
    '2001:db8:0:0:0:0:0:1',
    '[2001:db8::1]',
    '2001:0db8::0001',
    '2001:db8::1%eth0',
  ])
    expect(toAddress(spelt)).toBe('2001:db8::1');
  for (const none of ['', undefined, '10.0.0', '010.0.0.1', '0x7f.1', 'localhost', '1.2.3.4.5', ':::'])
    expect(toAddress(none)).toBeUndefined();
});

test('one IPv6 subscriber has one bucket, however many addresses', () => {
  expect(toNeighbourhood('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
  expect(toNeighbourhood('2001:db8:1:2::9')).toBe('2001:db8:1:2::/64');
  expect(toNeighbourhood('::1')).toBe('0:0:0:0::/64');
  expect(toNeighbourhood('192.0.2.1')).toBe('192.0.2.1');
  expect(toNeighbourhood('unknown')).toBe('unknown');
});

test('a setting that is no block of addresses is refused', () => {
  const parse = (text: string) =>
    apiConfigSchema.safeParse({ BELLOWS_SECRETS_DIR: '/x', BELLOWS_TRUSTED_PROXIES: text });
  expect(parse('10.0.0.0/8, 2001:db8::/32,192.0.2.1').data?.BELLOWS_TRUSTED_PROXIES).toHaveLength(3);
  expect(parse('').data?.BELLOWS_TRUSTED_PROXIES).toEqual([]);
  for (const text of ['10.0.0.0/33', 'proxy', '10.0.0.0/', '10.0.0.0/8/8', '2001:db8::/129'])
    expect(parse(text).success).toBe(false);
});
