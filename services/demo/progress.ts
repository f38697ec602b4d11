/** What happens now, for somebody who waits: one line that is drawn over on a terminal, else plain lines. */
export interface Progress {
  begin(title: string): void;
  /** More about something that has begun. */
  note(title: string, text: string): void;
  end(title: string, ok: boolean, ms: number): void;
  close(): void;
}

export interface ProgressOptions {
  write(text: string): void;
  tty: boolean;
  columns: () => number;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const clear = '\r\x1b[K';

export function createProgress({ write, tty, columns }: ProgressOptions): Progress {
  const running = new Map<string, string>();
  let frame = 0;
  const draw = () => {
    frame = (frame + 1) % frames.length;
    const text = [...running].map(([title, note]) => (note === '' ? title : `${title} ${note}`)).join(' · ');
    const line = `${frames[frame]} ${text}`.slice(0, Math.max(10, columns() - 1));
    write(running.size === 0 ? clear : `${clear}${line}`);
  };
  const timer = tty ? setInterval(draw, 120) : undefined;
  return {
    begin: (title) => {
      running.set(title, '');
      if (!tty) write(`… ${title}\n`);
    },
    note: (title, text) => {
      running.set(title, text);
    },
    end: (title, ok, ms) => {
      running.delete(title);
      write(`${tty ? clear : ''}${ok ? '✓' : '✗'} ${title} ${(ms / 1000).toFixed(1)} s\n`);
    },
    close: () => {
      clearInterval(timer);
      if (tty) write(clear);
    },
  };
}
