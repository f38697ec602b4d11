import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const program = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Says so where there is none: what needs it is then skipped, and counted as skipped. */
export function hasChromium(): boolean {
  if (existsSync(program)) return true;
  process.stderr.write(`skipped: the pages in a browser (${program} is not there; CHROMIUM names another)\n`);
  return false;
}

/** The machine's own chromium with a profile of its own, which asks nobody but us for anything. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: program,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A window of its own, without cookies, and all that went wrong in it or that it asked others for. */
export async function openWindow(browser: Browser, options: BrowserContextOptions = {}) {
  const context = await browser.newContext(options);
  const page: Page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => undefined);
  });
  page.on('console', (message) => {
    // A violation of the policy is an error here; what the network did is told by the page itself.
    const text = message.text();
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) faults.push(text);
  });
  page.on('request', (request) => {
    if (!/^(?:http:\/\/127\.0\.0\.1:|data:)/.test(request.url())) faults.push(`asked for ${request.url()}`);
  });
  return { page, faults, close: () => context.close() };
}
