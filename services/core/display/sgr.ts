const plain = new Set(['1', '2', '3', '4', '7', '9', '22', '23', '24', '27', '29', '39', '49']);
const resets = new Set(['', '0', '00']);

/**
 * The parameters of one SGR sequence (ECMA-48, 8.3.117; ITU T.416 colours) reduced to what only changes
 * the look of text that stays readable: weight, slant, underline, strike, inverse, colours. Blinking and
 * concealed text, other fonts and everything unknown are left out.
 *
 * @param parameters what stands between `CSI` and `m`.
 * @returns normal parameters; none where nothing is allowed.
 */
export function toAllowedSgr(parameters: string): string[] {
  const given = parameters.split(';');
  const allowed: string[] = [];
  for (let at = 0; at < given.length; at++) {
    const code = given[at] ?? '';
    if (code.includes(':')) {
      allowed.push(...toColonForm(code.split(':')));
    } else if (['38', '48', '58'].includes(code)) {
      const length = given[at + 1] === '5' ? 2 : given[at + 1] === '2' ? 4 : 1;
      allowed.push(...toColour(code, given.slice(at + 1, at + 1 + length)));
      at += length;
    } else if (resets.has(code)) {
      allowed.push('0');
    } else if (plain.has(code) || isColour(code)) {
      allowed.push(code);
    }
  }
  return allowed;
}

/** `38:5:n`, `38:2:r:g:b`, `38:2:<space>:r:g:b`, `4:<style>`. */
function toColonForm([code = '', kind = '', ...rest]: string[]): string[] {
  if (code === '4') return [kind === '0' ? '24' : '4'];
  return toColour(code, [kind, ...(kind === '2' && rest.length > 3 ? rest.slice(1, 4) : rest)]);
}

function toColour(code: string, [kind = '', ...values]: string[]): string[] {
  const expected = kind === '5' ? 1 : kind === '2' ? 3 : 0;
  // 58, the colour of underlines, is only read over.
  if (code !== '38' && code !== '48') return [];
  const good =
    values.length === expected && values.every((value) => /^\d{1,3}$/.test(value) && +value <= 255);
  return expected > 0 && good ? [code, kind, ...values] : [];
}

function isColour(code: string): boolean {
  return /^(?:[34][0-7]|9[0-7]|10[0-7])$/.test(code);
}
