import { expect, test } from '@jest/globals';
import { toHosts } from '../../../services/api/door.ts';

test('on loopback its own names are answered; elsewhere only the public one', () => {
  const local = { host: '127.0.0.1', port: 7440 };
  expect(toHosts('http://127.0.0.1:7440', local)).toEqual(['127.0.0.1:7440', 'localhost:7440', '[::1]:7440']);
  expect(toHosts('https://ci.example.org', { host: '0.0.0.0', port: 7440 })).toEqual(['ci.example.org']);
});
