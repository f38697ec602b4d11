import { expect, test } from '@jest/globals';
import type { LogMessage } from '../../../services/core/client/index.ts';
import type { Job } from '../../../services/core/job/index.ts';
import { followJob } from '../../../services/local/follow-job.ts';
import { toSpec } from '../../support/job.ts';

const base: Job = {
  id: '1'.repeat(20),
  pipeline: '2'.repeat(20),
  pool: 'default',
  spec: toSpec(),
  state: 'running',
  cancelling: false,
  attempt: 1,
  fence: 1,
  createdAt: 0,
  steps: [],
};

async function follow(texts: string[], job: Partial<Job>) {
  const lines: string[] = [];
  const client = {
    job: async () => ({ job: { ...base, ...job }, event: '0' }),
    log: async function* (): AsyncGenerator<LogMessage> {
      for (const text of texts) yield { id: '1-1', chunk: { step: 'x', text } };
      yield { end: true };
    },
  };
  await followJob(client, 'x', new AbortController().signal, (line) => lines.push(line));
  return lines;
}

test('a job is told line by line, however its log is cut, and then how it ended', async () => {
  const lines = await follow(['one\ntw', 'o\nth', 'ree'], {
    state: 'failure',
    startedAt: 0,
    finishedAt: 1200,
    reason: 'no',
  });
  expect(lines).toEqual(['  │ one', '  │ two', '  │ three', '  failure in 1.2s: no']);
});

test('what a job writes cannot steer the terminal', async () => {
  const lines = await follow(['\u{1b}]52;c;aGk=\u{7}a\u{1b}[2Jb\n'], {
    state: 'success',
    reason: '\u{1b}[31mx',
  });
  for (const line of lines) expect(line).not.toMatch(/\p{Cc}/u);
  expect(lines[0]).toBe('  │ ab');
});
