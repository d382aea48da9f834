// All tests share the services and the browser: both are started once.
import { after, describe } from 'node:test';
import { startServices } from './services.js';
import { startBrowser, person } from './browser.js';

const services = await startServices();
const chromium = await startBrowser();
after(async () => {
  await chromium.stop();
  await services.stop();
});
const world = {
  url: services.url,
  hook: services.hook,
  client: services.client,
  as: async (name, options) => person(chromium.browser, services.url, name && (await services.client(name)).cookie, options),
};

const wanted = process.env.PARTS?.split(' ');
for (const part of ['login', 'queue', 'two-people', 'project', 'submit', 'catalog', 'map', 'proposals', 'stats', 'admin', 'layout']) {
  if (wanted && !wanted.includes(part)) continue;
  const { tests } = await import(`./${part}.js`);
  describe(part, () => tests(world));
}
