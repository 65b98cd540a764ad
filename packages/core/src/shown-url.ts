/** A repository address as people and logs may see it: without the password or token that it may carry. */
export function shownUrl(url: string): string {
  return url.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/)([^/?#]*)@/, (_, scheme: string, user: string) =>
    scheme.toLowerCase().startsWith('ssh') ? `${scheme}${user.split(':')[0]}@` : scheme,
  )
}
