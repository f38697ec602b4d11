import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import {
  type AuditEntry,
  type AuditHead,
  auditHeadsName,
  auditRecordSchema,
  createVerifier,
  parseHeads,
} from '../../core/audit/index.ts';
import { type ApiClient, toDataFolder } from '../../core/client/index.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { toJson } from '../json.ts';
import { withProgress } from '../progress.ts';
import { toTable } from '../table.ts';
import { toTerminal } from '../terminal.ts';

const pageLength = 500;

export function configureAudit(command: Command, context: Context): void {
  command.description(
    'The audit log: each change by a person or an API token, each sign-in, and who was refused, in a chain of hashes.',
  );
  configureList(command.command('list'), context);
  configureVerify(command.command('verify'), context);
  addExamples(command, { line: './bellows audit list' }, { line: './bellows audit verify' });
}

function configureList(command: Command, context: Context): void {
  command
    .summary('who changed what, newest first')
    .description(
      'Lists the newest records. A change has two: one before it is made, and one with the answer. Refusals are counted, and written every five minutes.',
    )
    .option('-n, --limit <number>', 'how many', parseCount, 50)
    .option('--json', 'records for scripts, one a line: n, at, event, actor, action, target, …')
    .action(async ({ limit, json }: { limit: number; json?: true }) => {
      const entries = await withClient(context, async (client) => readNewest(client, limit));
      if (json === true)
        for (const { text } of entries)
          context.stdout.write(`${toJson(readJson(text)).replace(/\n\s*/g, '')}\n`);
      else if (entries.length === 0) context.stderr.write('No records.\n');
      else context.stdout.write(toAuditTable(context, entries));
    });
  addExamples(
    command,
    { line: './bellows audit list' },
    { line: './bellows audit list --json -n 500 | jq -r "select(.event == \\"refused\\")"' },
  );
}

interface VerifyOptions {
  heads?: string;
  json?: true;
}

function configureVerify(command: Command, context: Context): void {
  command
    .summary('check that no record was changed, left out or cut off')
    .description(
      "Computes the whole chain anew, and compares it with the heads that the api exported: the file audit-heads in the data folder of this machine's Bellows, or lines `<number> <sha256>` of the log of the api. Exit code 1, and the first broken place, where it does not hold.",
    )
    .option('--heads <file>', 'heads that were exported, one a line')
    .option('--json', 'for scripts: ok, records, head, heads, and finding (n, reason) where it is broken')
    .action((options: VerifyOptions) =>
      withClient(context, async (client) => {
        const heads = await readHeads(context, options.heads);
        const { records, head, finding } = await withProgress(context, 'computing the chain', () =>
          verify(client, heads),
        );
        const answer = { ok: finding === undefined, records, head, heads: heads.length, finding };
        if (options.json === true) context.stdout.write(toJson(answer));
        else if (finding === undefined)
          context.stdout.write(
            `The audit log is whole: ${records} records, the last is ${head.n}; ${compared(heads)}.\nhead  ${head.n} ${head.hash}\n`,
          );
        if (finding !== undefined)
          throw new Error(`the audit log is broken at record ${finding.n}: ${finding.reason}`);
      }),
    );
  addExamples(
    command,
    { line: './bellows audit verify' },
    { line: './bellows audit verify --heads heads.txt', does: 'heads that you kept elsewhere' },
  );
}

function compared(heads: readonly AuditHead[]): string {
  if (heads.length === 0) return 'no head was exported yet to compare it with';
  return heads.length === 1 ? 'the exported head agrees' : `${heads.length} exported heads agree`;
}

async function verify(client: ApiClient, known: readonly AuditHead[]) {
  let page = await client.audit({ after: 0, limit: pageLength });
  // Heads that were trimmed away have nothing left to compare with, but the anchor itself.
  const verifier = createVerifier(page.anchor, known);
  for (;;) {
    for (const entry of page.entries) verifier.add(entry);
    const last = page.entries.at(-1);
    if (last === undefined) break;
    page = await client.audit({ after: last.n, limit: pageLength });
  }
  return { records: verifier.records, head: page.head, finding: verifier.finish(page.head) };
}

async function readNewest(client: ApiClient, limit: number): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  let before: number | undefined;
  while (entries.length < limit) {
    const wanted = Math.min(pageLength, limit - entries.length);
    const page = await client.audit({ limit: wanted, ...(before === undefined ? {} : { before }) });
    entries.push(...page.entries);
    before = page.entries.at(-1)?.n;
    if (page.entries.length < wanted || before === undefined || before <= 1) break;
  }
  return entries;
}

/** Another Bellows than this machine's has its heads elsewhere. */
async function readHeads(context: Context, given: string | undefined): Promise<AuditHead[]> {
  if (given !== undefined) return parseHeads(await readFile(given, 'utf8'));
  if (context.env.BELLOWS_URL !== undefined) return [];
  const file = join(toDataFolder(context.env), auditHeadsName);
  const text = await readFile(file, 'utf8').catch(() => '');
  return parseHeads(text);
}

function toAuditTable(context: Context, entries: readonly AuditEntry[]): string {
  const columns = [
    { title: 'N' },
    { title: 'TIME' },
    { title: 'EVENT' },
    { title: 'WHO', shrinks: true },
    { title: 'WHAT', shrinks: true },
    { title: 'ON', shrinks: true },
    { title: 'ANSWER' },
  ];
  const rows = entries.map(({ n, text }) => {
    const record = auditRecordSchema.safeParse(readJson(text)).data;
    if (record === undefined) return [String(n), '', '?', '', '', '', 'no record: bellows audit verify'];
    const { at, event, actor, action, target, address, status, times } = record;
    const who = address === undefined ? actor : `${actor} at ${address}`;
    const answer = [status, times === undefined || times === 1 ? undefined : `× ${times}`];
    return [
      String(n),
      new Date(at).toISOString().slice(0, 19),
      event,
      who,
      action,
      target,
      answer.filter((part) => part !== undefined).join(' '),
    ];
  });
  return toTable(columns, rows, toTerminal(context.env, context.stdout));
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 100_000) return count;
  throw new InvalidArgumentError('Expected a whole number from 1 to 100000.');
}
