// What screen.ts uses of neo-blessed, which comes without types of its own.

declare module 'neo-blessed/lib/widgets/screen.js' {
  type Cell = [attributes: number, text: string];
  type Row = Cell[] & { dirty?: boolean };

  interface Key {
    full: string;
  }

  class BlessedScreen {
    constructor(options: {
      input: NodeJS.ReadableStream;
      output: NodeJS.WritableStream;
      terminal: string;
      forceUnicode: boolean;
      useBCE: boolean;
    });
    readonly program: import('node:events').EventEmitter & {
      on(event: 'keypress', listener: (text: string | undefined, key: Key) => void): unknown;
      cols: number;
      rows: number;
      flush(): void;
      normalBuffer(): void;
      alternateBuffer(): void;
      showCursor(): void;
      hideCursor(): void;
    };
    readonly tput: { brokenACS: boolean; readonly colors: number };
    /** What is to be shown. */
    readonly lines: Row[];
    /** What the terminal is known to show. */
    readonly olines: Row[];
    draw(firstRow: number, lastRow: number): void;
    insertLine(count: number, row: number, top: number, bottom: number): void;
    deleteLine(count: number, row: number, top: number, bottom: number): void;
    /** Forgets what the terminal shows, and clears it. */
    alloc(): void;
    destroy(): void;
  }

  export = BlessedScreen;
}
