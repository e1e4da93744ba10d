/** In the text form a line end ends a value, and a tab says what it is part of. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\t\0]/g, ' ');
}
