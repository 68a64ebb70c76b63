/** The length of a text in UTF-8 bytes, without encoding it. Half a surrogate pair counts as the three bytes it becomes. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) {
      bytes += 2; // a pair: two units, four bytes
      index++;
    } else bytes += 2;
  }
  return bytes;
}

/** Whether a text is longer than so many UTF-8 bytes. Counts only where the number of its units leaves that open. */
export function exceeds(text: string, bytes: number): boolean {
  if (text.length > bytes) return true;
  return text.length * 3 > bytes && utf8Length(text) > bytes;
}
