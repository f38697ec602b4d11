import sax from 'sax';
import { ReportError } from './report-error.ts';

/** What stands in a report, in its order. Text between elements says nothing that is counted. */
export interface XmlReader {
  open(name: string, attribute: (name: string) => string | undefined): void;
  close(name: string): void;
}

/** No report nests deeper than a few suites. */
const mostDepth = 100;
/** A message of a test stands in an attribute, and can be long; one of this length is none. */
const mostAttribute = 1024 * 1024;

/**
 * Reads XML as it comes. A document's own entities are never looked at: who uses one has a broken report.
 * What is held at a time is one tag.
 */
export function createXmlParser(reader: XmlReader): { write(text: string): void; end(): void } {
  // Its own limit, which its types do not know, is for all parsers of a program.
  Object.assign(sax, { MAX_BUFFER_LENGTH: mostAttribute });
  const options = { strictEntities: true, position: false };
  const parser = sax.parser(true, options);
  let depth = 0;
  parser.onerror = (error) => {
    throw new ReportError(`it is no well-formed XML: ${error.message.split('\n')[0]?.slice(0, 100)}`);
  };
  parser.onopentag = ({ name, attributes }) => {
    depth += 1;
    if (depth > mostDepth) throw new ReportError(`its elements stand deeper than ${mostDepth} levels`);
    reader.open(name, (wanted) => {
      const value = Object.hasOwn(attributes, wanted) ? attributes[wanted] : undefined;
      return typeof value === 'string' ? value : undefined;
    });
  };
  parser.onclosetag = (name) => {
    depth -= 1;
    reader.close(name);
  };
  return { write: (text) => void parser.write(text), end: () => void parser.close() };
}
