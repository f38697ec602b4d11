import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ImageError, readDigest } from '../../core/image/index.ts';
import { collectUsed, toKey } from './collect.ts';
import { HelmError, readChartDigest } from './helm.ts';

/** Name and tag → digest. */
type Pins = Readonly<Record<string, string>>;

export interface PinReport {
  /** One line for each digest that is new, another one, or gone. */
  readonly changes: readonly string[];
  /** One line for each that could not be asked for. */
  readonly unknown: readonly string[];
  readonly pinned: number;
}

export class PinsError extends Error {
  override name = 'PinsError';
}

const pinsSchema = z.record(z.string().max(512), z.string().regex(/^sha256:[0-9a-f]{64}$/));

/**
 * Asks the registries for the digest of everything that dist/ uses and holds that against pins.json, which the next synth
 * reads. What cannot be asked for stays as it was; without any answer ever there is no pins.json.
 *
 * @param write whether pins.json becomes what was found
 * @throws PinsError, DistError
 */
export async function pinPlatform(folder: string, write: boolean, signal: AbortSignal): Promise<PinReport> {
  const file = join(folder, 'pins.json');
  const known = readPins(file);
  const { images, charts } = collectUsed(join(folder, 'dist'), known);
  const wanted: [key: string, ask: () => Promise<string>][] = [
    ...images.map((image): [string, () => Promise<string>] => [image, () => readDigest(image, signal)]),
    ...charts.map((chart): [string, () => Promise<string>] => [
      toKey(chart),
      () => readChartDigest(chart, signal),
    ]),
  ];
  const unknown: string[] = [];
  const answers = await Promise.all(
    wanted.map(async ([key, ask]): Promise<[string, string | undefined]> => {
      try {
        return [key, await ask()];
      } catch (error) {
        if (!(error instanceof ImageError || error instanceof HelmError)) throw error;
        unknown.push(`${key}: ${error.message}${known[key] === undefined ? '' : `; it stays ${known[key]}`}`);
        return [key, known[key]];
      }
    }),
  );
  const found = answers.filter((answer): answer is [string, string] => answer[1] !== undefined);
  const pins = Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
  const changes = toChanges(known, pins);
  if (write && changes.length > 0) {
    const aside = `${file}.new`;
    writeFileSync(aside, `${JSON.stringify(pins, null, 2)}\n`);
    renameSync(aside, file);
  }
  return { changes, unknown: unknown.sort(), pinned: found.length };
}

function readPins(file: string): Pins {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return {};
  }
  try {
    return pinsSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new PinsError(
      `${file} is not what bellows pins writes; expected names and "sha256:…"; remove it, and run this again`,
      {
        cause,
      },
    );
  }
}

function toChanges(before: Pins, after: Pins): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key) => {
    if (before[key] === after[key]) return [];
    if (after[key] === undefined) return [`${key} is used no more`];
    return [
      before[key] === undefined
        ? `${key} is ${after[key]}`
        : `${key} was ${before[key]} and is ${after[key]}`,
    ];
  });
}
