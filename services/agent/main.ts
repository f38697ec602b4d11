/** One job, then the end: settings from the environment, the claim token from a pipe or a file. */
import { setTimeout as delay } from 'node:timers/promises';
import { readTokenFile, readTokenLine } from './claim-token.ts';
import { sendFirstClaim } from './first-claim.ts';

/** A token that comes later than this finds us loaded. */
const earlyMs = 3;

async function main(): Promise<void> {
  const { env, stdin } = process;
  const file = env.BELLOWS_TOKEN_FILE;
  const token = file === undefined ? readTokenLine(stdin) : readTokenFile(file);
  token.catch(() => undefined); // whoever needs it hears of it
  const first = file === undefined ? sendFirstClaim(env, token) : undefined;
  // Loading keeps everything else waiting: a request that can leave leaves first.
  const isEarly = await Promise.race([token.then(() => true), delay(earlyMs, false)]).catch(() => false);
  if (isEarly) await first?.sent;
  const { start } = await import('./start.ts');
  const exitCode = await start({
    env,
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
    token,
    firstAnswer: Promise.resolve(first?.answer),
    parent: file === undefined ? stdin : undefined,
  });
  // Whatever is still open belongs to nobody now.
  process.exit(exitCode);
}

void main();
