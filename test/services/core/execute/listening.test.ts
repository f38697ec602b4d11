import { expect, test } from '@jest/globals';
import { isListening } from '../../../../services/core/execute/listening.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000
   1: 0100007F:C350 0100007F:1538 01 00000000:00000000
`;

test('a port is taken as answered where a socket listens, and not where one is only connected', () => {
  expect([5432, 50_000, 80].map((port) => isListening(table, port))).toEqual([true, false, false]);
  expect(isListening('', 80)).toBe(false);
});
