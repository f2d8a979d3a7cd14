/** A bundle's folder on the web: what to fetch, and how messages name it. */
export interface WebFolder {
  /** Its address for messages, without what may be secret: user name, password and query. */
  readonly shown: string;
  /** Headers of each request. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The address of a file. It has the query of the folder's address, which may be a signature that storage services
   * check.
   */
  file(path: string): URL;
}

/**
 * Takes the address of a folder apart.
 *
 * @param url With or without a slash at its end. A user name and a password become a header, because the addresses of
 *   requests appear in errors, and not every `fetch` takes them.
 */
export function webFolder(url: URL): WebFolder {
  const { username, password, search } = url;
  const base = new URL(url);
  Object.assign(base, { username: "", password: "", search: "", hash: "" });
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  const hasLogin = username !== "" || password !== "";
  return {
    shown: base.href,
    headers: hasLogin ? { authorization: `Basic ${base64(`${unescaped(username)}:${unescaped(password)}`)}` } : {},
    file: (path) => {
      const file = new URL(path, base);
      file.search = search;
      return file;
    },
  };
}

/** An address without what may be secret, for messages. */
export function shownAddress({ origin, pathname }: URL): string {
  return origin + pathname;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that does not begin an escape stands for itself.
    return text;
  }
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
