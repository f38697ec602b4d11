import { hostname, userInfo } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Transport } from '../../core/client/index.ts';
import { type Me, type PersonRole, personRoles } from '../../core/job/index.ts';
import { type Context, withClient } from '../context.ts';
import { toDay } from '../day.ts';
import { addExamples } from '../examples.ts';
import { CommandError, exitCodes } from '../failure.ts';
import { toJson } from '../json.ts';
import { withProgress } from '../progress.ts';
import { toText } from '../table.ts';
import { toTerminal } from '../terminal.ts';

const urlOption = ['--url <address>', 'of its api, such as https://bellows.example.org'] as const;

export function configureLogin(command: Command, context: Context): void {
  command
    .description(
      'Signs in at a Bellows that has an identity provider: prints a code and an address, and waits until you have confirmed the code in a browser, on whatever machine. The token, good for 30 days, is kept in ~/.config/bellows for you alone; from then on all commands speak to that Bellows.',
    )
    .option(...urlOption, parseUrl)
    .addOption(new Option('--role <role>', 'at most this role (default: yours)').choices(personRoles))
    .action(async ({ url, role }: { url?: string; role?: PersonRole }) => {
      const origin = await toOrigin(context, url);
      const { createTransport, readLogins, writeLogins } = await import('../../core/client/index.ts');
      const transport = createTransport({ url: origin });
      try {
        const token = await signIn(context, transport, role);
        const { logins } = await readLogins(context.env);
        const expiresAt = context.now() + token.expires_in * 1000;
        await writeLogins(context.env, {
          current: origin,
          logins: { ...logins, [origin]: { token: token.access_token, expiresAt } },
        });
        context.stdout.write(
          `Signed in at ${origin}, with the role ${token.scope}, until ${toDay(expiresAt)}.\n`,
        );
      } finally {
        transport.close();
      }
    });
  addExamples(
    command,
    { line: './bellows login --url https://bellows.example.org' },
    { line: './bellows login --role view', does: 'a token that only looks' },
  );
}

export function configureLogout(command: Command, context: Context): void {
  command
    .description(
      'Revokes the token that login was given, and forgets it. Commands then speak to the Bellows of this machine again.',
    )
    .option(...urlOption, parseUrl)
    .action(async ({ url }: { url?: string }) => {
      const { readLogins, writeLogins } = await import('../../core/client/index.ts');
      const { current, logins } = await readLogins(context.env);
      const origin = url ?? current;
      const login = origin === undefined ? undefined : logins[origin];
      if (origin === undefined || login === undefined)
        throw new CommandError(exitCodes.failure, 'not signed in anywhere: see ./bellows login --help');
      const revoked = await revoke(origin, login.token);
      const { [origin]: _, ...others } = logins;
      await writeLogins(context.env, { ...(current === origin ? {} : { current }), logins: others });
      context.stdout.write(`Signed out of ${origin}.\n`);
      if (!revoked)
        context.stderr.write(
          `bellows: it did not answer, so the token is good there until ${toDay(login.expiresAt)}; ./bellows token revoke ends it sooner\n`,
        );
    });
  addExamples(command, { line: './bellows logout' });
}

export function configureWhoami(command: Command, context: Context): void {
  command
    .description('Shows who you are, what you may do, and which Bellows says so.')
    .option('--json', "the api's answer, for scripts: actor, name, role, repositories, token, expiresAt")
    .action(async (options: { json?: true }) => {
      const { readAddress } = await import('../../core/client/index.ts');
      const { api } = await readAddress(context.env);
      const me = await withClient(context, (client) => client.me());
      context.stdout.write(options.json === true ? toJson(me) : toLines(context, me, api));
    });
  addExamples(command, { line: './bellows whoami' });
}

async function signIn(context: Context, transport: Transport, role: PersonRole | undefined) {
  const { beginDeviceSignIn, untilSignedIn } = await import('../../core/client/index.ts');
  const device = `${userInfo().username}@${hostname()}`;
  const asked = await beginDeviceSignIn(transport, { device, role });
  const terminal = toTerminal(context.env, context.stderr);
  context.stderr.write(
    `Open ${toText(asked.verification_uri_complete, terminal)}\nand confirm this code:  ${terminal.style(toText(asked.user_code, terminal), 'bold')}\n`,
  );
  const signal = await context.untilInterrupted();
  return withProgress(context, 'waiting for you', () => untilSignedIn(transport, asked, { signal }));
}

/** False where the api did not answer; a token that it no longer knows is revoked already. */
async function revoke(url: string, token: string): Promise<boolean> {
  const { ApiError, createApiClient, UnreachableError } = await import('../../core/client/index.ts');
  const client = createApiClient({ url, token });
  try {
    const { token: name } = await client.me();
    if (name !== undefined) await client.revokeToken(name);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) return true;
    if (error instanceof ApiError || error instanceof UnreachableError) return false;
    throw error;
  } finally {
    client.close();
  }
}

/** What was said, or whichever Bellows commands speak to now. */
async function toOrigin(context: Context, url: string | undefined): Promise<string> {
  if (url !== undefined) return url;
  const { readAddress, readLogins } = await import('../../core/client/index.ts');
  const { current } = await readLogins(context.env);
  const known = context.env.BELLOWS_URL ?? current ?? (await readAddress(context.env)).api;
  const { origin, problem } = checkUrl(known);
  if (origin !== undefined) return origin;
  throw new CommandError(exitCodes.usage, `${known}: ${problem}`);
}

function toLines(context: Context, me: Me, api: string): string {
  const terminal = toTerminal(context.env, context.stdout);
  const who = me.name === undefined ? me.actor : `${me.name} (${me.actor})`;
  const limit = me.repositories === undefined ? '' : `, of ${me.repositories.join(', ')} only`;
  const until = me.expiresAt === undefined ? '' : `, until ${toDay(me.expiresAt)}`;
  return `${toText(who, terminal)}\n${me.role} at ${api}${limit}${until}\n`;
}

function parseUrl(text: string): string {
  const { origin, problem } = checkUrl(text);
  if (origin !== undefined) return origin;
  throw new InvalidArgumentError(problem);
}

function checkUrl(text: string): { origin: string; problem?: never } | { origin?: never; problem: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    return { problem: 'Expected an address such as https://bellows.example.org.' };
  // The code and the token would be everybody's to read on the way.
  if (url.protocol === 'http:' && !['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname))
    return { problem: 'Expected https: over http a token would travel in the clear.' };
  return { origin: url.origin };
}
