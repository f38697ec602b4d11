import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { createQueue } from '../../../services/core/queue/index.ts';
import type { Fault } from '../fault.ts';
import type { Told } from '../forge.ts';
import { createRedisServer } from '../redis.ts';
import type { Sent, Stage } from '../stage.ts';

/** Pushes under way while something happens. */
function load(stage: Stage, count: number): Sent[] {
  return Array.from({ length: count }, () => {
    const sent = stage.push();
    void stage.settle(sent);
    return sent;
  });
}

/** Kills Redis at any moment of some pushes, and starts it again after a while. */
async function kill(stage: Stage, end: () => Promise<void>, downMs: number): Promise<number> {
  load(stage, 2 + stage.random.below(4));
  await stage.pause(stage.random.below(40));
  await end();
  await stage.pause(downMs);
  await stage.redis.start();
  return 1;
}

function expectRefusal(stage: Stage, { status, retryAfter }: Told, when: string): void {
  stage.expectInTime(status !== 0, `a webhook ${when} was not answered`);
  if (status === 0) return;
  stage.expect(status === 503, `a webhook ${when} was answered ${status}, not 503`);
  stage.expect(retryAfter !== undefined, `the ${status} of a webhook ${when} says not when to come again`);
}

/** The part of the append-only file that grows. */
function growing(files: readonly string[]): string {
  const found = files
    .filter((file) => file.endsWith('.incr.aof'))
    .sort((a, b) => toNumber(a) - toNumber(b))
    .at(-1);
  if (found === undefined) throw new Error('Redis has no append-only file');
  return found;
}
const toNumber = (file: string) => Number(/\.(\d+)\.incr\.aof$/.exec(file)?.[1]);

export const redisFaults: readonly Fault[] = [
  {
    number: 18,
    title: 'A Redis that is killed under load has lost nothing that was accepted',
    // Another that ends and starts Redis would have its files under its hands.
    alone: true,
    inject: (stage) => kill(stage, () => stage.redis.kill(), stage.random.below(60)),
  },
  {
    number: 19,
    title: 'A power cut under load loses nothing that was accepted',
    alone: true,
    needs: 'cc',
    inject: (stage) => kill(stage, () => stage.redis.cutPower(stage.random), stage.random.below(30)),
  },
  {
    number: 20,
    title:
      'An append-only file that ends at any byte holds whole decisions only, and all that were accepted before it',
    weight: 8,
    alone: true,
    calm: true,
    inject: cutFile,
  },
  {
    number: 21,
    title:
      'A Redis whose file is broken in the middle refuses to start, no api is ready, and nothing is lost once it is mended',
    weight: 2,
    alone: true,
    inject: async (stage) => {
      const { redis, nodes, forge } = stage;
      await Promise.all(load(stage, 3).map((sent) => stage.settle(sent)));
      await redis.kill();
      const file = growing(redis.files());
      const bytes = readFileSync(file);
      // The star that begins a command, somewhere in the middle.
      const at = bytes.indexOf('\r\n*', Math.floor(bytes.length * (0.2 + 0.5 * stage.random.next()))) + 2;
      if (at < 2 || at > bytes.length - 200) return 0;
      put(file, at, Buffer.from('!'));
      const started = await redis.start().then(
        () => true,
        () => false,
      );
      stage.expect(!started, `Redis starts although byte ${at} of ${basename(file)} is wrong`);
      for (const { front } of nodes) {
        const { status } = await forge.ask(front.port, 'GET', '/readyz');
        stage.expect(status !== 200, 'an api says that it is ready, without its Redis');
      }
      put(file, at, bytes.subarray(at, at + 1));
      await redis.start();
      return 1;
    },
  },
  {
    number: 22,
    title: 'A Redis that is killed while it rewrites its file has lost nothing that was accepted',
    alone: true,
    inject: async (stage) => {
      load(stage, 2 + stage.random.below(4));
      await stage.admin.bgrewriteaof().catch(() => undefined);
      await stage.pause(stage.random.below(15));
      if (stage.page !== undefined && stage.random.chance(0.5)) await stage.redis.cutPower(stage.random);
      else await stage.redis.kill();
      await stage.redis.start();
      return 1;
    },
  },
  {
    number: 23,
    title:
      'While Redis is away webhooks are answered 503 at once, builds go on, and no live job is taken away after it',
    weight: 2,
    calm: true,
    alone: true,
    inject: async (stage) => {
      const { leaseMs, random, redis } = stage;
      for (let n = 0; n < 3; n += 1) void stage.settle(stage.push({ ms: random.below(2 * leaseMs) }));
      await stage.untilEvent(({ type }) => type === 'claimed');
      await redis.kill();
      expectRefusal(stage, await stage.deliver(stage.push(), stage.pickNode()), 'without Redis');
      await stage.pause(leaseMs * random.pick([2, 2, 4, 20]));
      await redis.start();
      return 1;
    },
  },
  {
    number: 24,
    title: 'A slow Redis costs no live agent its job',
    weight: 5,
    calm: true,
    inject: async (stage) => {
      load(stage, 3);
      const slowMs = Math.floor(stage.leaseMs * (0.02 + 0.06 * stage.random.next()));
      if (stage.random.chance(0.5)) {
        await stage.admin.call('DEBUG', 'SLEEP', String((2 * slowMs) / 1000)).catch(() => undefined);
        return 1;
      }
      for (const { back } of stage.nodes) back.delayMs = Math.ceil(slowMs / 4);
      await stage.pause(stage.leaseMs);
      for (const { back } of stage.nodes) back.delayMs = 0;
      return 1;
    },
  },
  {
    number: 25,
    title:
      'A full Redis refuses new work with 503 and a time, lets all that it has end, and takes new work when there is room',
    weight: 4,
    alone: true,
    calm: true,
    inject: async (stage) => {
      stage.cutsLogs = true;
      await Promise.all(load(stage, 4).map((sent) => stage.settle(sent)));
      await stage.admin.config('SET', 'maxmemory', 1);
      expectRefusal(stage, await stage.deliver(stage.push(), stage.pickNode()), 'with a full Redis');
      const jobs = (await stage.events()).filter(({ type }) => type === 'created').map(({ job }) => job);
      for (const job of jobs) {
        const end = await stage.untilEvent((event) => event.job === job && event.type === 'finished');
        stage.expectInTime(end !== undefined, 'a job that was accepted does not end while Redis is full');
      }
      await stage.admin.config('SET', 'maxmemory', 2 ** 30);
      return 1;
    },
  },
  {
    number: 27,
    title: 'A Redis whose disk is full ends, and when there is room again nothing that was accepted is lost',
    alone: true,
    needs: 'cc',
    weight: 5,
    inject: async (stage) => {
      const { page, redis, random } = stage;
      page?.setRoom(random.below(4000));
      load(stage, 6);
      const ended = await Promise.race([
        redis.untilEnded().then(() => true),
        stage.pause(1500).then(() => false),
      ]);
      page?.setRoom(undefined);
      await redis.start();
      return ended ? 1 : 0;
    },
  },
  {
    number: 28,
    title: 'A Redis that turns into a replica and back refuses, is asked again, and doubles nothing',
    inject: async (stage) => {
      load(stage, 3);
      await stage.admin.call('REPLICAOF', '127.0.0.1', '1').catch(() => undefined);
      await stage.pause(10 + stage.random.below(60));
      for (let tries = 0; tries < 100; tries += 1) {
        const done = await stage.admin.call('REPLICAOF', 'NO', 'ONE').catch(() => undefined);
        if (done !== undefined) return 1;
        await stage.pause(5);
      }
      return 1;
    },
  },
  {
    number: 30,
    title: 'A Redis that has forgotten the scripts is given them again, and nobody notices',
    calm: true,
    alone: true,
    inject: async (stage) => {
      const sent = stage.push();
      await stage.admin.script('FLUSH');
      await stage.settle(sent);
      const refused = sent.told.filter(({ status }) => status >= 300);
      stage.expect(refused.length === 0, 'a webhook was refused, for forgotten scripts');
      stage.expectInTime(sent.told.length === 1, 'a webhook was not answered, for forgotten scripts');
      return 1;
    },
  },
];

function put(file: string, at: number, bytes: Uint8Array): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, bytes, 0, bytes.length, at);
  closeSync(fd);
}

/** Neighbouring bytes: a command of three words and their lengths is hardly longer. */
const cutsOfRound = 24;

/** Cuts copies of the file at neighbouring bytes of its tail, and starts a Redis of its own on each. */
async function cutFile(stage: Stage): Promise<number> {
  const { redis, random, folder } = stage;
  const marks: { job: string; size: number }[] = [];
  const file = growing(redis.files());
  for (const sent of [stage.push(), stage.push(), stage.push()]) {
    await stage.settle(sent);
    const [job = ''] = sent.told.flatMap(({ jobs = [] }) => jobs);
    marks.push({ job, size: statSync(file).size });
  }
  const copy = mkdtempSync(join(folder, 'cut-'));
  const server = await createRedisServer({ folder: copy, apiPassword: stage.apiPassword });
  const data = join(copy, 'data', 'appendonlydir');
  const source = join(redis.files()[0] ?? '', '..');
  cpSync(source, data, { recursive: true });
  const own = join(data, basename(file));
  const whole = readFileSync(own);
  const first = whole.length - random.below(Math.min(4000, whole.length));
  let cuts = 0;
  for (let end = first; end > Math.max(0, first - cutsOfRound); end -= 1) {
    // What Redis truncates as it starts is another byte's business.
    const fd = openSync(own, 'w');
    writeSync(fd, whole, 0, end);
    closeSync(fd);
    // What the first start leaves in the file, the second one reads.
    for (const start of [1, 2]) {
      await server.start();
      const admin = await server.connect();
      const queue = createQueue({ commands: admin, leaseMs: stage.leaseMs });
      for (const line of await queue.audit())
        stage.wrong.push(`cut at byte ${end} of ${whole.length}, start ${start}: ${line}`);
      for (const { job, size } of marks)
        stage.expect(
          size > end || (await queue.job(job)) !== undefined,
          `cut at byte ${end}, start ${start}: a job that was accepted at byte ${size} is gone`,
        );
      await queue.tick();
      admin.disconnect();
      await server.kill();
    }
    cuts += 1;
  }
  truncateSync(own, 0);
  rmSync(copy, { recursive: true });
  return cuts;
}
