import type { SecretReference, SecretsApi } from '../../secrets/program/kubernetes.ts';
import type { GiteaApi } from './gitea.ts';

/** What Gitea is to have, by the chart that mounts this program. */
export interface Plan {
  /** Where Gitea is, for who is in the cluster. */
  readonly origin: string;
  /** Who may do everything, and where its password is written down. */
  readonly administrator: { readonly name: string; readonly secret: SecretReference };
  /** Who the api is to Gitea, and where its token is written down. */
  readonly bot: { readonly name: string; readonly secret: SecretReference };
  /** Whom Gitea is to tell of which events. This program has no way there, and needs none. */
  readonly webhook: {
    readonly host: string;
    readonly port: number;
    readonly path: string;
    readonly events: readonly string[];
  };
  /** Flux, which is to hear of pushes: where, and what its path is made of beside its token. */
  readonly receiver?: { readonly host: string; readonly name: string; readonly namespace: string };
  /** People sign in to Bellows with Gitea. Without it they do so elsewhere, or not at all. */
  readonly signIn?: { readonly redirect: string; readonly secret: SecretReference };
  /** To be there, and open to the bot. */
  readonly organizations: readonly string[];
  /** Repositories of elsewhere, which Gitea copies again and again; their owners are among the organisations. */
  readonly mirrors: readonly {
    readonly from: string;
    readonly owner: string;
    readonly name: string;
    readonly everyMinutes: number;
  }[];
}

export interface SetupDeps {
  readonly plan: Plan;
  /** As somebody who may do everything, by a token that is for this run. */
  readonly gitea: GiteaApi;
  readonly secrets: SecretsApi;
  readonly webhookSecret: string;
  /** Of the receiver. */
  readonly receiverToken: string;
  readonly random: () => string;
  readonly hash: (text: string) => string;
  readonly say: (line: string) => void;
}

/** How a token of one run is called (charts/forge/setup.ts makes it). */
export const runTokenPrefix = 'setup-';
const botTokenPrefix = 'api-';
/** As the api looks for it (services/core/access/secrets.ts). */
const botKey = 'forge-gitea';
/** A commit's status, its author, open pull requests; and who it is. */
const botScopes = ['write:repository', 'read:user'];
const appName = 'Bellows';
const teamName = 'bellows';
const teamUnits = { 'repo.code': 'write', 'repo.pulls': 'write', 'repo.releases': 'read' };

/**
 * Makes what is missing in Gitea and leaves what is right, so it may run again at any time. What Gitea tells once, a
 * token or a client's secret, is made, written down, and then what is not written down is removed: a crash between two of
 * these steps costs one more run, and leaves nothing behind that somebody could use.
 */
export async function setUpGitea(deps: SetupDeps): Promise<void> {
  const { plan, say } = deps;
  const administrator = await ensureAdministrator(deps);
  say(`${plan.administrator.name} is the administrator`);
  await ensureBot(deps);
  await ensureBotToken(deps, administrator);
  say(`${plan.bot.name} has a token`);
  await ensureWebhooks(deps);
  say(`every repository tells ${plan.webhook.host}`);
  if (plan.signIn !== undefined) {
    await ensureApplication(deps, administrator, plan.signIn);
    say('people sign in with this Gitea');
  }
  for (const name of plan.organizations) {
    await ensureOrganization(deps, name);
    say(`${plan.bot.name} writes to ${name}`);
  }
  const failed: unknown[] = [];
  for (const mirror of plan.mirrors) {
    // One that is away keeps none of the others from being there.
    await ensureMirror(deps, mirror).catch((error: unknown) => void failed.push(error));
  }
  await forgetTokens(administrator, plan.administrator.name, (name) => name.startsWith(runTokenPrefix));
  if (failed.length > 0)
    throw failed.length === 1 ? failed[0] : new AggregateError(failed, failed.join('; '));
}

/** Its password is written down before Gitea has it: one that nobody knows would lock everybody out. */
async function ensureAdministrator({ plan, gitea, secrets, random }: SetupDeps): Promise<GiteaApi> {
  const { name, secret } = plan.administrator;
  const { password = '' } = await keep(secrets, secret, (found) => ({
    username: name,
    password: found.password ?? random(),
  }));
  const administrator = gitea.as({ username: name, password });
  if (await administrator.knows()) return administrator;
  await gitea.send('PATCH', `/admin/users/${name}`, {
    login_name: name,
    source_id: 0,
    password,
    must_change_password: false,
  });
  return administrator;
}

/** Nobody knows its password: it works by tokens. */
async function ensureBot({ plan, gitea, random }: SetupDeps): Promise<void> {
  const { name } = plan.bot;
  if ((await gitea.find(`/users/${name}`)) !== undefined) return;
  await gitea.send('POST', '/admin/users', {
    username: name,
    email: `${name}@noreply.invalid`,
    full_name: 'Bellows',
    password: random(),
    must_change_password: false,
    visibility: 'limited',
  });
}

async function ensureBotToken(
  { plan, gitea, secrets, random }: SetupDeps,
  administrator: GiteaApi,
): Promise<void> {
  const { name, secret } = plan.bot;
  const { [botKey]: written } = (await secrets.read(secret))?.data ?? {};
  let token = written;
  if (token === undefined || !(await gitea.as({ token }).knows())) {
    const made = await administrator.send('POST', `/users/${name}/tokens`, {
      // Gitea has each name once.
      name: `${botTokenPrefix}${random().slice(0, 8)}`,
      scopes: botScopes,
    });
    const fresh = textOf(made, 'sha1');
    await keep(secrets, secret, () => ({ [botKey]: fresh }));
    token = fresh;
  }
  const last = token.slice(-8);
  await forgetTokens(
    administrator,
    name,
    (other, ending) => other.startsWith(botTokenPrefix) && ending !== last,
  );
}

async function forgetTokens(
  administrator: GiteaApi,
  user: string,
  which: (name: string, ending: string) => boolean,
): Promise<void> {
  const path = `/users/${user}/tokens`;
  for (const each of await administrator.list(path))
    if (which(textOf(each, 'name'), textOf(each, 'token_last_eight')))
      await administrator.send('DELETE', `${path}/${numberOf(each, 'id')}`);
}

interface Webhook {
  /** What its name begins with. */
  readonly prefix: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly secret: string;
}

async function ensureWebhooks(deps: SetupDeps): Promise<void> {
  const { plan, webhookSecret, receiverToken, hash } = deps;
  const { host, port, path, events } = plan.webhook;
  await ensureWebhook(deps, {
    prefix: 'bellows ',
    url: `http://${host}:${port}${path}`,
    events,
    secret: webhookSecret,
  });
  if (plan.receiver === undefined) return;
  const { receiver } = plan;
  await ensureWebhook(deps, {
    prefix: 'flux ',
    // As Flux makes it: notification.toolkit.fluxcd.io/v1, Receiver.
    url: `http://${receiver.host}/hook/${hash(receiverToken + receiver.name + receiver.namespace)}`,
    events: ['push'],
    secret: receiverToken,
  });
}

/**
 * One for all repositories, those of tomorrow as well. Gitea tells no secret and changes none: what it was made of stands
 * in its name, hashed.
 */
async function ensureWebhook(
  { gitea, hash }: SetupDeps,
  { prefix, url, events, secret }: Webhook,
): Promise<void> {
  const name = `${prefix}${hash(JSON.stringify([url, events, secret])).slice(0, 16)}`;
  const ours = (await gitea.list('/admin/hooks?type=system')).filter(
    (hook) => textOf(hook, 'name').startsWith(prefix) || urlOf(hook) === url,
  );
  if (!ours.some((hook) => textOf(hook, 'name') === name))
    await gitea.send('POST', '/admin/hooks', {
      type: 'gitea',
      name,
      active: true,
      events,
      config: { url, content_type: 'json', secret, is_system_webhook: 'true' },
    });
  for (const hook of ours)
    if (textOf(hook, 'name') !== name) await gitea.send('DELETE', `/admin/hooks/${numberOf(hook, 'id')}`);
}

async function ensureApplication(
  { secrets }: SetupDeps,
  administrator: GiteaApi,
  { redirect, secret }: NonNullable<Plan['signIn']>,
): Promise<void> {
  const path = '/user/applications/oauth2';
  const ours = (await administrator.list(path)).filter((app) => textOf(app, 'name') === appName);
  const { 'oidc-client-id': written } = (await secrets.read(secret))?.data ?? {};
  let id = ours
    .filter((app) => isObject(app) && JSON.stringify(app.redirect_uris) === JSON.stringify([redirect]))
    .map((app) => textOf(app, 'client_id'))
    .find((one) => one === written);
  if (id === undefined) {
    const made = await administrator.send('POST', path, {
      name: appName,
      redirect_uris: [redirect],
      confidential_client: true,
      // It is this platform's own; there is nothing to weigh.
      skip_secondary_authorization: true,
    });
    id = textOf(made, 'client_id');
    const pair = { 'oidc-client-id': id, 'oidc-client-secret': textOf(made, 'client_secret') };
    await keep(secrets, secret, () => pair);
  }
  for (const app of ours)
    if (textOf(app, 'client_id') !== id) await administrator.send('DELETE', `${path}/${numberOf(app, 'id')}`);
}

/** The bot may write to all repositories of an organisation, for a commit's status, and administrates none; it sees releases. */
async function ensureOrganization({ plan, gitea }: SetupDeps, name: string): Promise<void> {
  if ((await gitea.find(`/orgs/${name}`)) === undefined)
    await gitea.send('POST', '/orgs', { username: name, visibility: 'private' });
  const teams = await gitea.list(`/orgs/${name}/teams`);
  const found = teams.find((each) => textOf(each, 'name') === teamName);
  const team =
    found ??
    (await gitea.send('POST', `/orgs/${name}/teams`, {
      name: teamName,
      permission: 'write',
      includes_all_repositories: true,
      units_map: teamUnits,
    }));
  // One that an older version made.
  if (!mayDo(team, teamUnits))
    await gitea.send('PATCH', `/teams/${numberOf(team, 'id')}`, { units_map: teamUnits });
  await gitea.send('PUT', `/teams/${numberOf(team, 'id')}/members/${plan.bot.name}`);
}

function mayDo(team: unknown, units: Readonly<Record<string, string>>): boolean {
  const has = isObject(team) && isObject(team.units_map) ? team.units_map : {};
  return Object.entries(units).every(([unit, mode]) => has[unit] === mode);
}

/**
 * A mirror that could not be copied at once stays behind in Gitea: by its name, empty and without an interval, and every
 * further try would be refused. It is taken away first.
 */
async function ensureMirror(
  { gitea, say }: SetupDeps,
  { from, owner, name, everyMinutes }: Plan['mirrors'][number],
): Promise<void> {
  const path = `/repos/${owner}/${name}`;
  const interval = toInterval(everyMinutes);
  const found = await gitea.find(path);
  if (isObject(found) && found.mirror !== true)
    throw new Error(`${owner}/${name} is no mirror; expected nothing of that name, or a mirror of ${from}`);
  const isThere = isObject(found) && found.mirror_interval !== '' && found.original_url === from;
  if (isThere && found.mirror_interval !== interval)
    await gitea.send('PATCH', path, { mirror_interval: interval });
  if (!isThere) {
    if (found !== undefined) await gitea.send('DELETE', path);
    await gitea.send('POST', '/repos/migrate', {
      clone_addr: from,
      repo_owner: owner,
      repo_name: name,
      service: 'git',
      mirror: true,
      mirror_interval: interval,
      private: true,
      lfs: true,
    });
  }
  say(`${owner}/${name} is a mirror of ${from}`);
}

/** As Gitea says it: `10m0s`, `1h0m0s`. */
function toInterval(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  return `${hours === 0 ? '' : `${hours}h`}${minutes % 60}m0s`;
}

/** Makes the Secret, or adds to it; keys that it does not speak of stay. */
async function keep(
  secrets: SecretsApi,
  reference: SecretReference,
  complete: (found: Readonly<Record<string, string>>) => Record<string, string>,
): Promise<Record<string, string>> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const found = await secrets.read(reference);
    const wanted = complete(found?.data ?? {});
    if (found === undefined) {
      if (await secrets.create(reference, wanted)) return wanted;
    } else {
      const changed = Object.entries(wanted).filter(([key, value]) => found.data[key] !== value);
      if (changed.length === 0) return wanted;
      if (await secrets.add(reference, found.version, Object.fromEntries(changed))) return wanted;
    }
    // Somebody else was faster: look again at what there is now.
  }
  throw new Error(`${reference.namespace}/${reference.name} changed 5 times meanwhile`);
}

function urlOf(hook: unknown): string | undefined {
  const config = isObject(hook) ? hook.config : undefined;
  return isObject(config) && typeof config.url === 'string' ? config.url : undefined;
}

function textOf(value: unknown, key: string): string {
  const found = isObject(value) ? value[key] : undefined;
  if (typeof found !== 'string') throw new Error(`expected a text "${key}" in what Gitea answered`);
  return found;
}

function numberOf(value: unknown, key: string): number {
  const found = isObject(value) ? value[key] : undefined;
  if (typeof found !== 'number') throw new Error(`expected a number "${key}" in what Gitea answered`);
  return found;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
