/**
 * `node test/services/core/queue/model/mutants.ts [operations] [seed] [part/parts]`: breaks the scripts in one
 * place at a time, and sees whether the model test notices. A mutant that lives is printed: either a test is
 * missing, or it is no other program: `listed` in mutate.ts has those, with the reason.
 */
import { setTimeout } from 'node:timers/promises';
import { audit } from '../../../../../services/core/queue/scripts/audit.ts';
import { claim } from '../../../../../services/core/queue/scripts/claim.ts';
import * as end from '../../../../../services/core/queue/scripts/end.ts';
import { enqueue } from '../../../../../services/core/queue/scripts/enqueue.ts';
import { expand } from '../../../../../services/core/queue/scripts/expand.ts';
import { removeHead } from '../../../../../services/core/queue/scripts/head.ts';
import * as running from '../../../../../services/core/queue/scripts/running.ts';
import type { Script } from '../../../../../services/core/queue/scripts/script.ts';
import { tick } from '../../../../../services/core/queue/scripts/tick.ts';
import { startRedis } from '../../../../support/redis.ts';
import { toMutants } from './mutate.ts';
import { createPlay } from './play.ts';

const scripts: Script[] = [
  ...[claim, enqueue, expand, removeHead, tick],
  ...Object.values(end),
  ...Object.values(running),
];
const originals = new Map(scripts.map((script) => [script, { ...script }]));

const operations = Number(process.argv[2] ?? 600);
const seed = Number(process.argv[3] ?? 1);
const [part = 0, parts = 1] = (process.argv[4] ?? '0/1').split('/').map(Number);

const all = toMutants(scripts.map(({ text }) => text)).filter((_, i) => i % parts === part);
let redis = await startRedis();
let commands = await redis.connect();
let killed = 0;
const alive: string[] = [];
for (const { line, becomes } of all) {
  for (const [script, { text }] of originals) {
    const broken = text.split('\n').map((each) => (each === line ? becomes : each));
    script.text = broken.join('\n');
    // Not its digest: Redis learns it by its text, below another name.
    script.sha = '0'.repeat(40);
  }
  if (await notices()) killed += 1;
  else alive.push(`${line.trim()}\n  → ${becomes.trim() || '(nothing)'}`);
  if (process.stdout.isTTY)
    process.stdout.write(`\r${killed} killed, ${alive.length} alive, of ${all.length}`);
}
process.stdout.write(`\n${alive.join('\n')}\n${killed} of ${all.length} killed; `);
process.stdout.write(
  `audit script ${audit.sha.slice(0, 8)}; seeds ${seed} and ${seed + 1}, ${operations} operations each\n`,
);
await redis.stop();

async function notices(): Promise<boolean> {
  try {
    for (const start of [seed, seed + 1]) {
      await commands.flushall();
      const play = createPlay(commands, start);
      for (let i = 0; i < operations; i++) await play.step();
    }
    return false;
  } catch {
    // One that never ends holds Redis for ever.
    const answers = await Promise.race([commands.ping().catch(() => ''), setTimeout(500, '')]);
    if (answers !== 'PONG') {
      await redis.kill();
      await redis.stop();
      redis = await startRedis();
      commands = await redis.connect();
    }
    return true;
  }
}
