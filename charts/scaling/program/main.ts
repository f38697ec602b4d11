// Runs in the cluster, as a Job, from a ConfigMap: nothing here may import what charts/scaling/quiet.ts does not put there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toKubernetesUrl } from '../../secrets/program/kubernetes.ts';
import { openPause, type Plan, setQuiet } from './quiet.ts';

const { KUBERNETES_TOKEN_FILE = '' } = process.env;
const plan = JSON.parse(readFileSync(join(import.meta.dirname, 'plan.json'), 'utf8')) as Plan;
const pause = openPause(toKubernetesUrl(process.env), readFileSync(KUBERNETES_TOKEN_FILE, 'utf8').trim());

await setQuiet(plan, new Date(), pause, (line) => process.stdout.write(`${line}\n`));
