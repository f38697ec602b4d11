import { createCoberturaReader } from './cobertura.ts';
import { createJunitReader } from './junit.ts';
import { createLcovReader } from './lcov.ts';
import type { Report } from './report.ts';
import { ReportError } from './report-error.ts';
import { createXmlParser, type XmlReader } from './xml.ts';

/**
 * Reads a file by what it is, whatever its name: JUnit XML, Cobertura XML or an LCOV tracefile.
 *
 * @throws ReportError where it is none, or broken.
 */
export async function readReport(parts: AsyncIterable<Uint8Array>): Promise<Report> {
  // A byte that is no UTF-8 stands in a name, and is shown as such.
  const decoder = new TextDecoder();
  let reading: Reading | undefined;
  let head = '';
  for await (const part of parts) {
    const text = decoder.decode(part, { stream: true });
    if (reading !== undefined) {
      reading.write(text);
      continue;
    }
    head += text;
    // As long as nothing but space was seen, it can be either.
    if (head.length < mostHead && head.trimStart() === '') continue;
    reading = head.trimStart().startsWith('<') ? readXml() : readLcov();
    reading.write(head.trimStart());
  }
  const rest = decoder.decode();
  reading ??= readLcov();
  if (rest !== '') reading.write(rest);
  return reading.end();
}

interface Reading {
  write(text: string): void;
  end(): Report;
}

const mostHead = 1000;

/** The first element says which kind. */
function readXml(): Reading {
  let reader: XmlReader | undefined;
  let toReport = (): Report => ({ kind: 'other' });
  const choose = (root: string): XmlReader => {
    if (root === 'testsuites' || root === 'testsuite') {
      const junit = createJunitReader();
      toReport = () => ({ kind: 'junit', tests: junit.tests });
      return junit;
    }
    if (root === 'coverage') {
      const cobertura = createCoberturaReader();
      toReport = () => ({ kind: 'cobertura', coverage: cobertura.coverage() });
      return cobertura;
    }
    return { open: () => undefined, close: () => undefined };
  };
  const parser = createXmlParser({
    open: (name, attribute) => {
      reader ??= choose(name);
      reader.open(name, attribute);
    },
    close: (name) => reader?.close(name),
  });
  return {
    write: parser.write,
    end: () => {
      parser.end();
      return toReport();
    },
  };
}

function readLcov(): Reading {
  const lcov = createLcovReader();
  let isLcov = false;
  let head = '';
  return {
    write: (text) => {
      if (!isLcov && head.length < mostHead) {
        head += text;
        isLcov = /^(?:TN|SF|VER):/m.test(head);
      }
      lcov.write(text);
    },
    end: () => {
      const coverage = lcov.end();
      if (!isLcov) throw new ReportError('it is neither JUnit XML nor coverage (LCOV, Cobertura)');
      return { kind: 'lcov', coverage };
    },
  };
}
