// Which view a path shows. Pure: the address bar is the shell's business.

export type Route =
  | { readonly kind: 'gallery' }
  | { readonly kind: 'image'; readonly id: string }
  | { readonly kind: 'integrity' }
  | { readonly kind: 'unknown'; readonly path: string };

/** The view of a path (without query); a slash at the end makes no difference. */
export function routeOf(path: string): Route {
  const trimmed = path.replace(/\/+$/, '') || '/';
  if (trimmed === '/') return { kind: 'gallery' };
  if (trimmed === '/integrity') return { kind: 'integrity' };
  const id = /^\/images\/([^/]+)$/.exec(trimmed)?.[1];
  return id ? imageRoute(id, path) : { kind: 'unknown', path };
}

export function imagePagePath(id: string): string {
  return `/images/${encodeURIComponent(id)}`;
}

function imageRoute(encodedId: string, path: string): Route {
  try {
    return { kind: 'image', id: decodeURIComponent(encodedId) };
  } catch {
    return { kind: 'unknown', path }; // a broken escape such as %zz
  }
}
