/** Runs after the program that made a copy, in a CronJob of a cluster (charts/backup). */
import { ConfigError, readConfig } from '../core/runtime/index.ts';
import { StoreError } from '../core/store/index.ts';
import { backupConfigSchema } from './config.ts';
import { runBackup } from './run.ts';

try {
  for (const line of await runBackup(readConfig(backupConfigSchema, process.env), new Date()))
    process.stdout.write(`${line}\n`);
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof StoreError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
