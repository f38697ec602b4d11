import { appendFile } from 'node:fs/promises';
import type { AuditChain } from '../core/access/index.ts';
import { formatHead } from '../core/audit/index.ts';
import type { Log } from '../core/log/index.ts';
import type { Metrics } from './metrics.ts';

export interface HeadExportDeps {
  audit: Pick<AuditChain, 'head'>;
  metrics: Pick<Metrics, 'auditHead'>;
  log: Log;
  /** Where each head is added as a line; only its owner may read it. */
  file: string | undefined;
}

export type HeadExport = ReturnType<typeof createHeadExport>;

/**
 * Tells the head of the audit log to places that whoever can write to Redis cannot change: the api's log and,
 * where one is set, a file. With it a log that was cut off, or made anew, no longer passes for whole.
 */
export function createHeadExport({ audit, metrics, log, file }: HeadExportDeps) {
  let told = 0;
  return {
    measure: async () => metrics.auditHead((await audit.head()).n),
    tell: async () => {
      const head = await audit.head();
      if (head.n === told) return;
      log.info({ n: head.n, hash: head.hash }, 'the head of the audit log');
      if (file !== undefined) await appendFile(file, formatHead(new Date(), head), { mode: 0o600 });
      told = head.n;
    },
  };
}
