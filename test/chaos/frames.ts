/** Counts whole RESP values (requests and replies, RESP2 and 3) in a stream of bytes, and keeps none of them. */
export function createFrameCounter(): (part: Buffer) => number {
  /** How many values each open list still lacks. */
  const open: number[] = [];
  let line = '';
  let skip = 0;
  let frames = 0;

  const endValue = () => {
    for (;;) {
      const lacks = open.pop();
      if (lacks === undefined) {
        frames += 1;
        return;
      }
      if (lacks > 1) {
        open.push(lacks - 1);
        return;
      }
    }
  };

  const endLine = () => {
    const count = Number(line.slice(1));
    if ('*~>'.includes(line.charAt(0)) && count > 0) open.push(count);
    else if (line.startsWith('%') && count > 0) open.push(2 * count);
    else if ('$=!'.includes(line.charAt(0)) && count >= 0) skip = count + 2;
    else endValue();
    line = '';
  };

  return (part) => {
    frames = 0;
    for (let at = 0; at < part.length; ) {
      if (skip > 0) {
        const step = Math.min(skip, part.length - at);
        skip -= step;
        at += step;
        if (skip === 0) endValue();
        continue;
      }
      const end = part.indexOf(10, at);
      line += part.toString('latin1', at, end === -1 ? part.length : end);
      at = end === -1 ? part.length : end + 1;
      if (end !== -1) endLine();
    }
    return frames;
  };
}
