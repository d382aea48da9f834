// A reporter for node --test: a line a test, the fault of those that fail, and the sum as tests/run.sh says it.
const firstLines = (error) => String(error?.cause?.stack ?? error?.stack ?? error).split('\n').slice(0, 14).map((l) => `       ${l}`).join('\n');

export default async function* report(events) {
  let passed = 0;
  let failed = 0;
  for await (const { type, data } of events) {
    if (type === 'test:stdout' || type === 'test:stderr') yield data.message;
    if (!['test:pass', 'test:fail'].includes(type) || data.details?.type === 'suite') continue;
    // A file that fails as a whole is reported as one test.
    if (data.nesting === 0 && type === 'test:pass') continue;
    const ok = type === 'test:pass';
    if (ok) passed += 1;
    else failed += 1;
    yield `${data.skip ? 'skip' : ok ? 'ok  ' : 'FAIL'} ${data.name} (${Math.round(data.details.duration_ms)} ms)\n`;
    if (!ok) yield `${firstLines(data.details.error)}\n`;
  }
  yield `${passed} passed, ${failed} failed\n`;
}
