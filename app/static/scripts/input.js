/** What the reader gives: one text or several, and how they are to be read. */

/** Number of characters as the API counts them: code points. */
export function characters(text) {
  let count = 0;
  for (const _ of text) {
    count += 1;
  }
  return count;
}

/** The texts in what was typed: all of it, or each line that is not blank. */
export function texts(typed, onePerLine) {
  if (!onePerLine) {
    return typed.trim() ? [typed] : [];
  }
  return typed.split("\n").filter((line) => line.trim());
}

/**
 * Why these texts cannot be read, as `[key of the words, values]`, or null. The API has the same
 * limits; asking here spares the way.
 */
export function refusal(given, longest, most) {
  if (given.length === 0) {
    return ["problem.empty", {}];
  }
  if (given.length > most) {
    return ["problem.too_many", { count: given.length, most }];
  }
  const long = given.findIndex((text) => text.length > longest && characters(text) > longest);
  if (long < 0) {
    return null;
  }
  return ["problem.too_long", { number: long + 1, count: characters(given[long]), longest }];
}

/** The values of a form as the API takes them: nothing for what was left blank. */
export function facts(form) {
  const found = {};
  for (const field of form.querySelectorAll("[name]")) {
    const value = field.value.trim();
    if (value) {
      found[field.name] = field.type === "number" ? Number(value) : value;
    }
  }
  return found;
}

/** The contents of dropped or chosen files, in order of their names: a series stays a series. */
export async function contents(files) {
  const sorted = [...files].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  return await Promise.all(sorted.map((file) => file.text()));
}

/** Several texts as lines of one text area: a text's own line breaks become spaces. */
export function asLines(several) {
  return several.map((text) => text.replace(/\s*\n\s*/g, " ").trim()).join("\n");
}
