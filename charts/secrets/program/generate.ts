import { createHash } from 'node:crypto';
import type { SecretReference, SecretsApi } from './kubernetes.ts';

/** What is to be made, by the chart that mounts this program. */
export interface Plan {
  readonly platform: SecretReference;
  readonly keda: SecretReference;
  /** Flux's copy of `flux-receiver-token`, where it listens to webhooks. */
  readonly receiver?: SecretReference;
  /** What each Redis user may do, in the words of ACL SETUSER; who is not named here may do nothing. */
  readonly rules: Rules;
  /** The same for sentinels, where there are some. */
  readonly sentinelRules?: Rules;
  /** Further keys of the platform's Secret. */
  readonly further?: readonly PlatformKey[];
}

/** `api`, `keda` and `probe` always; others, such as `metrics`, have a password of their own: `redis-metrics-password`. */
export interface Rules {
  readonly api: string;
  readonly keda: string;
  readonly probe: string;
  readonly [user: string]: string;
}

/**
 * Random values of the platform's Secret: 32 bytes as base64url, which is also the form Gitea wants; `secrets-key` is
 * an age identity.
 */
export const generatedKeys = [
  'admin-token',
  'metrics-token',
  'webhook-gitea',
  'webhook-github',
  'clone-key',
  'secrets-key',
  'redis-password',
  'gitea-secret-key',
  'gitea-internal-token',
  'gitea-jwt-secret',
  'gitea-lfs-jwt-secret',
  'flux-receiver-token',
] as const;
/** What is there beside, for each further user of a plan's rules, and of what follows from them. */
export type PlatformKey =
  | (typeof generatedKeys)[number]
  | `redis-${string}-password`
  | 'gitea-database-password'
  | 'users.acl'
  | 'sentinel.acl';

/** Who has a password of its own, and the key of it. */
export function toFurtherUsers({ rules, sentinelRules = rules }: Pick<Plan, 'rules' | 'sentinelRules'>) {
  const names = new Set([...Object.keys(rules), ...Object.keys(sentinelRules)]);
  for (const known of ['api', 'keda', 'probe']) names.delete(known);
  return [...names].sort().map((user) => ({ user, key: `redis-${user}-password` as const }));
}

type Data = Readonly<Record<string, string>>;

/**
 * Makes what is missing and leaves what is there, so it may run again at any time: after a crash between the
 * two Secrets, and with a newer version that knows more keys. Only `users.acl` follows from the rest.
 */
export async function generateSecrets(
  api: SecretsApi,
  plan: Plan,
  random: { text: () => string; identity: () => string },
): Promise<void> {
  // First, because the platform's Secret holds the hash of this password.
  const keda = await ensure(api, plan.keda, (found) => ({
    username: 'keda',
    password: found.password ?? random.text(),
  }));
  const platform = await ensure(api, plan.platform, (found) => {
    const make = (key: string) => (key === 'secrets-key' ? random.identity() : random.text());
    const keys = [...generatedKeys, ...toFurtherUsers(plan).map(({ key }) => key), ...(plan.further ?? [])];
    const made = Object.fromEntries(keys.map((key) => [key, found[key] ?? make(key)]));
    const passwords = new Map([
      ['api', made['redis-password'] ?? ''],
      ['keda', keda.password ?? ''],
      ...toFurtherUsers(plan).map(({ user, key }) => [user, made[key] ?? ''] as const),
    ]);
    return {
      ...made,
      'users.acl': toUsers(plan.rules, passwords, 'allkeys allchannels +@all'),
      ...(plan.sentinelRules === undefined
        ? {}
        : { 'sentinel.acl': toUsers(plan.sentinelRules, passwords, 'allchannels +@all') }),
    };
  });
  const { 'flux-receiver-token': token = '' } = platform;
  if (plan.receiver !== undefined) await ensure(api, plan.receiver, () => ({ token }));
}

async function ensure(
  api: SecretsApi,
  reference: SecretReference,
  complete: (found: Data) => Data,
): Promise<Data> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const found = await api.read(reference);
    const wanted = complete(found?.data ?? {});
    if (found === undefined) {
      if (await api.create(reference, wanted)) return wanted;
    } else {
      const missing = Object.entries(wanted).filter(([key, value]) => found.data[key] !== value);
      if (missing.length === 0) return wanted;
      if (await api.add(reference, found.version, Object.fromEntries(missing))) return wanted;
    }
    // Somebody else was faster: look again at what there is now.
  }
  throw new Error(
    `${reference.namespace}/${reference.name} changed 5 times meanwhile; expected nobody else to write it`,
  );
}

/** Redis keeps and compares only a password's hash. `probe` has none: all it can do is ask whether Redis lives. */
function toUsers(rules: Rules, passwords: ReadonlyMap<string, string>, own: string): string {
  const { api, keda, probe, ...others } = rules;
  const entries = Object.entries({ api, keda, ...others });
  return [
    // Nobody can be this user. But Redis loads its append-only file as it, and checks what it may do at
    // each EXEC: one that may nothing loses every script that was acknowledged.
    `user default off resetpass ${own}`,
    ...entries.map(([user, rule]) => `user ${user} on #${sha256(passwords.get(user) ?? '')} ${rule}`),
    `user probe on nopass ${probe}`,
    '',
  ].join('\n');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
