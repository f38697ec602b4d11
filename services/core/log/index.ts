/** What a program says of itself. A room of its own: an agent loads it while the api looks for a job. */
import pino, { type Logger } from 'pino';

export type Log = Logger;

/** One JSON line an event on stdout; `program` and the time cannot be overridden by what is logged. */
export function createLog(program: string, level = 'info'): Log {
  return pino({
    level,
    base: { program },
    nestedKey: 'data',
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['data.token', 'data.password', 'data.secret', 'data.authorization'],
      censor: '[hidden]',
    },
  });
}
