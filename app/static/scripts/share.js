/** What was asked and answered, for the clipboard. */

/** A command that asks the same; the key stays a variable of the shell. */
export function curl(origin, path, body, withKey) {
  const lines = [
    `curl ${quoted(origin + path)}`,
    `-H 'Content-Type: application/json'`,
    ...(withKey ? [`-H "X-API-Key: $KALDRA_API_KEY"`] : []),
    `-d ${quoted(JSON.stringify(body))}`,
  ];
  return lines.join(" \\\n  ");
}

/** A word for a POSIX shell. */
export function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Put text on the clipboard; false where the browser refuses (plain HTTP from elsewhere). */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
