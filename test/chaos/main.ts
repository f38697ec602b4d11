/** `npm run test:chaos`: see `usage`. */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogue, elsewhere } from './catalogue.ts';
import { parseOptions, usage } from './options.ts';
import { play } from './play.ts';
import { buildChaosPrograms } from './programs.ts';
import { toFailure, toRows, toTable } from './report.ts';

/** As a shell tells that a signal ended a command. */
const interrupted = 130;

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const { seed, only, json } = options;
  const wanted = catalogue.filter(({ number }) => only === undefined || number === only);
  if (wanted.length === 0) {
    const known = [...new Set(catalogue.map(({ number }) => number))].join(', ');
    throw new TypeError(`no fault has the number ${only}; there are ${known}`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'bellows-chaos-'));
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => abort.abort());
  const started = performance.now();
  const say = (text: string) => void (json ? undefined : process.stdout.write(text));
  try {
    const programs = await buildChaosPrograms(folder);
    const usable = wanted.filter(({ needs }) => needs !== 'cc' || programs.shim !== undefined);
    const skipped = wanted.filter((fault) => !usable.includes(fault));
    say(`seed ${seed}, lease ${options.leaseMs} ms\n`);
    const of = options.each ? usable.length : options.faults;
    let faults = 0;
    let rounds = 0;
    const command = [
      'npm run test:chaos --',
      ...(only === undefined ? [] : [`--only ${only}`]),
      options.each ? '--each' : '',
    ]
      .filter((part) => part !== '')
      .join(' ');
    const results = await play({
      ...options,
      catalogue: usable,
      programs,
      folder,
      signal: abort.signal,
      onRound: (result) => {
        faults += result.injected.reduce((sum, count) => sum + count, 0);
        rounds += 1;
        if (json) {
          const { plan, trace: _, ...rest } = result;
          const numbers = plan.faults.map(({ number }) => number);
          process.stdout.write(`${JSON.stringify({ round: plan.round, faults: numbers, ...rest })}\n`);
        }
        if (result.wrong.length > 0) {
          const file = join(tmpdir(), `bellows-chaos-${seed}-${result.plan.round}.txt`);
          writeFileSync(file, result.trace ?? '');
          say(toFailure(result, command, file));
        }
        if (rounds % 20 === 0) say(`… ${options.each ? `${rounds} rounds` : `${faults} faults`} of ${of}\n`);
      },
    });
    const rows = toRows(usable, results);
    const seconds = (performance.now() - started) / 1000;
    const sum = (pick: (row: (typeof results)[number]) => number) =>
      results.reduce((total, row) => total + pick(row), 0);
    const accepted = sum((result) => result.accepted);
    const finished = sum((result) => result.finished);
    const broken = results.filter(({ wrong }) => wrong.length > 0).length;
    const unjudged = results.filter((result) => result.unjudged).length;
    const never =
      options.each && !abort.signal.aborted ? rows.filter(({ injected }) => injected === 0).length : 0;
    if (json) {
      const counts = {
        seed,
        faults,
        rounds,
        accepted,
        finished,
        broken,
        unjudged,
        skipped: skipped.length,
        seconds,
      };
      process.stdout.write(`${JSON.stringify(counts)}\n`);
    } else {
      say(toTable(rows, skipped, only === undefined ? elsewhere : []));
      say(
        `${faults} faults in ${rounds} rounds, ${seconds.toFixed(0)} s, seed ${seed}: ${accepted} accepted, ` +
          `${finished} ended exactly once, ${broken} rounds with a broken promise\n`,
      );
      if (abort.signal.aborted) say('stopped before its end; rounds that were under way are not counted\n');
      if (unjudged > 0) say(`${unjudged} rounds could not be judged: the machine stood still\n`);
      if (never > 0) say(`${never} faults could not be injected: their moment never came\n`);
      const held = rows.filter((row) => row.injected > 0 && row.broken === 0).length;
      const failed = rows.filter((row) => row.broken > 0).length + never;
      say(`${held} held, ${failed} failed, ${skipped.length} skipped\n`);
    }
    if (abort.signal.aborted) return interrupted;
    return broken > 0 || unjudged > 0 || never > 0 || accepted !== finished ? 1 : 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
  // Rounds that were given up wait for what will not come.
  if (process.exitCode === interrupted) process.exit();
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
