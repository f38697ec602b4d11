import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A payload as a forge sent it. */
export function readFixture(forge: 'gitea' | 'github', name: string): Buffer {
  return readFileSync(join(import.meta.dirname, '..', 'fixtures', 'webhooks', forge, `${name}.json`));
}
