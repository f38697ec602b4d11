import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { apiConfigSchema } from '../../services/api/config.ts';
import { openApi } from '../../services/api/open.ts';
import type { ApiServer } from '../../services/api/server.ts';
import {
  beginDeviceSignIn,
  createApiClient,
  createTransport,
  untilSignedIn,
} from '../../services/core/client/index.ts';
import { createLog } from '../../services/core/log/index.ts';
import { readConfig } from '../../services/core/runtime/index.ts';
import { hasChromium, openBrowser, openWindow } from '../support/browser.ts';
import { freePort } from '../support/git-remote.ts';
import { type IdentityProvider, startIdentityProvider } from '../support/identity-provider.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

/** Signing in and out as a person does: a real browser, a real provider, the api on a real Redis. */

(hasChromium() ? describe : describe.skip)('in a browser', () => {
  let redis: TestRedis;
  let provider: IdentityProvider;
  let api: ApiServer;
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    [redis, provider, browser] = await Promise.all([
      startRedis(),
      startIdentityProvider(`${url}/sign-in/callback`),
      openBrowser(),
    ]);
    const config = readConfig(apiConfigSchema, {
      BELLOWS_LISTEN: `127.0.0.1:${port}`,
      BELLOWS_PUBLIC_URL: url,
      BELLOWS_REDIS_URL: redis.url,
      BELLOWS_REDIS_USER: 'default',
      BELLOWS_SECRETS_DIR: '/nowhere',
      BELLOWS_OIDC_ISSUER: provider.issuer,
      BELLOWS_OIDC_CLIENT_ID: provider.client.id,
      BELLOWS_OIDC_ROLES: 'trigger=group:acme:owners',
      BELLOWS_OIDC_SCOPES: 'openid profile groups',
    });
    const secrets = {
      roles: {},
      webhooks: { local: [], gitea: [], github: [] },
      oidcClientSecret: provider.client.secret,
      exposed: [],
    };
    api = await openApi({ config, secrets, log: createLog('test', 'silent') });
  });
  afterAll(async () => {
    await browser.close();
    await api.stop();
    await provider.close();
    await redis.stop();
  });

  test('a page leads to the provider and back, says who is signed in, and lets them sign out', async () => {
    const { page, faults, close } = await openWindow(browser);
    await page.goto(url);
    expect(page.url()).toBe(`${url}/`);
    await page.getByRole('link', { name: 'ada' }).click();
    expect(await page.getByRole('heading').textContent()).toBe('ada');
    expect(await page.getByText('this browser').count()).toBe(1);
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    expect(await page.getByRole('heading').textContent()).toBe('You are signed out.');
    expect(await page.context().cookies(url)).not.toContainEqual(
      expect.objectContaining({ name: 'bellows_session' }),
    );
    await page.getByRole('link', { name: 'Sign in' }).click();
    expect(await page.getByRole('link', { name: 'ada' }).count()).toBe(1);
    expect(faults).toEqual([]);
    await close();
  });

  test('a code that a terminal shows is confirmed after signing in, and the terminal is who confirmed', async () => {
    const transport = createTransport({ url });
    const asked = await beginDeviceSignIn(transport, { device: 'ada@laptop' });
    const { page, faults, close } = await openWindow(browser, { viewport: { width: 360, height: 640 } });
    await page.goto(asked.verification_uri_complete);
    expect(await page.locator('.code').textContent()).toBe(asked.user_code);
    const wide = await page.evaluate(
      'document.documentElement.scrollWidth > document.documentElement.clientWidth',
    );
    expect(wide).toBe(false);
    await page.getByRole('button', { name: 'Allow' }).click();
    expect(await page.getByRole('heading').textContent()).toBe('Your terminal is signed in.');
    const token = await untilSignedIn(transport, asked, { wait: async () => undefined });
    const client = createApiClient({ url, token: token.access_token });
    expect(await client.me()).toMatchObject({ actor: 'user:oidc:7', name: 'ada', role: 'trigger' });
    client.close();
    transport.close();
    expect(faults).toEqual([]);
    await close();
  });

  test('the code can be typed, and a refused terminal gets nothing', async () => {
    const transport = createTransport({ url });
    const asked = await beginDeviceSignIn(transport, { device: 'eve@elsewhere' });
    const { page, faults, close } = await openWindow(browser);
    await page.goto(asked.verification_uri);
    await page.getByLabel('The code').fill(asked.user_code.toLowerCase());
    await page.getByRole('button', { name: 'Go on' }).click();
    expect(await page.getByText('eve@elsewhere').count()).toBe(1);
    await page.getByRole('button', { name: 'Refuse' }).click();
    expect(await page.getByRole('heading').textContent()).toBe('Refused: it gets nothing.');
    const waiting = untilSignedIn(transport, asked, { wait: async () => undefined });
    await expect(waiting).rejects.toMatchObject({ code: 'access_denied' });
    transport.close();
    expect(faults).toEqual([]);
    await close();
  });
});
