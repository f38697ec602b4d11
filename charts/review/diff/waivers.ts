import type { Waiver } from '../../settings/waiver.ts';
import type { Danger } from './judge.ts';

export interface Waived {
  /** Each with the waiver that lets it pass, where there is one. */
  readonly dangers: readonly Danger[];
  /** What is wrong with the waivers themselves. */
  readonly notes: readonly string[];
}

/**
 * Lets pass what somebody has answered for in platform.yaml, by name and until a day.
 *
 * @param today `2026-01-31`; a waiver holds until the end of its day (UTC)
 */
export function waive(dangers: readonly Danger[], waivers: readonly Waiver[], today: string): Waived {
  const used = new Set<Waiver>();
  const judged = dangers.map((danger) => {
    if (danger.level !== 'block') return danger;
    const waiver = waivers.find((one) => isAbout(one, danger));
    if (waiver === undefined) return danger;
    used.add(waiver);
    return waiver.until < today ? danger : { ...danger, waiver };
  });
  const notes = waivers.flatMap((waiver) => {
    const name = `the waiver of ${waiver.rule} for ${waiver.object}`;
    if (waiver.until < today)
      return [`${name} ended on ${waiver.until}: renew it, or take it out of platform.yaml`];
    return used.has(waiver) ? [] : [`${name} is not needed: take it out of platform.yaml`];
  });
  return { dangers: judged, notes };
}

function isAbout({ rule, object, clusters }: Waiver, danger: Danger): boolean {
  return (
    rule === danger.rule &&
    object === danger.object &&
    (clusters === undefined || danger.clusters.every((cluster) => clusters.includes(cluster)))
  );
}
