/** `npm run build`: bundles the programs, and prints their folder. */
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildPrograms } from './build.ts';

process.stdout.write(
  `${await buildPrograms(dirname(dirname(dirname(import.meta.dirname))), join(homedir(), '.cache'))}\n`,
);
