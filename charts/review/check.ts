import type { Built } from '../constructs/unit.ts';
import { type Finding, type Found, joinClusters, sortFindings } from './finding.ts';
import type { Broken, Rule } from './rule.ts';
import { isShaped } from './rules/schema.ts';
import { ruleGroups, shapeRules } from './rules.ts';
import { toWorld, type World } from './world.ts';

/**
 * Everything that is wrong with a platform, said once where several clusters have it. Where an object has not the
 * shape of its kind, that is all that is said: other rules could not read it.
 */
export function checkPlatform(clusters: readonly Built[], ownPins: readonly string[] = []): Finding[] {
  return sortFindings(joinClusters(clusters.flatMap((built) => checkCluster(toWorld(built, ownPins)))));
}

function checkCluster(world: World): Found[] {
  const shape = shapeRules.flatMap((rule) => ask(rule, world));
  if (!isShaped(world)) return shape;
  const rest = Object.values(ruleGroups).flat();
  return [...shape, ...rest.flatMap((rule) => ask(rule, world))];
}

function ask(rule: Rule, world: World): Found[] {
  return [...rule.check(world)].map((broken) => toFinding(rule, world, broken));
}

function toFinding({ name, advice }: Rule, world: World, { item, at = '', message, mend }: Broken): Found {
  const { path, construct, origin } = item.rendered;
  return {
    rule: name,
    level: (typeof advice === 'function' ? advice(world) : advice === true) ? 'advice' : 'error',
    object: item.id,
    cluster: world.name,
    file: path,
    construct,
    origin,
    at,
    message,
    mend,
  };
}
