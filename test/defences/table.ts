import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const row = /^\| (?<defence>[^|]+) \| [^|]+ \| `(?<file>[^`]+\.test\.ts)` \| (?<title>[^|]+) \|$/gm;

export interface Row {
  defence: string;
  /** Of the test, from the project's folder. */
  file: string;
  /** How the title of the test begins. */
  title: string;
}

/** The tables of docs/operations/security.md: each defence, and the test that fails without it. */
export function readTable(): { rows: Row[]; page: string } {
  const page = readFileSync(join(root, 'docs', 'operations', 'security.md'), 'utf8');
  const rows = [...page.matchAll(row)].map(({ groups }) => ({
    defence: groups?.defence ?? '',
    file: `test/${groups?.file}`,
    title: groups?.title ?? '',
  }));
  return { rows, page };
}

/** For a regular expression. */
export function quote(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
