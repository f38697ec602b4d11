import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createLateLog } from '../../../services/agent/late-log.ts';

test('what was said before the log was open is written when it opens, in order and once', async () => {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk, _, done) => {
      lines.push(JSON.parse(String(chunk)).msg);
      done();
    },
  });
  const log = createLateLog(async () => pino({ level: 'info' }, stream));
  log.info({}, 'first');
  log.warn({}, 'second');
  expect(lines).toEqual([]);
  await log.open();
  log.error({}, 'third');
  await log.open();
  expect(lines).toEqual(['first', 'second', 'third']);
});
