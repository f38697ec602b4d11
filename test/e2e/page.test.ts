import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { apiConfigSchema } from '../../services/api/config.ts';
import { openApi } from '../../services/api/open.ts';
import type { ApiServer } from '../../services/api/server.ts';
import { createToken, hashToken } from '../../services/core/access/index.ts';
import type { JobSpec } from '../../services/core/job/index.ts';
import { createLog } from '../../services/core/log/index.ts';
import { createQueue, type Queue } from '../../services/core/queue/index.ts';
import { readConfig } from '../../services/core/runtime/index.ts';
import { hasChromium, openBrowser, openWindow } from '../support/browser.ts';
import { freePort } from '../support/git-remote.ts';
import { toNewJob, toRequest, toSpec } from '../support/job.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** The pages as a person sees them: the real api on a real Redis, in a real browser. */

const hostile = '</pre></script><script>alert(1)</script><img src=x onerror=alert(2)>\u202egnp';

(hasChromium() ? describe : describe.skip)('in a browser', () => {
  const launcher = createToken();
  let redis: TestRedis;
  let queue: Queue;
  let browser: Browser;
  let api: ApiServer;
  let open: () => Promise<ApiServer>;
  let url: string;
  let windows: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    queue = createQueue({ commands: await redis.connect(), leaseMs: 30_000 });
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const config = readConfig(apiConfigSchema, {
      BELLOWS_LISTEN: `127.0.0.1:${port}`,
      BELLOWS_PUBLIC_URL: url,
      BELLOWS_REDIS_URL: redis.url,
      BELLOWS_REDIS_USER: 'default',
      BELLOWS_SECRETS_DIR: '/nowhere',
    });
    const secrets = {
      roles: { launcher: hashToken(launcher) },
      webhooks: { local: [], gitea: [], github: [] },
      exposed: [],
    };
    open = () => openApi({ config, secrets, log: createLog('test', 'silent') });
    [api, browser] = await Promise.all([open(), openBrowser()]);
  });
  afterEach(async () => {
    await Promise.all(windows.map((window) => window.close()));
    windows = [];
  });
  afterAll(async () => {
    await browser.close();
    await api.stop();
    await redis.stop();
  });

  /** A job that runs, and what its agent does. */
  async function start(spec: Partial<JobSpec> = {}) {
    const pool = `pool-${randomUUID().slice(0, 8)}`;
    await queue.enqueue(toRequest([toNewJob({ spec: toSpec(spec), pool })]));
    const claim = await queue.claim({ pool, agent: pool, tokenHash: hashToken(createToken()) });
    if (claim === undefined) throw new Error('the job was not given out');
    const { job: id, fence } = claim;
    let n = 0;
    return {
      path: `/jobs/${id}`,
      step: (name: string, state: 'pending' | 'running' | 'success' | 'failure', exitCode?: number) =>
        queue.step(id, fence, { name, state, ...(exitCode === undefined ? {} : { exitCode }) }),
      write: async (step: string, bytes: string | Uint8Array) => {
        n += 1;
        await queue.appendLog(id, fence, n, step, Buffer.from(bytes));
      },
      end: (outcome: 'success' | 'failure', reason?: string) =>
        queue.complete(id, fence, { outcome, ...(reason === undefined ? {} : { reason }) }),
    };
  }

  /** The address that a terminal prints. */
  async function toAddress(path: string): Promise<string> {
    const response = await fetch(`${url}/api/v1/page-codes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${launcher}`, 'content-type': 'application/json' },
      body: JSON.stringify({ path }),
    });
    return ((await response.json()) as { url: string }).url;
  }

  async function see(path: string, options: BrowserContextOptions = {}) {
    const window = await openWindow(browser, options);
    windows.push(window);
    const { page, faults } = window;
    await page.goto(await toAddress(path));
    const text = (name: string) => page.locator(`[data-${name}]`).textContent();
    return { page, faults, text, log: () => text('log') };
  }

  test('the explorer asks the api what a form says, and nobody else', async () => {
    await start({ branch: 'explored' });
    const { page, faults } = await see('/api/v1/docs');
    await page.locator('[data-find]').fill('jobs, newest first');
    expect(await page.locator('[data-operation]:visible').count()).toBe(1);
    const operation = page.locator('#listJobs');
    await operation.locator('summary').click();
    await operation.locator('input[name=branch]').fill('explored');
    await operation.locator('button').click();
    await operation.locator('[data-answer]', { hasText: '"branch": "explored"' }).waitFor();
    expect(await operation.locator('[data-status]').textContent()).toBe(
      'GET /api/v1/jobs?branch=explored: 200',
    );
    await operation.locator('input[name=limit]').fill('0');
    await operation.locator('button').click();
    await operation.locator('[data-answer]', { hasText: '"title": "Bad Request"' }).waitFor();
    expect(faults).toEqual([]);
  });

  test('the address from a terminal opens the page once, and is nothing to whoever finds it later', async () => {
    const { path } = await start();
    const address = await toAddress(path);
    const [first, second] = [await openWindow(browser), await openWindow(browser)];
    windows.push(first, second);
    expect((await first.page.goto(address))?.status()).toBe(200);
    expect(first.page.url()).toBe(`${url}${path}`);
    expect((await second.page.goto(address))?.status()).toBe(401);
    expect(await second.page.locator('body').innerText()).toContain('bellows open');
    expect((await first.page.reload())?.status()).toBe(200);
  });

  test('an open page follows its job: state, steps and log, in the window’s title too, without loading again', async () => {
    const job = await start();
    const { page, faults, text, log } = await see(job.path);
    await until(async () => (await text('state')) === 'running');
    expect(await page.title()).toBe('running: ada/engine main');
    await page.evaluate('window.sameDocument = true');
    await job.step('build', 'running');
    await job.write('build', 'turning the \u001b[1mcrank\u001b[0m\n');
    await until(async () => (await log()) === 'turning the crank\n');
    expect(await page.locator('[data-steps] li').allInnerTexts()).toEqual([
      expect.stringMatching(/^build\s+running\s+\d s$/),
    ]);
    await job.step('build', 'failure', 2);
    await job.end('failure', 'step "build" failed with exit code 2');
    await until(async () => (await page.title()) === 'failure: ada/engine main');
    expect(await text('reason')).toBe('step "build" failed with exit code 2');
    expect(await page.locator('[data-steps] li').innerText()).toMatch(/^build\s+failure 2\s+\d s$/);
    expect([await page.evaluate('window.sameDocument'), faults]).toEqual([true, []]);
  });

  test('what others wrote is text: in the log, subject, branch, steps and reason nothing runs', async () => {
    const job = await start({ subject: hostile, branch: hostile, author: hostile });
    await job.step(hostile, 'running');
    await job.write(hostile, `\n\u001b]0;evil\u0007\u001b[2Jbefore ${hostile}\n`);
    const { page, faults, text, log } = await see(job.path);
    await job.write(hostile, `after ${hostile}\n`);
    await until(async () => (await log())?.includes('after'));
    const shown = hostile.replace('\u202e', '\ufffd');
    expect(await log()).toBe(`\nbefore ${shown}\nafter ${shown}\n`);
    expect(await text('subject')).toBe(shown);
    expect(await page.title()).toBe(`running: ada/engine ${shown}`);
    await job.end('failure', hostile);
    await until(async () => (await text('reason')) === shown);
    expect(await page.locator('img, script').count()).toBe(1);
    await page.goto(url);
    expect(await page.locator('li').first().innerText()).toContain(shown);
    expect([await page.locator('img, script').count(), faults]).toEqual([0, []]);
  });

  test('10 MB in one line leave the page alive: it keeps the end, and says so', async () => {
    const job = await start();
    const chunk = 'x'.repeat(64 * 1024);
    for (let i = 0; i < 20; i++) await job.write('build', chunk);
    const { page, log } = await see(job.path);
    for (let i = 0; i < 140; i++) await job.write('build', chunk);
    await job.write('build', 'the end\n');
    await until(async () => (await log())?.endsWith('the end\n'));
    expect((await log())?.length).toBeLessThanOrEqual(400_000);
    expect(await page.evaluate('innerHeight + scrollY')).toBeGreaterThan(
      Number(await page.evaluate('document.documentElement.scrollHeight')) - 40,
    );
    expect(await page.locator('[data-cut]').isVisible()).toBe(true);
    const begun = performance.now();
    await page.locator('a').first().click();
    await page.waitForURL(`${url}/`);
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  test('an api that begins anew is found again, and the log goes on with nothing lost or doubled', async () => {
    const job = await start();
    await job.write('build', Buffer.from('one ü').subarray(0, 5));
    const { faults, text, log } = await see(job.path);
    await until(async () => (await log()) === 'one ');
    const begun = performance.now();
    await api.stop();
    expect(performance.now() - begun).toBeLessThan(2000);
    await until(async () => (await text('line')) !== '');
    // What a gateway says where nobody is behind it: browsers do not come back from that by themselves.
    const gateway = createServer((_request, response) => response.writeHead(502).end());
    gateway.listen(Number(new URL(url).port), '127.0.0.1');
    await once(gateway, 'request');
    gateway.closeAllConnections();
    await new Promise((resolve) => gateway.close(resolve));
    await job.write('build', Buffer.from('ü').subarray(1));
    await job.write('build', ' two\n');
    api = await open();
    await job.write('build', 'three\n');
    await until(async () => (await log())?.endsWith('three\n'));
    expect([await log(), await text('line'), faults]).toEqual(['one ü two\nthree\n', '', []]);
  });

  test('without JavaScript it shows the state, the steps and the log so far', async () => {
    const job = await start();
    await job.step('build', 'success');
    await job.step('test', 'running');
    await job.write('build', '\nbuilt\n');
    await job.write('test', 'testing\n');
    const { page, text, log } = await see(job.path, { javaScriptEnabled: false });
    expect([await text('state'), await log()]).toEqual(['running', '\nbuilt\ntesting\n']);
    // It loads itself anew while there is more to come.
    expect(await page.locator('meta[http-equiv=refresh]').count()).toBe(1);
    expect(await page.locator('[data-steps] li').allInnerTexts()).toEqual([
      expect.stringMatching(/^build\s+success/),
      expect.stringMatching(/^test\s+running/),
    ]);
  });

  const phone = { viewport: { width: 390, height: 844 }, isMobile: true, deviceScaleFactor: 2 };
  const desk = { viewport: { width: 1280, height: 800 } };
  test.each([
    ['a phone, light', { ...phone, colorScheme: 'light' }],
    ['a phone, dark', { ...phone, colorScheme: 'dark' }],
    ['a desk, light', { ...desk, colorScheme: 'light' }],
    ['a desk, dark', { ...desk, colorScheme: 'dark' }],
  ] as const)('on %s, all is readable and nothing stands over the side', async (_name, options) => {
    const long = 'feature/a-very-long-branch-name-without-any-place-to-break_'.repeat(4);
    const job = await start({ subject: `Turn the crank ${long}`, branch: long, author: 'Ada Lovelace' });
    await job.step('install', 'success');
    await job.step(`lint ${long.slice(0, 120)}`, 'failure', 1);
    await job.step('test', 'running');
    await job.step('publish', 'pending');
    for (let i = 1; i <= 30; i++) await job.write('test', `ok ${i} - turns\tthe crank ${i} times\n`);
    await job.write('test', `${long}\n${'─'.repeat(300)}\n日本語 and 👍\n`);
    const { page, log } = await see(job.path, options);
    await until(async () => (await log())?.includes('👍'));
    for (const place of [job.path, '/']) {
      if (place === '/') await page.goto(url);
      expect(await page.evaluate(findUnreadable)).toEqual([]);
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect(width).toBeLessThanOrEqual(options.viewport.width);
    }
  });
});

/**
 * Text smaller than 12 px, or with less contrast than 4.5:1 (WCAG 2.2, 1.4.3). Colours are read from a
 * canvas: the sheet mixes them from those of the system.
 */
const findUnreadable = `(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const probe = document.body.appendChild(document.createElement('i'));
  probe.style.setProperty('background-color', 'Canvas');
  const ground = getComputedStyle(probe).backgroundColor;
  probe.remove();
  const luminance = (...colors) => {
    for (const color of colors) {
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
    }
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const grounds = (element) =>
    element === null ? [ground] : [...grounds(element.parentElement), getComputedStyle(element).backgroundColor];
  const found = [];
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join('');
    if (own === '' || element.checkVisibility() === false) continue;
    const { color, fontSize } = getComputedStyle(element);
    const below = grounds(element);
    const [dark, bright] = [luminance(...below), luminance(...below, color)].sort((a, b) => a - b);
    const contrast = (bright + 0.05) / (dark + 0.05);
    if (parseFloat(fontSize) < 12 || contrast < 4.5) found.push(own.slice(0, 40) + ': ' + fontSize + ', ' + contrast.toFixed(2));
  }
  return found;
})()`;
