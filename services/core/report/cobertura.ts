import type { Coverage } from './report.ts';
import { ReportError } from './report-error.ts';
import type { XmlReader } from './xml.ts';

/** Takes the sums of the whole, and counts lines where there are none. */
export function createCoberturaReader(): XmlReader & { coverage(): Coverage } {
  let said: Coverage | undefined;
  const counted: Coverage = { covered: 0, total: 0 };
  // A method's lines are its class's, too.
  let methods = 0;
  let isCobertura = false;
  return {
    open(name, attribute) {
      if (name === 'coverage') said = toSaid(attribute('lines-covered'), attribute('lines-valid'));
      if (name === 'packages' || name === 'sources') isCobertura = true;
      if (name === 'methods') methods += 1;
      if (name !== 'line' || methods > 0) return;
      counted.total += 1;
      if (Number(attribute('hits')) > 0) counted.covered += 1;
    },
    close(name) {
      if (name === 'methods') methods -= 1;
    },
    coverage() {
      // Clover's files begin with the same element.
      if (!isCobertura) throw new ReportError('it is coverage of another kind than Cobertura');
      return said ?? counted;
    },
  };
}

function toSaid(covered: string | undefined, total: string | undefined): Coverage | undefined {
  const [some, all] = [toCount(covered), toCount(total)];
  return some === undefined || all === undefined || some > all ? undefined : { covered: some, total: all };
}

function toCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
