import fc from 'fast-check';
import type { Built } from '../../../charts/constructs/unit.ts';
import { checkPlatform } from '../../../charts/review/check.ts';
import { applyChange, changes } from '../review/change.ts';
import { type Json, platformWith, toId } from '../review/world.ts';
import type { ApiServer, KubeObject, Verdict } from './api-server.ts';

/** An object that the API server refuses and no rule of ours minds. */
export interface Miss {
  readonly object: string;
  readonly way: string;
  readonly verdict: Verdict;
}

/**
 * Changes objects of the platform at random and asks both. Ours may refuse what the API server takes, never the
 * other way round.
 */
export async function compareAtRandom(server: ApiServer, count: number, seed: number): Promise<Miss[]> {
  const built = platformWith();
  const known = new Set(errorsOf(built));
  const picks = fc.sample(fc.tuple(fc.nat(built.objects.length - 1), changes), { numRuns: count, seed });
  const misses: Miss[] = [];
  for (const [index, change] of picks) {
    const rendered = built.objects[index];
    // What is in a namespace that is not there is refused for that alone.
    if (rendered === undefined || toId(rendered.object).startsWith('Namespace ')) continue;
    const object = structuredClone(rendered.object) as Json;
    const way = applyChange(object, change);
    const objects = built.objects.with(index, { ...rendered, object });
    if (errorsOf({ ...built, objects }).some((error) => !known.has(error))) continue;
    const verdict = await server.apply(object as KubeObject, { dryRun: true });
    if (verdict.says === 'refuses') misses.push({ object: toId(object), way: way.join('.'), verdict });
  }
  return misses;
}

function errorsOf(built: Built): string[] {
  const errors = checkPlatform([built]).filter(({ level }) => level === 'error');
  return errors.map(({ rule, object, at, message }) => [rule, object, at, message].join(' '));
}
