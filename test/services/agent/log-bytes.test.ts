import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AgentBench, openAgentBench } from '../../support/agent.ts';
import { readStream } from '../../support/api.ts';

let bench: AgentBench;
beforeAll(async () => {
  bench = await openAgentBench();
});
afterAll(() => bench.close());

const bytesOf = async (id: string, from = 0) => {
  const response = await bench.api.admin(`/api/v1/jobs/${id}/log?from=${from}`);
  return Buffer.from(await response.arrayBuffer());
};
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('10 MB without a line break, and no UTF-8, arrive byte for byte, and from any byte on', async () => {
  const command = "head -c 10000000 /dev/zero | tr '\\0' '\\377'";
  const job = await bench.enqueue({ '.bellows.yaml': `steps: [{ commands: ${JSON.stringify(command)} }]\n` });
  expect(await bench.agent()).toBe(0);
  const wanted = Buffer.concat([Buffer.from(`+ ${command}\n`), Buffer.alloc(10_000_000, 0xff)]);
  expect(sha256(await bytesOf(job))).toBe(sha256(wanted));
  for (const from of [65_535, 65_536, 7_654_321, wanted.length - 1, wanted.length])
    expect(sha256(await bytesOf(job, from))).toBe(sha256(wanted.subarray(from)));
});

test('of 100 MB the log keeps 16 MiB, and its last line says to the byte what was dropped', async () => {
  const command = "head -c 100000000 /dev/zero | tr '\\0' x; echo end";
  const job = await bench.enqueue({ '.bellows.yaml': `steps: [{ commands: ${JSON.stringify(command)} }]\n` });
  expect(await bench.agent()).toBe(0);
  expect((await bench.job(job)).state).toBe('success');
  const log = await bytesOf(job);
  const full = '\n[the log is full: a job may write 16 MiB; what follows is dropped]\n';
  const text = log.toString();
  expect(log.length).toBeLessThanOrEqual(16 * 1024 * 1024);
  const [, kept = '', dropped] =
    /^(.*)\n\[the log is full[^\n]*\n\[(\d+) bytes were dropped here\]\n$/s.exec(text) ?? [];
  expect(text).toContain(full);
  expect(kept.length + Number(dropped)).toBe(`+ ${command}\n`.length + 100_000_000 + 'end\n'.length);

  // Whoever follows it sees the same end.
  const response = await bench.api.admin(`/api/v1/jobs/${job}/log/stream?from=1-250`);
  const seen = [];
  for await (const event of readStream(response)) if (event.event === 'chunk') seen.push(event.data.text);
  expect(seen.at(-1)).toBe(`[${dropped} bytes were dropped here]\n`);
});

test('one who reads nothing of a log keeps neither its job nor other readers waiting', async () => {
  const command = 'for i in $(seq 1 60); do head -c 60000 /dev/urandom | base64 -w 0; echo; sleep 0.01; done';
  const job = await bench.enqueue({ '.bellows.yaml': `steps: [{ commands: ${JSON.stringify(command)} }]\n` });
  const running = bench.agent();
  await bench.untilLogged(job, '+ for');
  const slow = await bench.api.admin(`/api/v1/jobs/${job}/log/stream`);
  const others = await Promise.all([1, 2].map(() => bench.api.admin(`/api/v1/jobs/${job}/log/stream`)));
  const texts = await Promise.all(
    others.map(async (response) => {
      let text = '';
      for await (const event of readStream(response)) text += event.data?.text ?? '';
      return text;
    }),
  );
  expect(await running).toBe(0);
  const whole = (await bytesOf(job)).toString();
  expect(texts.map((text) => text === whole)).toEqual([true, true]);
  let late = '';
  for await (const event of readStream(slow)) late += event.data?.text ?? '';
  expect(late === whole).toBe(true);
});

test('what a lost agent still writes is refused, and its log and the new one are apart', async () => {
  const job = await bench.enqueue({ '.bellows.yaml': 'steps: [{ commands: echo one }]\n' });
  const { api } = bench;
  const old = await api.claim('old');
  const write = (token: string, n: number, text: string) =>
    api.ask(`/api/v1/agent/jobs/${job}/log/${n}?step=s`, {
      method: 'PUT',
      token,
      body: text,
      headers: { 'content-type': 'application/octet-stream' },
    });
  expect(await (await write(old.token, 1, 'old\n')).json()).toEqual({ answer: 'written', have: 1 });
  await api.queue.lost('old', 'gone');
  const fresh = await api.claim('fresh');
  expect((await write(old.token, 2, 'zombie\n')).status).toBe(403);
  expect(await (await write(fresh.token, 1, 'new\n')).json()).toEqual({ answer: 'written', have: 1 });
  expect((await bytesOf(job)).toString()).toBe('new\n');
  const { chunks } = await api.queue.readLog(job, { fence: old.fence, after: 0 });
  expect(Buffer.concat(chunks.map(({ bytes }) => bytes)).toString()).toBe('old\n');
  await api.queue.complete(job, fresh.fence, { outcome: 'success' });
});
