import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Report, ReportError, readReport } from '../../../../services/core/report/index.ts';

async function* parts(text: string | Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const read = (text: string | Uint8Array, size?: number): Promise<Report> => readReport(parts(text, size));
const readTests = async (text: string) => {
  const report = await read(text);
  if (report.kind !== 'junit') throw new TypeError(`read as ${report.kind}`);
  return report.tests;
};

const junit = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="99" failures="98">
  <testsuite name="a"><testcase classname="a" name="a::one" time="0.1"/>
    <testcase classname="tests.login" name="refuses &lt;script&gt;"><failure message="no &amp; no"><![CDATA[<testcase/>]]></failure></testcase>
    <testcase classname="b" name="two"><skipped message="later"/></testcase>
    <testcase classname="c" name="three"><error/><failure/></testcase>
  </testsuite>
  <testsuite name="nested"><testsuite name="deeper">
    <testcase name="four"><flakyFailure/><system-out>x</system-out></testcase>
    <testcase name="five" status="notrun"/>
  </testsuite></testsuite>
</testsuites>`;

describe('JUnit', () => {
  test('test cases are counted, not what suites say of their number', async () => {
    expect(await readTests(junit)).toEqual({
      passed: 2,
      failed: 2,
      skipped: 2,
      failing: ['tests.login > refuses <script>', 'c > three'],
    });
  });

  test('it is the same however the bytes are cut, within a character too', async () => {
    const whole = await read(`${junit.replace('five', 'fünf ☃')}`);
    for (const size of [1, 2, 3, 7]) expect(await read(junit.replace('five', 'fünf ☃'), size)).toEqual(whole);
  });

  test('a lone suite, a BOM and a document type are as good', async () => {
    const text =
      '\uFEFF<!DOCTYPE testsuite SYSTEM "http://127.0.0.1:1/x.dtd"><testsuite><testcase name="a"/></testsuite>';
    expect(await readTests(text)).toMatchObject({ passed: 1, failed: 0 });
  });

  test('a name is one short line that can steer no terminal', async () => {
    const name = `\u202Eevil&#x9b;31m&#10;\x1b[2J ${'x'.repeat(500)}&#x2028;end`;
    const { failing } = await readTests(
      `<testsuite><testcase name="${name}"><failure/></testcase><testcase><error/></testcase></testsuite>`,
    );
    expect(failing[0]).toMatch(/^….*end$/u);
    expect([...(failing[0] ?? '')].length).toBe(150);
    expect(failing.join('')).not.toMatch(/[\p{C}\p{Zl}]/u);
    expect(failing[1]).toBe('a test without a name');
  });

  test('fifty names are kept, and all are counted', async () => {
    const cases = '<testcase name="t"><failure/></testcase>'.repeat(20_000);
    const tests = await readTests(`<testsuite>${cases}</testsuite>`);
    expect([tests.failed, tests.failing.length]).toEqual([20_000, 50]);
  });

  test('a message of 200 KB in an attribute is read', async () => {
    const text = `<testsuite><testcase name="t"><failure message="${'m'.repeat(200_000)}"/></testcase></testsuite>`;
    expect(await readTests(text)).toMatchObject({ failed: 1 });
  });
});

test('no entity of a report’s own is looked at, nor any that XML itself has not', async () => {
  for (const name of ['&own;', '&nbsp;', '&amp;own;&own;'])
    await expect(
      read(`<!DOCTYPE x [<!ENTITY own "ha">]><testsuite><testcase name="${name}"/></testsuite>`),
    ).rejects.toBeInstanceOf(ReportError);
});

describe('hostile XML', () => {
  const laughs = `<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>`;
  test.each([
    ['an entity of its own', laughs],
    [
      'a file of this machine',
      '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite name="&a;"/>',
    ],
    ['a hundred thousand levels', `<testsuite>${'<a>'.repeat(100_000)}`],
    ['an attribute without an end', `<testsuite name="${'x'.repeat(4_000_000)}`],
    ['an open end', '<testsuites><testsuite>'],
    ['a character that XML has not', '<testsuite name="&#27;"/>'],
    ['text', 'hello'],
    ['nothing', ''],
    ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])],
    ['a line without an end', `SF:${'x'.repeat(200_000)}`],
    ['UTF-16', Buffer.from(`\uFEFF${junit}`, 'utf16le')],
  ])('%s is refused', async (_, text) => {
    await expect(read(text)).rejects.toBeInstanceOf(ReportError);
  });

  test('XML about something else is no report, and no error', async () => {
    expect(await read('<project><version>1</version></project>')).toEqual({ kind: 'other' });
  });

  test('whatever a file holds, it is read or refused', async () => {
    const piece = fc.constantFrom(
      '<testsuite>',
      '</testsuite>',
      '<testcase name="',
      '"/>',
      '<coverage>',
      '<line hits="',
      ']]>',
      '<![CDATA[',
      '&#x41;',
      '<!--',
      'SF:a\n',
      'DA:1,1\n',
      '\0',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(piece, fc.string())), async (pieces) => {
        await read(pieces.join('')).catch((error: unknown) => expect(error).toBeInstanceOf(ReportError));
      }),
      { numRuns: 300 },
    );
  });
});

describe('coverage', () => {
  test('LCOV counts each line of a source once, however many tests ran it', async () => {
    const text = ['TN:a', 'SF:x.c', 'DA:1,0', 'DA:2,5,abc', 'LF:2', 'LH:1', 'end_of_record']
      .concat(
        'TN:b',
        'SF:x.c',
        'DA:1,3',
        'DA:3,0',
        'end_of_record',
        'SF:y.c',
        'LF:10',
        'LH:4',
        'end_of_record',
      )
      .join('\r\n');
    expect(await read(text)).toEqual({ kind: 'lcov', coverage: { covered: 6, total: 13 } });
    expect(await read(text, 3)).toEqual(await read(text));
  });

  const lines =
    '<packages><package><classes><class><methods><method><lines><line number="1" hits="1"/></lines></method></methods><lines><line number="1" hits="1"/><line number="2" hits="0"/></lines></class></classes></package></packages>';

  test('Cobertura is taken by its sums', async () => {
    const text = `<coverage line-rate="0.5" lines-covered="5" lines-valid="10">${lines}</coverage>`;
    expect(await read(text)).toEqual({ kind: 'cobertura', coverage: { covered: 5, total: 10 } });
  });

  test.each(['', ' lines-covered="11" lines-valid="10"', ' lines-covered="-1" lines-valid="1e99"'])(
    'Cobertura with the sums "%s" is counted by its lines',
    async (sums) => {
      const report = await read(`<coverage${sums}>${lines}</coverage>`);
      expect(report).toEqual({ kind: 'cobertura', coverage: { covered: 1, total: 2 } });
    },
  );

  test('Clover, which begins like Cobertura, is refused', async () => {
    const text = '<coverage generated="1"><project><metrics statements="1"/></project></coverage>';
    await expect(read(text)).rejects.toThrow('another kind than Cobertura');
  });
});
