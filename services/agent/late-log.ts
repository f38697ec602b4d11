import type { Log } from '../core/log/index.ts';

/** Lines are kept until the log is open: to load what writes them takes 5 ms, which the first step would wait for. */
export interface LateLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** More than once does no harm. */
  open(): Promise<void>;
}

export function createLateLog(openLog: () => Promise<Log>): LateLog {
  const kept: ((log: Log) => void)[] = [];
  let log: Log | undefined;
  const write = (line: (log: Log) => void) => {
    if (log === undefined) kept.push(line);
    else line(log);
  };
  return {
    info: (fields, message) => write((to) => to.info(fields, message)),
    warn: (fields, message) => write((to) => to.warn(fields, message)),
    error: (fields, message) => write((to) => to.error(fields, message)),
    open: async () => {
      const opened = await openLog();
      log ??= opened;
      for (const line of kept.splice(0)) line(log);
    },
  };
}
