// A real Chromium for tests of the dashboard, and a page in it that keeps what it complains of and whom it asks.
import { existsSync } from 'node:fs';
import process from 'node:process';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Everything that is waited for comes within a second; the rest is for machines that have much else to do. */
const DEADLINE_MS = 20_000;

/** Rejects with how to get one where there is none: these tests are never skipped in silence. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new Error(
      `There is no Chromium at ${PLACES.join(', ')}. Install one (Debian: \`apt-get install --no-install-recommends chromium\`), or name it in the variable CHROMIUM.`,
    );
  }
  // Root, as in most containers, has no sandbox.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, args });
}

export interface Watched extends AsyncDisposable {
  readonly page: Page;
  /** What the console and scripts complained of. */
  readonly complaints: readonly string[];
  /** Every address that was asked for. */
  readonly asked: readonly string[];
}

export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(DEADLINE_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => asked.push(request.url()));
  return { page, complaints, asked, [Symbol.asyncDispose]: () => context.close() };
}

/** Resolves when the page follows its sidecar. */
export async function untilLive(page: Page): Promise<void> {
  await page.locator('html[data-link=live]').waitFor();
}
