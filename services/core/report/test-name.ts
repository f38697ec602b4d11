const mostLength = 150;

/**
 * A test's name in one line: of its class and itself, one where it says the other. Whatever could steer a
 * terminal or turn text around is left out.
 */
export function toTestName(classname = '', name = ''): string {
  const [group, own] = [toLine(classname), toLine(name)];
  if (own === '') return group === '' ? 'a test without a name' : group;
  return toShort(group === '' || own.startsWith(group) ? own : `${group} > ${own}`);
}

const toLine = (text: string): string =>
  text
    .slice(0, 4 * mostLength)
    .replaceAll(/\s+/gu, ' ')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .trim();

/** The end tells tests apart. */
function toShort(text: string): string {
  const characters = [...text];
  return characters.length <= mostLength ? text : `…${characters.slice(1 - mostLength).join('')}`;
}
