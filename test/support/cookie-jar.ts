/** A browser without its pages: cookies by host, redirects one by one. */
export function createBrowser() {
  const cookies = new Map<string, string>();

  /** One request; its redirect is not followed. */
  const ask = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (cookies.size > 0) headers.set('cookie', [...cookies].map((pair) => pair.join('=')).join('; '));
    if (!headers.has('accept')) headers.set('accept', 'text/html,*/*');
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ');
      const [name = '', ...value] = pair.split('=');
      const gone = attributes.some((attribute) => /^max-age=0$|^expires=thu, 01 jan 1970/i.test(attribute));
      if (gone) cookies.delete(name);
      else cookies.set(name, value.join('='));
    }
    return response;
  };

  /** Follows redirects as a browser does, up to where `stop` says. */
  const follow = async (url: string, stop: (url: URL) => boolean = () => false) => {
    let at = new URL(url);
    for (let hops = 0; hops < 20; hops++) {
      if (stop(at)) return { url: at, response: undefined };
      const response = await ask(at.href);
      const location = response.headers.get('location');
      if (location === null) return { url: at, response };
      await response.body?.cancel();
      at = new URL(location, at);
    }
    throw new Error(`more than 20 redirects, the last to ${at.href}`);
  };

  return { cookies, ask, follow };
}
export type Browser = ReturnType<typeof createBrowser>;
