// Runs in the cluster, as a Job, from a ConfigMap: nothing here may import what is not beside it.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toAgeIdentity } from './age-identity.ts';
import { generateSecrets, type Plan } from './generate.ts';
import { openSecretsApi, toKubernetesUrl } from './kubernetes.ts';

const { KUBERNETES_TOKEN_FILE = '' } = process.env;
const plan = JSON.parse(readFileSync(join(import.meta.dirname, 'plan.json'), 'utf8')) as Plan;
const api = openSecretsApi(toKubernetesUrl(process.env), readFileSync(KUBERNETES_TOKEN_FILE, 'utf8').trim());

await generateSecrets(api, plan, {
  text: () => randomBytes(32).toString('base64url'),
  identity: () => toAgeIdentity(randomBytes(32)),
});
