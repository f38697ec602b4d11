import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { defences } from './list.ts';
import { readTable } from './table.ts';

const root = join(import.meta.dirname, '..', '..');
const known = readTable().rows.map(({ defence }) => defence);

// What taking them out does is `npm run test:defences`, which needs a minute.
test.each(defences)('the defence "$name" stands where it can be taken out, and in the table', (defence) => {
  const whole = readFileSync(join(root, defence.file), 'utf8');
  expect(whole.split(defence.text).length - 1).toBe(1);
  expect(known).toContain(defence.name);
});
