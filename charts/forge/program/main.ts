// Runs in the cluster, as a Job, from a ConfigMap: nothing here may import what charts/forge/setup.ts does not put there.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSecretsApi, toKubernetesUrl } from '../../secrets/program/kubernetes.ts';
import { openGitea } from './gitea.ts';
import { type Plan, setUpGitea } from './setup.ts';

const {
  KUBERNETES_TOKEN_FILE = '',
  GITEA_TOKEN_FILE = '',
  WEBHOOK_SECRET_FILE = '',
  RECEIVER_TOKEN_FILE,
} = process.env;
const read = (file: string) => readFileSync(file, 'utf8').trim();
// Of two, the newer one stands first.
const [webhookSecret = ''] = read(WEBHOOK_SECRET_FILE).split('\n');
const plan = JSON.parse(read(join(import.meta.dirname, 'plan.json'))) as Plan;

await setUpGitea({
  plan,
  gitea: openGitea(plan.origin, { token: read(GITEA_TOKEN_FILE) }),
  secrets: openSecretsApi(toKubernetesUrl(process.env), read(KUBERNETES_TOKEN_FILE)),
  webhookSecret,
  receiverToken: RECEIVER_TOKEN_FILE === undefined ? '' : read(RECEIVER_TOKEN_FILE),
  random: () => randomBytes(32).toString('base64url'),
  hash: (text) => createHash('sha256').update(text).digest('hex'),
  say: (line) => process.stdout.write(`${line}\n`),
});
