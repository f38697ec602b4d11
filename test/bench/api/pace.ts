import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { quantile } from '../rounds.ts';
import { type Answer, sendSteadily } from './http-line.ts';
import { toWebhook } from './webhook.ts';
import { type Memory, openApi, readMemory } from './world.ts';

export interface Times {
  p50: number;
  p99: number;
}

const toTimes = (answers: readonly Answer[]): Times => {
  const ms = answers.map((answer) => answer.ms);
  return { p50: quantile(ms, 0.5), p99: quantile(ms, 0.99) };
};

/** 50 webhooks a second; then again while half of a thousand sockets each send a byte of their head a second. */
export async function measurePace(seconds: number, sockets: number, seed: number) {
  const api = await openApi();
  try {
    const toPushes = (from: number) =>
      Array.from({ length: 50 * seconds }, (_, i) => toWebhook(api.port, seed, from + i));
    await sendSteadily(api.port, 200, toPushes(0));
    const alone = toTimes(await sendSteadily(api.port, 50, toPushes(10_000)));
    const slow = await openSlowSockets(api.port, sockets);
    const beside = toTimes(await sendSteadily(api.port, 50, toPushes(20_000)));
    const open = slow.open();
    slow.close();
    return { alone, beside, open, memory: await readMemory(api.pid) };
  } finally {
    await api.stop();
  }
}

/** Slowloris: they never finish what they say, and come again when they are let go. */
async function openSlowSockets(port: number, count: number) {
  const sockets = new Set<Socket>();
  let closed = false;
  const dial = async () => {
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.resume();
    socket.once('close', () => {
      sockets.delete(socket);
      if (!closed) void dial();
    });
    await once(socket, 'connect');
    socket.write('POST /webhooks/gitea HTTP/1.1\r\nx-slow: ');
  };
  await Promise.all(Array.from({ length: count }, dial));
  const drip = setInterval(() => {
    for (const socket of sockets) socket.write('y');
  }, 1000);
  return {
    open: () => sockets.size,
    close: () => {
      closed = true;
      clearInterval(drip);
      for (const socket of sockets) socket.destroy();
    },
  };
}

export interface Storm {
  accepted: number;
  dups: number;
  others: number;
  jobs: number;
  times: Times;
  before: Memory;
  after: Memory;
}

/**
 * 500 webhooks a second for ten seconds; every second one repeats an earlier one, by turns under its own
 * delivery id, as GitHub does, and under a new one, as Gitea does.
 */
export async function measureStorm(count: number, perSecond: number, seed: number): Promise<Storm> {
  const api = await openApi();
  try {
    const requests = Array.from({ length: count }, (_, i) => {
      const n = i >> 1;
      if (i % 2 === 0) return toWebhook(api.port, seed, n);
      return toWebhook(api.port, seed, (n * 7919) % (n + 1), n % 2 === 0 ? `again-${n}` : undefined);
    });
    const before = await readMemory(api.pid);
    const answers = await sendSteadily(api.port, perSecond, requests);
    const after = await readMemory(api.pid);
    const accepted = answers.filter(({ status }) => status === 202).length;
    const dups = answers.filter(({ status }) => status === 200).length;
    const others = answers.length - accepted - dups;
    return { accepted, dups, others, jobs: await api.jobs(), times: toTimes(answers), before, after };
  } finally {
    await api.stop();
  }
}
