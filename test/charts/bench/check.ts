/** Prints, as JSON: how many objects so many clusters are, and the ms that all checks take on them, first of all things. */
import { checkPlatform } from '../../../charts/review/check.ts';
import { buildPlatform, toUnits } from '../../../charts/units.ts';
import { platformOf } from './platform.ts';

const built = buildPlatform(platformOf(Number(process.argv[2])), toUnits);
const started = performance.now();
const findings = checkPlatform(built);
const ms = performance.now() - started;
const objects = built.reduce((sum, cluster) => sum + cluster.objects.length, 0);
process.stdout.write(JSON.stringify({ objects, ms, findings: findings.length }));
