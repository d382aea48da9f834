// Debian's Chromium, one profile of its own, and pages that tell every fault of script or policy.
import { chromium } from 'playwright-core';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const WAIT_MS = 60000;

export async function startBrowser() {
  const profile = mkdtempSync(path.join(os.tmpdir(), 'jinmu-chromium-'));
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', `--disk-cache-dir=${profile}`] });
  return { browser, stop: async () => {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  } };
}

// A person's own browser window, signed in by `cookie`. `faults` holds what should not have happened in it.
export async function person(browser, url, cookie, { width = 1280, height = 800, scheme = 'light', deaf = false } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, locale: 'zh-CN', acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  page.faults = [];
  page.on('pageerror', (fault) => page.faults.push(String(fault)));
  // A refused request is told by the page itself; its line in the console is no fault.
  page.on('console', (line) => line.type() === 'error' && !/Failed to load resource/.test(line.text()) && page.faults.push(line.text()));
  page.on('dialog', (dialog) => {
    page.faults.push(`a script opened a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.open = async (where, ready) => {
    await page.goto(`${url}/#/${where}`);
    if (ready) await page.locator(ready).first().waitFor();
  };
  if (cookie) {
    const [key, value] = cookie.split(/=(.*)/s);
    await context.addCookies([{ name: key, value, url, httpOnly: true, sameSite: 'Strict' }]);
  }
  // A window that hears no events, as behind a line that broke.
  if (deaf) await context.route('**/api/v1/events*', (route) => route.abort());
  await page.goto(`${url}/`);
  if (cookie) await page.locator('nav a').first().waitFor();
  return page;
}
