/** The length of a string in UTF-8 bytes, without encoding it. Half a surrogate pair counts as the three bytes it becomes. */
export function utf8Length(value: string): number {
  let bytes = value.length;
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && (value.charCodeAt(index + 1) & 0xfc00) === 0xdc00) {
      bytes += 2; // a pair: two units, four bytes
      index++;
    } else bytes += 2;
  }
  return bytes;
}

/** Whether a string is longer than so many UTF-8 bytes. Counts them only if its length leaves that open. */
export function exceeds(value: string, bytes: number): boolean {
  if (value.length > bytes) return true;
  return value.length * 3 > bytes && utf8Length(value) > bytes;
}
